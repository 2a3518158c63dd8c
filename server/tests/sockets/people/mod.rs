//! Users at real sockets of a real server, in the test's own process.

use std::time::Duration;

use chat::Token;
use chat::testing::User;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use server::{Config, Server, ServerHandle};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::either::Either;

/// Starts an in-memory server.
pub async fn server() -> ServerHandle {
    with(|_| {}).await
}

/// Starts an in-memory server with settings of its own.
pub async fn with(set: impl FnOnce(&mut Config)) -> ServerHandle {
    let mut config = Config::volatile();
    config.limits.send_burst = u32::MAX;
    config.limits.action_burst = u32::MAX;
    set(&mut config);
    Server::start(config).await.unwrap()
}

/// An open socket of a user.
pub struct Socket(WebSocketStream<Road>);

/// The transport of a socket: TCP, or another stream, as under TLS.
type Road = Either<TcpStream, DuplexStream>;

/// If this variable is set, every socket here uses a pipe.
const BY_PIPE: &str = "HUBBUB_TEST_BY_PIPE";

/// The timeout of everything a test waits for. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(20);

impl Socket {
    /// Opens a socket with these headers; returns the status if the server refuses.
    pub async fn open(server: &ServerHandle, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        if std::env::var_os(BY_PIPE).is_some() {
            return Self::over(Either::Right(pipe(server)), server, headers).await;
        }
        let stream = TcpStream::connect(server.addr()).await.unwrap();
        Self::over(Either::Left(stream), server, headers).await
    }

    async fn over(road: Road, server: &ServerHandle, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://{}/ws", server.addr()).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match client_async(request, road).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a socket and reads its welcome.
    pub async fn arrive(server: &ServerHandle, headers: &[(&'static str, &str)]) -> Self {
        let mut socket = Self::open(server, headers).await.unwrap();
        assert_eq!(socket.hears().await["event"], "welcome");
        socket
    }

    /// Opens a socket over a stream that is not TCP, and reads its welcome.
    pub async fn arrive_by_pipe(server: &ServerHandle) -> Self {
        let mut socket = Self::over(Either::Right(pipe(server)), server, &[]).await.unwrap();
        assert_eq!(socket.hears().await["event"], "welcome");
        socket
    }

    /// Sends a text frame.
    pub async fn says(&mut self, frame: &str) {
        self.0.send(Message::text(frame)).await.unwrap();
    }

    /// Sends a frame and returns the next one from the server.
    pub async fn asks(&mut self, frame: &str) -> Value {
        self.says(frame).await;
        self.hears().await
    }

    /// Sends any message.
    pub async fn sends(&mut self, message: Message) {
        // A server that has closed already accepts nothing more, and the test reads the reason.
        let _ = self.0.send(message).await;
    }

    /// Returns the next frame.
    pub async fn hears(&mut self) -> Value {
        loop {
            match self.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no frame: {other:?}"),
            }
        }
    }

    /// Returns the next text frame, or none if the server closes.
    pub async fn hears_anything(&mut self) -> Option<String> {
        loop {
            match self.next().await {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    /// Reads until the server closes; returns the frames before, and the close code.
    pub async fn hears_the_end(&mut self) -> (Vec<Value>, Option<u16>) {
        let mut frames = Vec::new();
        loop {
            match self.next().await {
                Some(Ok(Message::Text(text))) => frames.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(close))) => return (frames, close.map(|close| close.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return (frames, None),
            }
        }
    }

    async fn next(&mut self) -> Option<Result<Message, Error>> {
        tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something comes in time")
    }
}

/// Returns a stream that is not TCP, served by the server.
pub fn pipe(server: &ServerHandle) -> DuplexStream {
    let (ours, theirs) = duplex(1_024);
    server.serve(theirs, ([127, 0, 0, 1], 1).into());
    ours
}

/// A user whose socket is open, who sent one frame and no longer reads or answers.
pub struct Deaf(TcpStream);

impl Deaf {
    /// Opens a socket by hand and sends a frame.
    pub async fn arrive(server: &ServerHandle, says: &str) -> Self {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let upgrade = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(upgrade.as_bytes()).await.unwrap();
        // A text frame, masked with zeros.
        let len = u8::try_from(says.len()).unwrap();
        assert!(len < 126);
        stream.write_all(&[0x81, 0x80 | len, 0, 0, 0, 0]).await.unwrap();
        stream.write_all(says.as_bytes()).await.unwrap();
        Self(stream)
    }

    /// Sends bytes that no library would.
    pub async fn sends_bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Returns everything that was received until the server closed.
    pub async fn hears_all(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut heard)).await.unwrap().unwrap();
        heard
    }
}

/// Creates a guest; returns the person and the cookie.
pub async fn guest(server: &ServerHandle, name: &str) -> (User, String) {
    let (person, token) = chat::testing::guest(server.chat(), name).await;
    (person, cookie(server, &token))
}

/// Returns the session cookies, for requests to the server's own port and for those without a port.
pub fn cookie(server: &ServerHandle, token: &Token) -> String {
    let (port, token) = (server.addr().port(), token.reveal());
    format!("hubbub_session={token}; hubbub_session_{port}={token}")
}

/// Sends a request as it is written, and returns the status and the response.
pub async fn raw(server: &ServerHandle, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(PATIENCE, reading).await.expect("an answer comes in time").unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, answer)
}

/// Builds a GET request for this host.
pub fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n")
}

/// Builds a POST request for this host.
pub fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
