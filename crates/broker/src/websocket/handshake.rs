//! The WebSocket handshake.

use data_encoding::BASE64;
use sha1::{Digest as _, Sha1};

/// The constant that is appended to the key, RFC 6455 section 1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Returns the `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`; none if the key is not 16 bytes in base64.
#[must_use]
pub fn accept(key: &[u8]) -> Option<String> {
    let nonce = BASE64.decode(key).ok()?;
    (nonce.len() == 16).then(|| BASE64.encode(&Sha1::new().chain_update(key).chain_update(GUID).finalize()))
}

#[cfg(test)]
mod tests {
    use super::accept;

    #[test]
    fn the_example_key_of_rfc_6455_gets_the_accept_value_given_there() {
        assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ==").as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }

    #[test]
    fn a_key_that_is_not_sixteen_bytes_has_no_accept_value() {
        for key in [&b""[..], b"c2hvcnQ=", b"not base64 at all!!!", b"dGhlIHNhbXBsZSBub25jZWFiYw=="] {
            assert_eq!(accept(key), None, "{key:?}");
        }
    }
}
