//! The server's side of RFC 6455, pure: bytes in, messages out. It knows no socket and never waits.
//!
//! Start reading at [`Decoder`]. What goes out is a [`Frame`](crate::Frame).

mod decoder;
mod frame;
mod handshake;

pub use decoder::{Decoder, Incoming, Violation};
pub use frame::Frame;
pub use handshake::accept;

/// The opcode of a frame, RFC 6455 section 5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xa,
}

impl Opcode {
    pub(crate) const fn new(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    pub(crate) const fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }
}

/// Adds the header of a whole, unmasked frame.
pub(crate) fn header(opcode: Opcode, length: usize, into: &mut Vec<u8>) {
    into.push(0x80 | opcode as u8);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => into.push(short),
        (_, Ok(medium)) => {
            into.push(126);
            into.extend(medium.to_be_bytes());
        }
        _ => {
            into.push(127);
            into.extend((length as u64).to_be_bytes());
        }
    }
}
