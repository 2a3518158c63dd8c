//! A link in front of a service: each mode does to connections what it says.

use std::time::Duration;

use services::{Link, Mode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A service that sends everything back, and reports what it got.
struct Echo {
    link: Link,
    got: mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = Link::to(listener.local_addr().unwrap()).await;
        let (report, got) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let report = report.clone();
                tokio::spawn(async move {
                    let mut buffer = [0; 1_024];
                    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                        report.send(buffer[..count].to_vec()).unwrap();
                        stream.write_all(&buffer[..count]).await.unwrap();
                    }
                });
            }
        });
        Self { link, got }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.link.address()).await.unwrap()
    }

    /// Waits until the service got these bytes.
    async fn until_got(&mut self, expected: &[u8]) {
        let mut all = Vec::new();
        while all.len() < expected.len() {
            all.extend(self.got.recv().await.unwrap());
        }
        assert_eq!(all, expected);
    }
}

async fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

/// Returns true if nothing can be read at present, without an end of the connection.
fn is_silent(stream: &TcpStream) -> bool {
    stream.try_read(&mut [0; 1]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[tokio::test]
async fn bytes_pass_both_ways_until_the_link_is_cut() {
    let echo = Echo::start().await;
    let mut stream = echo.connect().await;
    stream.write_all(b"hello").await.unwrap();
    assert_eq!(read(&mut stream, 5).await, b"hello");

    echo.link.set(Mode::Cut);
    assert!(matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_)), "the open connection is closed");
    let mut next = echo.connect().await;
    assert!(matches!(next.read(&mut [0; 1]).await, Ok(0) | Err(_)), "and so is a new one");

    echo.link.set(Mode::Pass);
    let mut again = echo.connect().await;
    again.write_all(b"again").await.unwrap();
    assert_eq!(read(&mut again, 5).await, b"again");
}

#[tokio::test]
async fn a_frozen_link_keeps_connections_and_loses_nothing() {
    let mut echo = Echo::start().await;
    let mut stream = echo.connect().await;
    stream.write_all(b"1").await.unwrap();
    assert_eq!(read(&mut stream, 1).await, b"1");
    echo.until_got(b"1").await;

    echo.link.set(Mode::Freeze);
    stream.write_all(b"2").await.unwrap();
    let mut next = echo.connect().await;
    next.write_all(b"3").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(echo.got.try_recv().is_err(), "nothing has arrived");
    assert!(is_silent(&stream) && is_silent(&next));

    echo.link.set(Mode::Pass);
    assert_eq!(read(&mut stream, 1).await, b"2");
    assert_eq!(read(&mut next, 1).await, b"3");
}

#[tokio::test]
async fn one_way_the_service_hears_and_nobody_hears_the_service() {
    let mut echo = Echo::start().await;
    let mut stream = echo.connect().await;
    echo.link.set(Mode::OneWay);
    stream.write_all(b"hello?").await.unwrap();
    echo.until_got(b"hello?").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(is_silent(&stream));
    echo.link.set(Mode::Pass);
    assert_eq!(read(&mut stream, 6).await, b"hello?");
}

#[tokio::test]
async fn on_a_mute_link_the_service_is_heard_and_hears_nobody() {
    let mut echo = Echo::start().await;
    let mut stream = echo.connect().await;
    echo.link.set(Mode::Delay(Duration::from_millis(40)));
    stream.write_all(b"1").await.unwrap();
    echo.until_got(b"1").await;
    echo.link.set(Mode::Mute);
    assert_eq!(read(&mut stream, 1).await, b"1", "the answer passes");
    stream.write_all(b"2").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(echo.got.try_recv().is_err(), "nothing has arrived");
    echo.link.set(Mode::Pass);
    assert_eq!(read(&mut stream, 1).await, b"2");
}

#[tokio::test]
async fn delayed_bytes_come_later_and_in_order() {
    let echo = Echo::start().await;
    let mut stream = echo.connect().await;
    let delay = Duration::from_millis(40);
    echo.link.set(Mode::Delay(delay));
    let begun = Instant::now();
    for chunk in [b"12", b"34", b"56"] {
        stream.write_all(chunk).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(read(&mut stream, 6).await, b"123456");
    assert!(begun.elapsed() >= 2 * delay, "there and back");
}
