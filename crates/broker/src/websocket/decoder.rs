//! The WebSocket decoder: a client's bytes to messages.

use std::fmt;

use super::Opcode;

/// Decodes a client's bytes to messages, however they are split. Between messages it owns no memory.
#[derive(Debug)]
pub struct Decoder {
    /// The longest accepted message, in bytes.
    max_bytes: usize,
    /// The bytes of an incomplete header; the longest has 14 bytes.
    header: [u8; 14],
    header_bytes: u8,
    /// The frame whose payload is incomplete.
    frame: Option<FrameIn>,
    /// The message so far; fragments follow one another.
    message: Vec<u8>,
    /// The kind of the incomplete message.
    begun: Option<Kind>,
    /// The number of bytes of a text that are valid UTF-8.
    checked: usize,
    /// The payload of a control frame, which may come between fragments.
    control: Vec<u8>,
    /// True if a close frame has come: everything after it is ignored.
    closed: bool,
}

/// A message or control frame from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping with its payload: answer with a pong.
    Ping(Vec<u8>),
    /// A pong, whose payload is ignored.
    Pong,
    /// The peer's last frame, with its code if it gave one. Answer with a close frame and end.
    Close(Option<u16>),
}

/// A protocol violation. Nothing after it can be read; the socket closes with [`Violation::code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A rule of RFC 6455, in words.
    Protocol(&'static str),
    /// A text that is not UTF-8.
    NotUtf8,
    /// A message over the limit.
    TooLarge,
}

/// A frame whose header is complete.
#[derive(Clone, Copy, Debug)]
struct FrameIn {
    opcode: Opcode,
    last: bool,
    mask: [u8; 4],
    /// The number of payload bytes still to come.
    left: usize,
    /// The number of payload bytes so far; the mask continues from there.
    taken: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

impl Violation {
    /// The close code, RFC 6455 section 7.4.1.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Protocol(_) => 1002,
            Self::NotUtf8 => 1007,
            Self::TooLarge => 1009,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Protocol(rule) => rule,
            Self::NotUtf8 => "a text message must be UTF-8",
            Self::TooLarge => "the message is too large",
        })
    }
}

impl Decoder {
    /// Takes messages of at most `max_bytes`.
    #[must_use]
    pub const fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            header: [0; 14],
            header_bytes: 0,
            frame: None,
            message: Vec::new(),
            begun: None,
            checked: 0,
            control: Vec::new(),
            closed: false,
        }
    }

    /// Returns true between two messages, where a new decoder could take over.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.header_bytes == 0 && self.frame.is_none() && self.begun.is_none() && !self.closed
    }

    /// Decodes the next bytes and passes on what is complete, in order; nothing after a close frame.
    ///
    /// # Errors
    /// The first violation. What was passed on before it is valid.
    pub fn read(&mut self, mut bytes: &[u8], mut give: impl FnMut(Incoming)) -> Result<(), Violation> {
        while !self.closed {
            let Some(frame) = self.frame else {
                let [first, rest @ ..] = bytes else { break };
                self.header[usize::from(self.header_bytes)] = *first;
                self.header_bytes += 1;
                bytes = rest;
                self.begin()?;
                continue;
            };
            let step = frame.left.min(bytes.len());
            if step == 0 && frame.left > 0 {
                break;
            }
            let (payload, rest) = bytes.split_at(step);
            bytes = rest;
            let whole = self.take(frame, payload)?;
            if let Some(incoming) = whole {
                give(incoming);
            }
        }
        Ok(())
    }

    /// Parses the header again, with one more byte.
    fn begin(&mut self) -> Result<(), Violation> {
        let header = &self.header[..usize::from(self.header_bytes)];
        let [first, second, rest @ ..] = header else {
            return Ok(());
        };
        let extra = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        // A violation is reported as soon as it shows, before the rest has come.
        if first & 0x70 != 0 {
            return Err(Violation::Protocol("the reserved bits must be 0: no extension was agreed on"));
        }
        let Some(opcode) = Opcode::new(first & 0x0f) else {
            return Err(Violation::Protocol("this opcode is reserved"));
        };
        let last = first & 0x80 != 0;
        if second & 0x80 == 0 {
            return Err(Violation::Protocol("a client must mask its frames"));
        }
        if opcode.is_control() && (!last || extra > 0) {
            return Err(Violation::Protocol("a control frame is one frame of at most 125 bytes"));
        }
        match (opcode, self.begun) {
            (Opcode::Continuation, None) => {
                return Err(Violation::Protocol("there is nothing to continue"));
            }
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Violation::Protocol("a message begins before the last one has ended"));
            }
            _ => {}
        }
        if rest.len() < extra + 4 {
            return Ok(());
        }
        let (length, mask) = rest.split_at(extra);
        let length = match (length, second & 0x7f) {
            ([], short) => u64::from(short),
            (long, _) => long.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        if length >> 63 != 0 || (extra == 2 && length < 126) || (extra == 8 && length <= 0xffff) {
            return Err(Violation::Protocol("a length takes as few bytes as can be, and its first bit is 0"));
        }
        let left = usize::try_from(length).unwrap_or(usize::MAX);
        if !opcode.is_control() && left > self.max_bytes - self.message.len() {
            return Err(Violation::TooLarge);
        }
        let mut keys = [0; 4];
        keys.copy_from_slice(mask);
        self.header_bytes = 0;
        self.frame = Some(FrameIn { opcode, last, mask: keys, left, taken: 0 });
        match opcode {
            Opcode::Text => self.begun = Some(Kind::Text),
            Opcode::Binary => self.begun = Some(Kind::Binary),
            _ => {}
        }
        Ok(())
    }

    /// Takes the next part of a payload; gives what is whole by it.
    fn take(&mut self, mut frame: FrameIn, payload: &[u8]) -> Result<Option<Incoming>, Violation> {
        let into = if frame.opcode.is_control() { &mut self.control } else { &mut self.message };
        let from = into.len();
        into.extend_from_slice(payload);
        unmask(&mut into[from..], frame.mask, frame.taken);
        frame.taken += payload.len();
        frame.left -= payload.len();
        if !frame.opcode.is_control() && self.begun == Some(Kind::Text) {
            self.check_text(frame.last && frame.left == 0)?;
        }
        if frame.left > 0 {
            self.frame = Some(frame);
            return Ok(None);
        }
        self.frame = None;
        let control = |decoder: &mut Self| std::mem::take(&mut decoder.control);
        Ok(match frame.opcode {
            Opcode::Ping => Some(Incoming::Ping(control(self))),
            Opcode::Pong => {
                control(self);
                Some(Incoming::Pong)
            }
            Opcode::Close => {
                self.closed = true;
                Some(Incoming::Close(close_code(&control(self))?))
            }
            _ if !frame.last => None,
            _ => Some(self.finish()?),
        })
    }

    fn finish(&mut self) -> Result<Incoming, Violation> {
        let message = std::mem::take(&mut self.message);
        self.checked = 0;
        match self.begun.take() {
            Some(Kind::Text) => {
                String::from_utf8(message).map(Incoming::Text).map_err(|_| Violation::NotUtf8)
            }
            _ => Ok(Incoming::Binary(message)),
        }
    }

    /// A text that can no longer become UTF-8 is refused at once, however much of it is still to come.
    fn check_text(&mut self, whole: bool) -> Result<(), Violation> {
        match std::str::from_utf8(&self.message[self.checked..]) {
            Ok(_) => self.checked = self.message.len(),
            Err(error) if error.error_len().is_none() && !whole => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::NotUtf8),
        }
        Ok(())
    }
}

/// Parses the payload of a close frame.
fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    match payload {
        [] => Ok(None),
        [_] => Err(Violation::Protocol("a close code has two bytes")),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            // RFC 6455 section 7.4, and the registry that goes with it.
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(Violation::Protocol("this close code must not be sent"));
            }
            std::str::from_utf8(reason).map_err(|_| Violation::NotUtf8)?;
            Ok(Some(code))
        }
    }
}

/// Unmasks a part of a payload that begins `taken` bytes into it.
fn unmask(payload: &mut [u8], mut mask: [u8; 4], taken: usize) {
    mask.rotate_left(taken % 4);
    let mut words = payload.chunks_exact_mut(4);
    for word in &mut words {
        for (byte, key) in word.iter_mut().zip(mask) {
            *byte ^= key;
        }
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests;
