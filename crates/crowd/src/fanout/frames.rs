//! As much of RFC 6455 as a subscriber needs that only counts.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A text frame as a client sends it: masked, with a mask of zeros, so that the payload stands as it is.
pub(crate) fn client_text(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(text.len()) {
        Ok(short @ 0..=125) => frame.push(0x80 | short.to_be_bytes()[1]),
        Ok(medium) => {
            frame.push(0x80 | 126);
            frame.extend(medium.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend((text.len() as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

/// Makes a WebSocket of a connection.
pub(crate) async fn shake_hands(stream: TcpStream, path: &str) -> io::Result<TcpStream> {
    shake_hands_as(stream, path, None).await
}

/// Makes a WebSocket of a connection, as somebody who is signed in.
pub(crate) async fn shake_hands_as(
    mut stream: TcpStream,
    path: &str,
    cookie: Option<&str>,
) -> io::Result<TcpStream> {
    let host = stream.peer_addr()?;
    let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{cookie}\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
        if head.len() > 4_096 {
            return Err(io::Error::other("the server's answer has no end"));
        }
    }
    let status = String::from_utf8_lossy(&head);
    if !status.starts_with("HTTP/1.1 101") {
        let first = status.lines().next().unwrap_or_default();
        return Err(io::Error::other(format!("no WebSocket at {path}: {first}")));
    }
    Ok(stream)
}

/// Waits until so many data frames have come.
pub(crate) async fn await_data(stream: &TcpStream, count: usize) -> io::Result<()> {
    let (mut counter, mut came) = (Counter::default(), 0);
    let mut scratch = [0; 4 * 1_024];
    while came < count {
        stream.readable().await?;
        match stream.try_read(&mut scratch) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                counter.count(&scratch[..length], |kind, _| came += usize::from(kind == Kind::Data))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Takes what the server says to somebody who does not listen, so that it is not held up.
pub(crate) fn read_and_forget(stream: &TcpStream) -> io::Result<()> {
    let mut scratch = [0; 16 * 1_024];
    loop {
        match stream.try_read(&mut scratch) {
            Ok(0) => return Err(io::Error::other("the server has closed the publisher's socket")),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Counts frames in a stream of bytes, however they are cut.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    /// The header of a frame that has come in part.
    header: Vec<u8>,
    /// The frame whose payload is still to come, how long it is, and how much of it is.
    frame: Option<(Kind, u64, u64)>,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text or binary.
    Data,
    /// A ping, which wants an answer.
    Ping,
    /// The end.
    Close,
    /// Anything else.
    Other,
}

impl Counter {
    /// Looks at the next bytes; each frame counts when its last byte has come, with the length of its payload.
    pub(crate) fn count(&mut self, mut bytes: &[u8], mut came: impl FnMut(Kind, u64)) {
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
            // Mostly the header is whole where it stands.
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

fn kind(first: u8) -> Kind {
    match first & 0x0f {
        0x1 | 0x2 => Kind::Data,
        0x9 => Kind::Ping,
        0x8 => Kind::Close,
        _ => Kind::Other,
    }
}

/// How long a server's header is, and the payload that it announces; none if it is not whole.
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
        }
    }

    #[test]
    fn a_clients_frame_says_how_long_it_is() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let frame = client_text(&"x".repeat(length));
            let header = match length {
                0..=125 => 2,
                126..=65_535 => 4,
                _ => 10,
            };
            assert_eq!(frame.len(), header + 4 + length);
            assert_eq!(frame[..2].iter().map(|byte| byte & 0x80).collect::<Vec<_>>(), [0x80, 0x80]);
        }
    }
}
