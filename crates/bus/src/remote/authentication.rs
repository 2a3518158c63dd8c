//! Authentication codes of messages: HMAC-SHA-256, cut to 16 bytes.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Seals messages with an authentication code at their end, and opens them.
pub(crate) struct Authentication {
    /// The keyed state, from which each code begins.
    keyed: Hmac<Sha256>,
}

/// The bytes of a code.
pub(crate) const CODE_BYTES: usize = 16;

impl Authentication {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let keyed = Hmac::new_from_slice(key);
        Self { keyed: keyed.unwrap_or_else(|_| unreachable!("HMAC takes keys of any length")) }
    }

    /// Appends the code of a message to a channel.
    pub(crate) fn seal(&self, channel: &str, mut message: Vec<u8>) -> Vec<u8> {
        let code = self.state(channel, &message).finalize().into_bytes();
        message.extend_from_slice(&code[..CODE_BYTES]);
        message
    }

    /// Checks the code at the end, and returns what is before it; none if the code is wrong.
    pub(crate) fn open<'a>(&self, channel: &str, sealed: &'a [u8]) -> Option<&'a [u8]> {
        let (message, code) = sealed.split_at_checked(sealed.len().checked_sub(CODE_BYTES)?)?;
        self.state(channel, message).verify_truncated_left(code).ok()?;
        Some(message)
    }

    /// The channel is covered, too, so no message counts on another one.
    fn state(&self, channel: &str, message: &[u8]) -> Hmac<Sha256> {
        let mut state = self.keyed.clone();
        state.update(&(channel.len() as u64).to_be_bytes());
        state.update(channel.as_bytes());
        state.update(message);
        state
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    #[test]
    fn a_sealed_message_opens_on_its_channel_and_nowhere_else() {
        let authentication = Authentication::new(&[0xa7; 32]);
        let sealed = authentication.seal("hubbub.tea.7", br#"{"v":1}"#.to_vec());
        assert_eq!(authentication.open("hubbub.tea.7", &sealed), Some(br#"{"v":1}"#.as_slice()));
        assert_eq!(authentication.open("hubbub.tea.8", &sealed), None);
        assert_eq!(Authentication::new(&[0xa8; 32]).open("hubbub.tea.7", &sealed), None);
        // As an independent implementation computes it.
        assert_eq!(HEXLOWER.encode(&sealed[7..]), "5b144ecbbef374c6457e9d7c3b9a49ec");
    }

    #[test]
    fn every_changed_bit_is_noticed() {
        let authentication = Authentication::new(&[0xa7; 32]);
        let sealed = authentication.seal("c", b"hi".to_vec());
        for bit in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(authentication.open("c", &forged), None, "bit {bit}");
        }
        for short in 0..sealed.len() {
            assert_eq!(authentication.open("c", &sealed[..short]), None, "{short} bytes");
        }
    }
}
