//! The non-blocking writer that a connection delivers to: a socket, or a buffer.

use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::sync::Arc;

use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A non-blocking writer of a connection's bytes.
pub trait FrameSink: Debug + Send + Sync {
    /// Writes as many bytes as there is room for, in order, and returns their number: one at least.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if there is no room now; any other error if the socket is broken.
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize>;
}

impl FrameSink for TcpStream {
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match pieces {
            [piece] => TcpStream::try_write(self, piece),
            pieces => self.try_write_vectored(pieces),
        }
    }
}

#[cfg(unix)]
impl FrameSink for UnixStream {
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_write_vectored(pieces)
    }
}

impl<T: FrameSink + ?Sized> FrameSink for Arc<T> {
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        (**self).try_write(pieces)
    }
}
