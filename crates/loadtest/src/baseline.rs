//! The baseline: the most that one thread of this machine can do, with one `send` for each delivery and nothing else.
//! Every server that delivers message by message stays below it, in any language.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// Accepts this many subscribers and then a publisher, and writes each of the publisher's messages to every subscriber,
/// one by one.
///
/// # Errors
/// If it cannot listen, or a subscriber disconnects.
pub fn serve(addr: SocketAddr, subscribers: usize) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    let mut sockets = Vec::new();
    while sockets.len() <= subscribers {
        let (stream, _) = listener.accept()?;
        // A client that only probes the port sends nothing.
        if let Ok(socket) = shake_hands(stream) {
            sockets.push(socket);
        }
    }
    let Some(mut publisher) = sockets.pop() else { return Ok(()) };
    while let Ok(message) = message(&mut publisher) {
        for socket in &mut sockets {
            socket.write_all(&message)?;
        }
    }
    // The publisher is gone. Subscribers leave by themselves: a disconnected one would be counted.
    for mut socket in sockets {
        // The end of the connection counts, with an error or without.
        let _ = io::copy(&mut socket, &mut io::sink());
    }
    Ok(())
}

fn shake_hands(mut stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    // Our own subscribers always send the same key and do not check the answer to it.
    stream.write_all(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    )?;
    Ok(stream)
}

/// Reads the publisher's next message and returns it as a frame for subscribers; our own publisher masks with zeros.
fn message(publisher: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut header = [0; 2];
    publisher.read_exact(&mut header)?;
    let length = match header[1] & 0x7f {
        126 => {
            let mut length = [0; 2];
            publisher.read_exact(&mut length)?;
            u16::from_be_bytes(length)
        }
        short => u16::from(short),
    };
    let mut payload = vec![0; usize::from(length) + 4];
    publisher.read_exact(&mut payload)?;
    let mut frame = vec![header[0]];
    match u8::try_from(length) {
        Ok(short @ 0..=125) => frame.push(short),
        _ => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend(&payload[4..]);
    Ok(frame)
}
