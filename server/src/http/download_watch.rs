//! The stall timeout of downloads: a reader who takes nothing of a file for a while is disconnected, and one who reads
//! slowly goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use tokio::sync::Notify;
use tokio_util::io::InspectWriter;

use crate::http::guarded_body::guarded;

/// A stream whose sent bytes the watch notices.
pub(crate) type Watched<S> = InspectWriter<S, Box<dyn FnMut(&[u8]) + Send>>;

/// The extension of an answer that is a download.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Download;

/// Watches the downloads over one connection.
#[derive(Debug, Default)]
pub(crate) struct DownloadWatch {
    /// The number of answers being sent: one at most, but the next may begin before the last is dropped.
    open: AtomicUsize,
    /// The number of times that the stream has taken bytes, or a download has begun.
    moves: AtomicU64,
    begun: Notify,
}

/// The guard of a download's body, during which its connection is watched.
struct Watching(Arc<DownloadWatch>);

impl DownloadWatch {
    /// Makes a stream tell the watch when the peer takes bytes.
    pub(crate) fn notice<S: tokio::io::AsyncWrite>(self: &Arc<Self>, stream: S) -> Watched<S> {
        let watch = Arc::clone(self);
        InspectWriter::new(stream, Box::new(move |bytes: &[u8]| watch.moves_by(bytes.len())))
    }

    /// Begins a download; it ends when the body is dropped.
    pub(crate) fn begin(self: &Arc<Self>, body: Body) -> Body {
        self.open.fetch_add(1, Ordering::SeqCst);
        self.moves_by(1);
        self.begun.notify_one();
        guarded(body, Watching(Arc::clone(self)))
    }

    /// Completes when the reader of a download has taken nothing for this time, or up to twice as long.
    pub(crate) async fn stalled(&self, time: Duration) {
        loop {
            if self.open.load(Ordering::SeqCst) == 0 {
                self.begun.notified().await;
            }
            let before = self.moves.load(Ordering::SeqCst);
            tokio::time::sleep(time).await;
            let is_open = self.open.load(Ordering::SeqCst) > 0;
            if is_open && self.moves.load(Ordering::SeqCst) == before {
                return;
            }
        }
    }

    fn moves_by(&self, bytes: usize) {
        if bytes > 0 {
            self.moves.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::time::{sleep, timeout};

    use super::*;

    const TIME: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_takes_nothing_is_disconnected() {
        let watch = Arc::new(DownloadWatch::default());
        let (_reader, stream) = duplex(10);
        let mut stream = watch.notice(stream);
        let body = watch.begin(Body::empty());
        let sending = async { stream.write_all(&[0; 100]).await };
        tokio::select! {
            _ = sending => panic!("nobody reads"),
            () = watch.stalled(TIME) => {}
        }
        drop(body);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_reads_slowly_goes_on() {
        let watch = Arc::new(DownloadWatch::default());
        let (mut reader, stream) = duplex(10);
        let mut stream = watch.notice(stream);
        let body = watch.begin(Body::empty());
        let sending = async { stream.write_all(&[0; 100]).await };
        let reading = async {
            for _ in 0..9 {
                sleep(TIME - Duration::from_secs(1)).await;
                tokio::io::AsyncReadExt::read_exact(&mut reader, &mut [0; 10]).await.unwrap();
            }
        };
        tokio::select! {
            (sent, ()) = async { tokio::join!(sending, reading) } => sent.unwrap(),
            () = watch.stalled(TIME) => panic!("the reader reads"),
        }
        drop(body);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_download_is_left_alone() {
        let watch = Arc::new(DownloadWatch::default());
        assert!(timeout(100 * TIME, watch.stalled(TIME)).await.is_err());
        drop(watch.begin(Body::empty()));
        assert!(timeout(100 * TIME, watch.stalled(TIME)).await.is_err());
    }
}
