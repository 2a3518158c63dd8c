//! Sends back what it is sent, over this crate's own WebSocket and nothing else; `cargo xtask test autobahn` plays
//! every peer against it. It says its address and ends with its standard input.

use std::io;
use std::time::Duration;

use broker::Frame;
use broker::websocket::{Decoder, Incoming, accept};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// The longest message there is has 16 MiB.
const MESSAGE_BYTES: usize = 16 * 1_024 * 1_024;
/// The time a peer has to end its side.
const LINGER: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    // The process that started it may be gone without a word.
    std::thread::spawn(|| io::copy(&mut io::stdin(), &mut io::sink()).map(|_| std::process::exit(0)));
    loop {
        tokio::spawn(serve(listener.accept().await?.0));
    }
}

/// Serves a peer to its end. An error is a peer that is gone.
async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = shake_hands(&mut stream).await?;
    let mut decoder = Decoder::new(MESSAGE_BYTES);
    loop {
        let (mut answers, mut over) = (Vec::new(), false);
        let read = decoder.read(&bytes, |incoming| {
            over |= matches!(incoming, Incoming::Close(_));
            answers.extend(answer(incoming));
        });
        if let Err(violation) = read {
            over = true;
            answers.push(Frame::close(violation.code(), &violation.to_string()));
        }
        for answer in answers {
            stream.write_all(answer.bytes()).await?;
        }
        if over {
            return part(stream).await;
        }
        bytes.clear();
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
}

/// Agrees on WebSocket; gives what came after the request.
async fn shake_hands(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::with_capacity(16 * 1_024);
    let end = loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let rest = request.split_off(end);
    let head = String::from_utf8_lossy(&request);
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let key = fields.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
    let accept = key.and_then(|(_, key)| accept(key.trim().as_bytes())).ok_or(io::ErrorKind::InvalidData)?;
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    );
    stream.write_all(response.as_bytes()).await?;
    Ok(rest)
}

fn answer(incoming: Incoming) -> Option<Frame> {
    match incoming {
        Incoming::Text(text) => Some(Frame::text(&text)),
        Incoming::Binary(bytes) => Some(Frame::binary(&bytes)),
        Incoming::Ping(payload) => Some(Frame::pong(&payload)),
        Incoming::Pong => None,
        Incoming::Close(code) => Some(Frame::close(code.unwrap_or(1000), "")),
    }
}

/// Ends this side and waits for the other: what it sent meanwhile must not wipe out our last words.
async fn part(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    let mut nobody = tokio::io::sink();
    timeout(LINGER, tokio::io::copy(&mut stream, &mut nobody)).await.map_or(Ok(()), |ended| ended.map(drop))
}
