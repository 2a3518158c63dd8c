//! Password hashing: strength, hashing and comparison of passwords.
//!
//! Argon2id with 19 MiB, two passes and one lane: the smaller of the settings that the OWASP Password Storage
//! Cheat Sheet recommends. One hash takes a good part of a core's time, and so does the score of a password, so both
//! run in
//! bounded pools beside everything else. Signing in has a pool of its own: new users who choose passwords do not delay
//! those who sign in.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use wire::Refusal;

use crate::names;
use crate::ports::store::PasswordHash;
use crate::service::cpu_pool::CpuPool;
use crate::service::error::{Error, Fault};

const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// The score, of 4, below which a password is guessed within about 10⁶ tries.
const GOOD_SCORE: u8 = 2;
/// The number of characters that are scored: the time that a score takes grows faster than the square of the length. A
/// password is good if its beginning is.
const SCORED_CHARS: usize = 32;
/// The queue bound for sign-ins. One network has fewer attempts than this.
const SIGN_INS_WAITING: usize = 256;
/// The queue bound for new passwords.
const NEW_WAITING: usize = 32;

/// The bounded pools in which passwords are scored, hashed and compared.
pub(crate) struct PasswordHashing {
    /// The pool that compares passwords when somebody signs in.
    sign_ins: CpuPool,
    /// Scores and hashes new ones.
    new: CpuPool,
    /// The number of runs of the hash function.
    hashed: Arc<AtomicU64>,
}

impl PasswordHashing {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            sign_ins: CpuPool::new("passwords", cores, SIGN_INS_WAITING),
            new: CpuPool::new("new passwords", cores.div_ceil(2), NEW_WAITING),
            hashed: Arc::default(),
        }
    }

    /// Returns the number of passwords hashed or compared since the start.
    pub(crate) fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// Hashes a new password with this salt. `names` are words that belong to the user.
    ///
    /// # Errors
    /// [`Refusal::PasswordLength`], [`Refusal::PasswordWeak`] for a password that is easy to guess, and
    /// [`Refusal::Unavailable`] if too many wait.
    pub(crate) async fn hash(
        &self,
        password: &str,
        names: &[&str],
        salt: [u8; SALT_BYTES],
    ) -> Result<PasswordHash, Error> {
        let password = names::password(password)?;
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let hashed = Arc::clone(&self.hashed);
        let hashing = self.new.run(move || {
            if !is_good(&password, &names) {
                return Err(Error::Refusal(Refusal::PasswordWeak));
            }
            hashed.fetch_add(1, Ordering::Relaxed);
            let hash = argon2()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(fault)?;
            Ok(PasswordHash(hash.to_string()))
        });
        hashing.await?
    }

    /// Refuses a new password that [`PasswordHashing::hash`] would refuse.
    ///
    /// # Errors
    /// Those of [`PasswordHashing::hash`].
    pub(crate) async fn check(&self, password: &str, names: &[&str]) -> Result<(), Error> {
        let password = names::password(password)?;
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let is_good = self.new.run(move || is_good(&password, &names)).await?;
        if is_good { Ok(()) } else { Err(Refusal::PasswordWeak.into()) }
    }

    /// Returns true if a password is the one of this hash, by the settings that the hash names. Without a hash it takes
    /// the same time and is false.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] if too many wait: then nothing was compared.
    pub(crate) async fn is_right(&self, password: &str, kept: Option<&PasswordHash>) -> Result<bool, Error> {
        // A text that is too short or too long is nobody's password.
        let Ok(password) = names::password(password) else { return Ok(false) };
        let kept = kept.map(|kept| kept.0.clone());
        let hashed = Arc::clone(&self.hashed);
        let comparing = self.sign_ins.run(move || {
            hashed.fetch_add(1, Ordering::Relaxed);
            let argon2 = argon2()?;
            let Some(kept) = kept else {
                argon2.hash_password_with_salt(password.as_bytes(), &[0; SALT_BYTES]).map_err(fault)?;
                return Ok(false);
            };
            match argon2.verify_password(password.as_bytes(), kept.as_str()) {
                Ok(()) => Ok(true),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(fault(error)),
            }
        });
        Ok(comparing.await??)
    }
}

/// Returns the settings for new passwords; a stored hash names its own.
fn argon2() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES)).map_err(fault)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn fault(error: impl std::fmt::Display) -> Fault {
    Fault::new("passwords", error)
}

fn is_good(password: &str, names: &[String]) -> bool {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let scored: String = password.chars().take(SCORED_CHARS).collect();
    u8::from(zxcvbn::zxcvbn(&scored, &names).score()) >= GOOD_SCORE
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; SALT_BYTES] = [7; SALT_BYTES];

    #[tokio::test]
    async fn a_password_is_right_only_for_its_own_hash() {
        let password_hashing = PasswordHashing::new();
        let kept = password_hashing.hash("correct horse battery", &[], SALT).await.unwrap();
        assert!(kept.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.0);
        assert!(!kept.0.contains("horse"));
        assert!(password_hashing.is_right("correct horse battery", Some(&kept)).await.unwrap());
        assert!(!password_hashing.is_right("correct horse batterx", Some(&kept)).await.unwrap());
        assert!(!password_hashing.is_right("correct horse battery", None).await.unwrap());
        assert_eq!(password_hashing.hashed(), 4);
        let damaged = PasswordHash("argon2id:1:1:1:00:00".into());
        assert!(matches!(
            password_hashing.is_right("correct horse battery", Some(&damaged)).await,
            Err(Error::Fault(_))
        ));
    }

    #[tokio::test]
    async fn a_password_that_was_hashed_with_other_settings_still_opens_its_account() {
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, Some(24)).unwrap());
        let kept = old.hash_password_with_salt(b"correct horse battery", &SALT).unwrap();
        let kept = PasswordHash(kept.to_string());
        let password_hashing = PasswordHashing::new();
        assert!(password_hashing.is_right("correct horse battery", Some(&kept)).await.unwrap());
        assert!(!password_hashing.is_right("correct horse batterx", Some(&kept)).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_is_the_same_however_its_accents_are_typed() {
        let password_hashing = PasswordHashing::new();
        let kept = password_hashing.hash("Käse zum Frühstück", &[], SALT).await.unwrap();
        let decomposed = "Ka\u{308}se zum\u{a0}Fru\u{308}hstu\u{308}ck";
        assert!(password_hashing.is_right(decomposed, Some(&kept)).await.unwrap());
    }

    #[tokio::test]
    async fn what_others_would_guess_is_refused() {
        let password_hashing = PasswordHashing::new();
        let refused =
            async |password: &str, names: &[&str]| match password_hashing.hash(password, names, SALT).await {
                Err(Error::Refusal(refusal)) => refusal,
                other => panic!("{password}: {other:?}"),
            };
        assert_eq!(refused("short", &[]).await, Refusal::PasswordLength);
        assert_eq!(refused(&"long".repeat(33), &[]).await, Refusal::PasswordLength);
        for weak in ["password", "12345678", "qwertyuiop", "annalee1", &"a".repeat(128)] {
            assert_eq!(refused(weak, &["Anna Lee", "annalee"]).await, Refusal::PasswordWeak, "{weak}");
        }
        assert_eq!(password_hashing.hashed(), 0, "nothing is hashed that is refused");
    }
}
