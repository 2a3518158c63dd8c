//! Outgoing WebSocket frames.

use bytes::Bytes;

use crate::websocket::{Opcode, header};

/// A finished WebSocket frame, header and payload, as it goes out on every socket: a server does not mask its frames,
/// so all connections share the same bytes. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(Bytes);

impl Frame {
    /// Creates a text message in one frame.
    #[must_use]
    pub fn text(payload: &str) -> Self {
        Self::new(Opcode::Text, payload.as_bytes())
    }

    /// Creates a binary message in one frame.
    #[must_use]
    pub fn binary(payload: &[u8]) -> Self {
        Self::new(Opcode::Binary, payload)
    }

    /// Creates a ping without a payload: the heartbeat.
    #[must_use]
    pub const fn ping() -> Self {
        Self(Bytes::from_static(&[0x80 | Opcode::Ping as u8, 0]))
    }

    /// Creates a pong with the ping's payload of at most 125 bytes; more is cut off.
    #[must_use]
    pub fn pong(payload: &[u8]) -> Self {
        Self::new(Opcode::Pong, &payload[..payload.len().min(CONTROL_BYTES)])
    }

    /// Creates a close frame, RFC 6455 section 7.4. A reason longer than 123 bytes is cut off.
    #[must_use]
    pub fn close(code: u16, reason: &str) -> Self {
        let end = reason.floor_char_boundary(CONTROL_BYTES - 2);
        let mut payload = code.to_be_bytes().to_vec();
        payload.extend(&reason.as_bytes()[..end]);
        Self::new(Opcode::Close, &payload)
    }

    /// Returns the header and the payload.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the payload without the header.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        // RFC 6455, section 5.2: 126 and 127 say that the length follows in 2 or 8 bytes.
        let header = match self.0.get(1) {
            Some(126) => 4,
            Some(127) => 10,
            _ => 2,
        };
        self.0.get(header..).unwrap_or_default()
    }

    fn new(opcode: Opcode, payload: &[u8]) -> Self {
        let mut frame = Vec::with_capacity(payload.len() + 10);
        header(opcode, payload.len(), &mut frame);
        frame.extend_from_slice(payload);
        Self(frame.into())
    }
}

/// The longest payload of a control frame, in bytes.
const CONTROL_BYTES: usize = 125;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_encodes_the_length_in_the_fewest_bytes() {
        let header = |length: usize| {
            let frame = Frame::binary(&vec![0; length]);
            frame.bytes()[..frame.bytes().len() - length].to_vec()
        };
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            assert_eq!(Frame::binary(&vec![7; length]).payload(), vec![7; length], "{length}");
        }
        assert_eq!(header(0), [0x82, 0]);
        assert_eq!(header(125), [0x82, 125]);
        assert_eq!(header(126), [0x82, 126, 0, 126]);
        assert_eq!(header(65_535), [0x82, 126, 0xff, 0xff]);
        assert_eq!(header(65_536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_long_control_payload_is_cut_and_a_close_reason_between_characters() {
        let close = Frame::close(1008, &"é".repeat(100));
        assert_eq!(close.bytes()[..4], [0x88, 124, 0x03, 0xf0]);
        assert_eq!(std::str::from_utf8(&close.bytes()[4..]), Ok("é".repeat(61).as_str()));
        assert_eq!(Frame::pong(&[7; 200]).bytes().len(), 2 + 125);
    }
}
