//! Sealed cursors: positions of the store as callers have them. A bare position would tell each application how busy the
//! others are.

use std::fmt;

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use data_encoding::BASE64URL_NOPAD;
use wire::{Epoch, Refusal};

use crate::ports::position::Position;

/// Seals positions with AES-256-GCM-SIV (RFC 8452), each for its purpose: the application, the caller and the route,
/// which are authenticated with it.
pub(crate) struct CursorSeal(Aes256GcmSiv);

/// The bytes of a nonce, which begins a sealed cursor.
const NONCE_BYTES: usize = 12;

impl CursorSeal {
    /// Creates the seal of a key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256GcmSiv::new(&(*key).into()))
    }

    /// Seals a position of an epoch. The nonce is random; should two be equal, only equal cursors can be told.
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        purpose: &str,
        epoch: Epoch,
        Position(position): Position,
    ) -> String {
        let text = [epoch.0.to_be_bytes(), position.to_be_bytes()].concat();
        let payload = Payload { msg: &text, aad: purpose.as_bytes() };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.unwrap_or_else(|_| unreachable!("16 bytes are fewer than it can encrypt"));
        BASE64URL_NOPAD.encode(&[&nonce[..], &sealed].concat())
    }

    /// Returns the epoch and the position of a cursor that was sealed for a purpose.
    ///
    /// # Errors
    /// [`Refusal::CursorBad`].
    pub(crate) fn open(&self, purpose: &str, cursor: &str) -> Result<(Epoch, Position), Refusal> {
        let open = || {
            let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
            let (nonce, msg) = bytes.split_first_chunk::<NONCE_BYTES>()?;
            let text = self.0.decrypt(&Nonce::from(*nonce), Payload { msg, aad: purpose.as_bytes() }).ok()?;
            let (epoch, position) = text.split_first_chunk()?;
            let position = position.try_into().ok()?;
            Some((Epoch(u64::from_be_bytes(*epoch)), Position(u64::from_be_bytes(position))))
        };
        open().ok_or(Refusal::CursorBad)
    }
}

impl fmt::Debug for CursorSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorSeal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURPOSE: &str = "inbox 7 ..wanjiru.......";

    #[test]
    fn a_cursor_opens_for_its_purpose_and_shows_nothing() {
        let seal = CursorSeal::new(&[1; 32]);
        let at = (Epoch(9), Position(1_234_567));
        let cursor = seal.seal([7; 12], PURPOSE, at.0, at.1);
        assert_eq!(seal.open(PURPOSE, &cursor), Ok(at));
        assert_ne!(cursor, seal.seal([8; 12], PURPOSE, at.0, at.1));
        let bad = Err(Refusal::CursorBad);
        assert_eq!(seal.open("inbox 8 ..wanjiru.......", &cursor), bad);
        assert_eq!(CursorSeal::new(&[2; 32]).open(PURPOSE, &cursor), bad);
        for place in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(seal.open(PURPOSE, &String::from_utf8(changed).unwrap()), bad, "at {place}");
        }
        for text in ["", "A", "AAAA", "…", &cursor[..20]] {
            assert_eq!(seal.open(PURPOSE, text), bad, "{text:?}");
        }
    }
}
