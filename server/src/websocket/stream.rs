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

/// The socket under a connection. It has no buffers of its own: whoever waits for it keeps none.
pub(super) trait Stream: FrameSink + 'static {
    /// Waits until there may be bytes to read, or the end, or room to write, as far as it is asked for; for ever if it is
    /// not. Cancel-safe.
    fn ready(&self, read: bool, write: bool) -> impl Future<Output = io::Result<Ready>> + Send;
    /// Reads what is there, without waiting; 0 bytes are the end.
    fn try_read(&self, into: &mut [u8]) -> io::Result<usize>;
    /// Says that nothing more will be written.
    fn finish(&self) -> io::Result<()>;
}

/// What a socket may be ready for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// A socket that was a request a moment ago.
pub(super) enum Raw {
    /// What the listener accepted: it is read and written as it is.
    Tcp(TcpStream),
    /// Anything else, at the other end of a pump.
    #[cfg(unix)]
    Pumped(UnixStream),
}

/// How much a peer that does not take it may leave in the system's buffer, beyond what is under way to it.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 64 * 1024;
/// How long the peer's system may leave unacknowledged what is under way to it.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

impl Raw {
    /// Takes the socket back from hyper, and what hyper had read of it beyond the request.
    pub(super) fn of(upgraded: Upgraded) -> io::Result<(Self, Vec<u8>)> {
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            // Out of the runtime and in again: otherwise what waited for it as HTTP would stay in memory with it.
            Ok(parts) => {
                let stream = TcpStream::from_std(parts.io.into_inner().into_std()?)?;
                // A copy: mostly it is nothing, and it would keep all that hyper read with.
                Ok((Self::Tcp(tuned(stream)?), parts.read_buf.to_vec()))
            }
            #[cfg(unix)]
            Err(upgraded) => pump(upgraded).map(|stream| (Self::Pumped(stream), Vec::new())),
            #[cfg(not(unix))]
            Err(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// Both kinds of socket have the same methods, and no trait for them.
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

/// Carries bytes to and from a stream that only knows how to wait, such as one under TLS. The pump ends with either
/// of its ends.
#[cfg(unix)]
fn pump(upgraded: Upgraded) -> io::Result<UnixStream> {
    let (ours, mut theirs) = UnixStream::pair()?;
    tokio::spawn(async move {
        // An error is a peer that went away, which our end hears too.
        let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(upgraded), &mut theirs).await;
    });
    Ok(ours)
}
