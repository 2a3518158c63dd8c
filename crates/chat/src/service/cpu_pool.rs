//! A bounded pool for work that costs processor time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::Refusal;

use crate::service::error::{Error, Fault};

/// A bounded pool for work that takes a good part of a core's time: a few jobs at a time, beside everything else, and
/// a bounded number that wait.
pub(crate) struct CpuPool {
    name: &'static str,
    at_work: Arc<Semaphore>,
    inside: Arc<Semaphore>,
}

impl CpuPool {
    /// Creates a pool with a number of jobs at a time and a number that may wait. `name` is for the log.
    pub(crate) fn new(name: &'static str, at_work: usize, waiting: usize) -> Self {
        let (at_work, inside) = (Semaphore::new(at_work), Semaphore::new(at_work + waiting));
        Self { name, at_work: Arc::new(at_work), inside: Arc::new(inside) }
    }

    /// Runs a job. It is finished, and counts until then, even if nobody waits for it any more.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] if too many wait.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.turn().await?.run(work).await
    }

    /// Waits for a turn. A job whose input takes much memory is prepared when it has its turn.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] if too many wait.
    pub(crate) async fn turn(&self) -> Result<Turn, Error> {
        let inside = Arc::clone(&self.inside).try_acquire_owned().map_err(|_| Refusal::Unavailable)?;
        let at_work = Arc::clone(&self.at_work).acquire_owned().await;
        let at_work = at_work.map_err(|error| Fault::new(self.name, error))?;
        Ok(Turn { name: self.name, permits: (inside, at_work) })
    }
}

/// A turn to run a job of a pool, until it is dropped.
pub(crate) struct Turn {
    name: &'static str,
    /// Dropped in this order, so that the next job at work never meets a pool that is still full.
    permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

impl Turn {
    /// Runs the job. It is finished, and its turn ends then, even if nobody waits for it any more.
    ///
    /// # Errors
    /// [`Error::Fault`] if it panics.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let Self { name, permits } = self;
        let working = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permits);
            done
        });
        Ok(working.await.map_err(|error| Fault::new(name, error))?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_still_counts() {
        let pool = CpuPool::new("test", 1, 0);
        let (go, wait) = mpsc::channel::<()>();
        let (began, beginning) = tokio::sync::oneshot::channel();
        let mut abandoned = Box::pin(pool.run(move || {
            let _ = began.send(());
            let _ = wait.recv();
        }));
        tokio::select! {
            _ = &mut abandoned => panic!("it waits"),
            _ = beginning => {}
        }
        drop(abandoned);
        assert_eq!(pool.run(|| ()).await, Err(Error::Refusal(Refusal::Unavailable)));
        go.send(()).unwrap();
        while pool.run(|| ()).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}
