use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::sync::Arc;

use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// Where a connection's bytes go. It never waits.
pub trait Outlet: Debug + Send + Sync {
    /// Takes as many bytes as there is room for, in order, and says how many: one at least.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if there is no room now, whatever else if there will never be any.
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize>;
}

impl Outlet for TcpStream {
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match pieces {
            [piece] => TcpStream::try_write(self, piece),
            pieces => self.try_write_vectored(pieces),
        }
    }
}

#[cfg(unix)]
impl Outlet for UnixStream {
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_write_vectored(pieces)
    }
}

impl<T: Outlet + ?Sized> Outlet for Arc<T> {
    fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        (**self).try_write(pieces)
    }
}
