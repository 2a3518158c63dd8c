//! The socket of a connection: a TCP stream, or a pipe to any other stream.

use std::future::pending;
use std::io;
use std::time::Duration;

use broker::FrameSink;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::Interest;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use crate::http::listener::Accepted;

/// The socket of a connection. It has no buffers: waiting for it costs no memory.
pub(super) trait Stream: FrameSink + 'static {
    /// Waits until the socket is readable (or at its end) or writable, as requested; for ever if neither is requested.
    /// Cancel-safe.
    fn ready(&self, read: bool, write: bool) -> impl Future<Output = io::Result<Ready>> + Send;
    /// Reads available bytes, without waiting; 0 bytes are the end.
    fn try_read(&self, into: &mut [u8]) -> io::Result<usize>;
    /// Shuts down the write side.
    fn finish(&self) -> io::Result<()>;
}

/// The readiness of a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// A socket after its upgrade from HTTP.
pub(super) enum Raw {
    /// The stream of the listener, read and written directly.
    Tcp(TcpStream),
    /// The near end of a pipe to any other stream.
    #[cfg(unix)]
    Pumped(UnixStream),
}

/// The most unsent bytes in the system's buffer, beyond those in flight to the peer.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 64 * 1024;
/// The longest time that the peer's system may leave sent bytes unacknowledged.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

impl Raw {
    /// Takes the socket back from hyper, with the bytes that hyper had read beyond the request.
    pub(super) fn of(upgraded: Upgraded) -> io::Result<(Self, Vec<u8>)> {
        match upgraded.downcast::<TokioIo<Accepted<TcpStream>>>() {
            // Deregistered from the runtime and registered again: otherwise HTTP's wakers would stay in memory with it.
            Ok(parts) => {
                let stream = parts.io.into_inner().into_inner().into_inner();
                let stream = TcpStream::from_std(stream.into_std()?)?;
                // A copy: it is usually empty, and would otherwise keep hyper's whole read buffer.
                Ok((Self::Tcp(tuned(stream)?), parts.read_buf.to_vec()))
            }
            #[cfg(unix)]
            Err(upgraded) => pump(upgraded).map(|stream| (Self::Pumped(stream), Vec::new())),
            #[cfg(not(unix))]
            Err(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// Implements [`Stream`] by delegation: both kinds of socket have the same methods, and no trait for them.
macro_rules! socket {
    ($socket:ty) => {
        impl Stream for $socket {
            async fn ready(&self, read: bool, write: bool) -> io::Result<Ready> {
                match interest(read, write) {
                    Some(interest) => Ok(Self::ready(self, interest).await?.into()),
                    None => pending().await,
                }
            }

            fn try_read(&self, into: &mut [u8]) -> io::Result<usize> {
                Self::try_read(self, into)
            }

            fn finish(&self) -> io::Result<()> {
                socket2::SockRef::from(self).shutdown(std::net::Shutdown::Write)
            }
        }
    };
}

socket!(TcpStream);
#[cfg(unix)]
socket!(UnixStream);

fn interest(read: bool, write: bool) -> Option<Interest> {
    match (read, write) {
        (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
        (true, false) => Some(Interest::READABLE),
        (false, true) => Some(Interest::WRITABLE),
        (false, false) => None,
    }
}

impl From<tokio::io::Ready> for Ready {
    fn from(ready: tokio::io::Ready) -> Self {
        Self { read: ready.is_readable(), write: ready.is_writable() }
    }
}

#[cfg(target_os = "linux")]
fn tuned(stream: TcpStream) -> io::Result<TcpStream> {
    let socket = socket2::SockRef::from(&stream);
    socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(stream)
}

#[cfg(not(target_os = "linux"))]
fn tuned(stream: TcpStream) -> io::Result<TcpStream> {
    Ok(stream)
}

/// Copies bytes to and from a stream without `try_read`, such as one under TLS. The pump ends with either of its ends.
#[cfg(unix)]
fn pump(upgraded: Upgraded) -> io::Result<UnixStream> {
    let (ours, mut theirs) = UnixStream::pair()?;
    tokio::spawn(async move {
        // An error is a peer that went away, which our end sees too.
        let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(upgraded), &mut theirs).await;
    });
    Ok(ours)
}
