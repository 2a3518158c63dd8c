//! WebSocket frame parsing: counts or extracts the frames in a stream of bytes.

use std::mem;

/// A counter of frames in a stream of bytes, regardless of its chunks.
#[derive(Debug, Default)]
pub struct Counter {
    /// The header of a frame that has arrived in part.
    header: Vec<u8>,
    /// The frame whose payload is still arriving: its kind, its length, and the bytes that are left.
    frame: Option<(Kind, u64, u64)>,
}

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text or binary.
    Data,
    /// A ping, which needs an answer.
    Ping,
    /// A close frame.
    Close,
    /// A pong, a continuation, or a frame of unknown kind.
    Other,
}

impl Counter {
    /// Reads the next bytes; reports each frame when its last byte has arrived, with the length of its payload.
    pub fn count(&mut self, mut bytes: &[u8], mut came: impl FnMut(Kind, u64)) {
        loop {
            if let Some((kind, length, left)) = self.frame {
                let step = left.min(bytes.len() as u64);
                bytes = &bytes[usize::try_from(step).unwrap_or(bytes.len())..];
                if step < left {
                    self.frame = Some((kind, length, left - step));
                    return;
                }
                self.frame = None;
                came(kind, length);
            }
            // Mostly the header is complete within these bytes.
            if self.header.is_empty()
                && let Some((size, length)) = header(bytes)
            {
                self.frame = Some((kind(bytes[0]), length, length));
                bytes = &bytes[size..];
                continue;
            }
            let [first, rest @ ..] = bytes else { return };
            self.header.push(*first);
            bytes = rest;
            if let Some((_, length)) = header(&self.header) {
                self.frame = Some((kind(self.header[0]), length, length));
                self.header.clear();
            }
        }
    }
}

/// A parser that extracts whole frames from a stream of bytes, regardless of its chunks.
#[derive(Debug, Default)]
pub struct Frames {
    /// The beginning of a frame that has arrived in part.
    rest: Vec<u8>,
}

impl Frames {
    /// Reads the next bytes; reports each complete frame with its payload.
    pub fn take(&mut self, bytes: &[u8], came: impl FnMut(Kind, &[u8])) {
        if self.rest.is_empty() {
            let used = whole(bytes, came);
            self.rest = bytes[used..].to_vec();
        } else {
            let mut all = mem::take(&mut self.rest);
            all.extend_from_slice(bytes);
            let used = whole(&all, came);
            self.rest = all[used..].to_vec();
        }
    }
}

/// Reports the frames that are complete; returns their total length in bytes.
fn whole(bytes: &[u8], mut came: impl FnMut(Kind, &[u8])) -> usize {
    let mut at = 0;
    while let Some((size, length)) = header(&bytes[at..]) {
        let begin = at + size;
        let end = begin.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        let Some(payload) = bytes.get(begin..end) else { break };
        came(kind(bytes[at]), payload);
        at = end;
    }
    at
}

fn kind(first: u8) -> Kind {
    match first & 0x0f {
        0x1 | 0x2 => Kind::Data,
        0x9 => Kind::Ping,
        0x8 => Kind::Close,
        _ => Kind::Other,
    }
}

/// Returns the length of a server's frame header and of the payload; `None` if it is not complete.
fn header(bytes: &[u8]) -> Option<(usize, u64)> {
    match (*bytes.get(1)?, &bytes[2..]) {
        (126, [a, b, ..]) => Some((4, u64::from(u16::from_be_bytes([*a, *b])))),
        (127, [a, b, c, d, e, f, g, h, ..]) => {
            Some((10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h])))
        }
        (126 | 127, _) => None,
        (short, _) => Some((2, u64::from(short))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_frame(first: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match length {
            0..=125 => frame.push(u8::try_from(length).unwrap()),
            126..=65_535 => {
                frame.push(126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.resize(frame.len() + length, 0x81);
        frame
    }

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let frames = [(0x81, 0), (0x81, 5), (0x82, 126), (0x89, 3), (0x81, 70_000), (0x88, 2)];
        let bytes: Vec<u8> =
            frames.iter().flat_map(|(first, length)| server_frame(*first, *length)).collect();
        for cut in [1, 2, 3, 7, 1_000, bytes.len()] {
            let (mut counter, mut kinds) = (Counter::default(), Vec::new());
            for part in bytes.chunks(cut) {
                counter.count(part, |kind, length| kinds.push((kind, length)));
            }
            use Kind::{Close, Data, Ping};
            let expected = [(Data, 0), (Data, 5), (Data, 126), (Ping, 3), (Data, 70_000), (Close, 2)];
            assert_eq!(kinds, expected, "cut at {cut}");
            let (mut frames, mut payloads) = (Frames::default(), Vec::new());
            for part in bytes.chunks(cut) {
                frames.take(part, |kind, payload| {
                    assert!(payload.iter().all(|byte| *byte == 0x81));
                    payloads.push((kind, payload.len() as u64));
                });
            }
            assert_eq!(payloads, expected, "cut at {cut}");
        }
    }
}
