//! A minimal WebSocket client: as much of RFC 6455 as a reader needs that must be faster than the server; a library
//! would be slower.

mod frames;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

pub use self::frames::{Counter, Frames, Kind};

/// A pong without a payload, as a client sends it.
pub const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];
/// The number of connections from one source address: servers limit that.
const FROM_ONE_ADDRESS: u32 = 40;
/// The timeout for the answer to a handshake.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens a connection; `FROM_ONE_ADDRESS` consecutive numbers share a source address.
pub async fn connect(addr: SocketAddr, number: u32) -> io::Result<TcpStream> {
    connect_from(TcpSocket::new_v4()?, addr, number).await
}

/// As [`connect`], with a receive buffer of this many bytes.
pub async fn connect_narrow(addr: SocketAddr, number: u32, bytes: u32) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(bytes)?;
    connect_from(socket, addr, number).await
}

async fn connect_from(socket: TcpSocket, addr: SocketAddr, number: u32) -> io::Result<TcpStream> {
    let [third, fourth] = u16::try_from(number / FROM_ONE_ADDRESS + 2).unwrap_or(u16::MAX).to_be_bytes();
    match socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 1, third, fourth)), 0)) {
        // Some systems have one loopback address; then all connections come from there.
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {}
        bound => bound?,
    }
    let stream = socket.connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Returns a text frame as a client sends it: masked with zeros, so that the payload stays readable.
pub fn client_text(text: &str) -> Vec<u8> {
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

/// Performs the WebSocket handshake on a connection.
pub async fn shake_hands(stream: TcpStream, path: &str) -> io::Result<TcpStream> {
    shake_hands_as(stream, path, None).await
}

/// Performs the handshake with a session's cookie.
pub async fn shake_hands_as(
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
    let head = timeout(PATIENCE, head(&mut stream)).await??;
    let status = String::from_utf8_lossy(&head);
    if !status.starts_with("HTTP/1.1 101") {
        let first = status.lines().next().unwrap_or_default();
        return Err(io::Error::other(format!("no WebSocket at {path}: {first}")));
    }
    Ok(stream)
}

/// Reads the head of a response, and nothing of what follows it.
async fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = vec![0; 4_096];
    loop {
        let length = stream.peek(&mut head).await?;
        if let Some(end) = head[..length].windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            head.truncate(end + 4);
            stream.read_exact(&mut head).await?;
            return Ok(head);
        }
        match length {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            4_096 => return Err(io::Error::other("the server's answer has no end")),
            // The rest is on its way; peeking does not wait for it.
            _ => sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Waits until this many data frames have arrived.
pub async fn await_data(stream: &TcpStream, count: usize) -> io::Result<()> {
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

/// Reads and discards what the server sends to a client that does not listen, so that the server is not blocked.
pub fn read_and_forget(stream: &TcpStream) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
