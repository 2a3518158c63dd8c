//! People at real sockets of a real server, in the test's own process.

use std::time::Duration;

use chat::{Caller, Token};
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use server::{Config, Server, ServerHandle};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::either::Either;
use wire::Person;

/// A volatile server.
pub async fn server() -> ServerHandle {
    with(|_| {}).await
}

/// A volatile server with settings of its own.
pub async fn with(set: impl FnOnce(&mut Config)) -> ServerHandle {
    let mut config = Config::volatile();
    config.limits.send_burst = u32::MAX;
    config.limits.act_burst = u32::MAX;
    set(&mut config);
    Server::start(config).await.unwrap()
}

/// Somebody at an open socket.
pub struct Socket(WebSocketStream<Road>);

/// How a socket comes to the server: by TCP, or by something else, as it does under TLS.
type Road = Either<TcpStream, DuplexStream>;

/// If this variable is set, every socket here comes by a pipe.
const BY_PIPE: &str = "HUBBUB_TEST_BY_PIPE";

/// How long a test waits for what must come. Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

impl Socket {
    /// Opens a socket with these headers; the status if the server refuses.
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

    /// Opens a socket over a stream that is no TCP, and reads its welcome.
    pub async fn arrive_by_pipe(server: &ServerHandle) -> Self {
        let mut socket = Self::over(Either::Right(pipe(server)), server, &[]).await.unwrap();
        assert_eq!(socket.hears().await["event"], "welcome");
        socket
    }

    /// Sends a text frame.
    pub async fn says(&mut self, frame: &str) {
        self.0.send(Message::text(frame)).await.unwrap();
    }

    /// Sends a frame and gives the next one that comes.
    pub async fn asks(&mut self, frame: &str) -> Value {
        self.says(frame).await;
        self.hears().await
    }

    /// Sends any message.
    pub async fn sends(&mut self, message: Message) {
        // A server that has closed already takes nothing more, and the test reads why.
        let _ = self.0.send(message).await;
    }

    /// The next frame.
    pub async fn hears(&mut self) -> Value {
        loop {
            match self.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no frame: {other:?}"),
            }
        }
    }

    /// The next text frame, or none if the server closes.
    pub async fn hears_anything(&mut self) -> Option<String> {
        loop {
            match self.next().await {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    /// Reads until the server closes; gives the frames before, and the close code.
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

/// A stream that is no TCP, and which the server serves.
fn pipe(server: &ServerHandle) -> DuplexStream {
    let (ours, theirs) = duplex(1_024);
    server.serve(theirs, ([127, 0, 0, 1], 1).into());
    ours
}

/// Somebody whose socket is open, who said one thing and answers nothing any more.
pub struct Deaf(TcpStream);

impl Deaf {
    /// Opens a socket by hand and says something.
    pub async fn arrive(server: &ServerHandle, says: &str) -> Self {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let upgrade = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(upgrade.as_bytes()).await.unwrap();
        // A text frame, masked with nothing.
        let len = u8::try_from(says.len()).unwrap();
        assert!(len < 126);
        stream.write_all(&[0x81, 0x80 | len, 0, 0, 0, 0]).await.unwrap();
        stream.write_all(says.as_bytes()).await.unwrap();
        Self(stream)
    }

    /// Sends what no library would.
    pub async fn sends_bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Everything that came until the server ended it.
    pub async fn hears_all(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut heard)).await.unwrap().unwrap();
        heard
    }
}

/// A new guest; gives who it is and the cookie.
pub async fn guest(server: &ServerHandle, name: &str) -> (Person, String) {
    let (person, token) = server.chat().create_guest(&Caller::default(), name).await.unwrap();
    (person, cookie(server, &token))
}

/// The cookies of a session, for requests to the server's own port and for those that name no port.
pub fn cookie(server: &ServerHandle, token: &Token) -> String {
    let (port, token) = (server.addr().port(), token.reveal());
    format!("hubbub_session={token}; hubbub_session_{port}={token}")
}

/// What the server answers to a request as it is written.
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

/// A GET request of this host's name.
pub fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n")
}

/// A POST request of this host's name.
pub fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
