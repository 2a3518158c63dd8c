//! Passwords: what is a good one, and how it is kept.
//!
//! Argon2id with 19 MiB, two passes and one lane: the smaller of the settings that the OWASP Password Storage
//! Cheat Sheet recommends. One hash is a good part of a core's time, so only as many run at once as there are
//! cores, and few wait.

use std::num::NonZero;

use argon2::{Algorithm, Argon2, Params, Version};
use wire::Refusal;
use wire::limits::PASSWORD_CHARS;

use crate::no::{Fault, No};
use crate::store::PasswordHash;
use crate::workshop::Workshop;

const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// Below this score, of 4, a password is guessed within about 10⁸ tries.
const GOOD_SCORE: u8 = 2;
/// How many may wait for a core.
const WAITING: usize = 32;

/// Where hashes are made, a few at a time.
pub(crate) struct Forge(Workshop);

/// Refuses what others would guess. `names` are words that belong to the person.
pub(crate) fn check(password: &str, names: &[&str]) -> Result<(), Refusal> {
    if !PASSWORD_CHARS.contains(&password.chars().count()) {
        return Err(Refusal::PasswordLength);
    }
    let score = zxcvbn::zxcvbn(password, names).score();
    if u8::from(score) < GOOD_SCORE { Err(Refusal::PasswordWeak) } else { Ok(()) }
}

impl Forge {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self(Workshop::new("passwords", cores, WAITING))
    }

    /// The hash of a password, with this salt.
    pub(crate) async fn hash(&self, password: &str, salt: [u8; SALT_BYTES]) -> Result<PasswordHash, No> {
        let hash = self.argon2(password, salt).await?;
        Ok(PasswordHash(format!("argon2id:{MEMORY_KIB}:{PASSES}:{LANES}:{}:{}", hex(&salt), hex(&hash))))
    }

    /// Whether a password is the one of this hash. Without a hash it takes the same time and is wrong.
    pub(crate) async fn is_right(&self, password: &str, kept: Option<&PasswordHash>) -> Result<bool, No> {
        let parts = kept.and_then(|kept| parts(&kept.0));
        let (salt, expected) = parts.unwrap_or(([0; SALT_BYTES], [0; HASH_BYTES]));
        let hash = self.argon2(password, salt).await?;
        // All bytes are looked at, however many differ.
        let differs = hash.iter().zip(expected).fold(0, |differs, (a, b)| differs | (a ^ b));
        Ok(parts.is_some() && differs == 0)
    }

    async fn argon2(&self, password: &str, salt: [u8; SALT_BYTES]) -> Result<[u8; HASH_BYTES], No> {
        let password = password.to_owned();
        let hashing = self.0.work(move || {
            let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES))?;
            let mut hash = [0; HASH_BYTES];
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
                password.as_bytes(),
                &salt,
                &mut hash,
            )?;
            Ok::<_, argon2::Error>(hash)
        });
        hashing.await?.map_err(|error| No::Fault(Fault::new("passwords", error)))
    }
}

/// The salt and the hash, if they are of the settings of today.
fn parts(kept: &str) -> Option<([u8; SALT_BYTES], [u8; HASH_BYTES])> {
    let settings = format!("argon2id:{MEMORY_KIB}:{PASSES}:{LANES}:");
    let (salt, hash) = kept.strip_prefix(&settings)?.split_once(':')?;
    Some((unhex(salt)?, unhex(hash)?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_right_only_for_its_own_hash() {
        let forge = Forge::new();
        let kept = forge.hash("correct horse battery", [7; SALT_BYTES]).await.unwrap();
        assert!(!kept.0.contains("horse"));
        assert!(forge.is_right("correct horse battery", Some(&kept)).await.unwrap());
        assert!(!forge.is_right("correct horse batterx", Some(&kept)).await.unwrap());
        assert!(!forge.is_right("correct horse battery", None).await.unwrap());
        let damaged = PasswordHash("argon2id:1:1:1:00:00".into());
        assert!(!forge.is_right("correct horse battery", Some(&damaged)).await.unwrap());
    }

    #[test]
    fn what_others_would_guess_is_refused() {
        assert_eq!(check("short", &[]), Err(Refusal::PasswordLength));
        assert_eq!(check(&"long".repeat(33), &[]), Err(Refusal::PasswordLength));
        for weak in ["password", "12345678", "qwertyuiop", "annalee1"] {
            assert_eq!(check(weak, &["Anna Lee", "annalee"]), Err(Refusal::PasswordWeak), "{weak}");
        }
        assert_eq!(check("correct horse battery", &[]), Ok(()));
    }
}
