//! Owned tasks: work that is finished although its caller no longer waits, such as the commit of an upload.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::service::error::{Error, Fault};

/// The longest that the end waits for tasks.
const GRACE: Duration = Duration::from_secs(5);

/// Tasks that outlive the requests they belong to, but not their owner. Callers bound their number.
#[derive(Debug, Default)]
pub(crate) struct OwnedTasks {
    tasks: Mutex<JoinSet<()>>,
}

impl OwnedTasks {
    /// Runs work to its end, also if this is dropped before.
    ///
    /// # Errors
    /// Those of the work; [`Error::Fault`] if it panics or the node stops.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        {
            let mut tasks = self.tasks.lock();
            while tasks.try_join_next().is_some() {}
            let work = async move {
                // An error is a caller who no longer waits.
                let _ = answer.send(work.await);
            };
            tasks.spawn(work.in_current_span());
        }
        answered.await.map_err(|_| Fault::new("tasks", "a task has not ended"))?
    }

    /// Waits until all tasks have ended. Those that take too long are ended where they are.
    pub(crate) async fn finish(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        let ended = async { while tasks.join_next().await.is_some() {} };
        // Too late: dropping the set ends them.
        let _ = tokio::time::timeout(GRACE, ended).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn work_is_finished_although_its_caller_has_gone() {
        let tasks = OwnedTasks::default();
        let (go, done) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let work = {
            let (go, done) = (Arc::clone(&go), Arc::clone(&done));
            async move {
                go.notified().await;
                done.store(true, Ordering::SeqCst);
                Ok(())
            }
        };
        let mut caller = Box::pin(tasks.run(work));
        tokio::select! {
            biased;
            _ = &mut caller => panic!("it waits"),
            () = std::future::ready(()) => {}
        }
        drop(caller);
        go.notify_one();
        tasks.finish().await;
        assert!(done.load(Ordering::SeqCst));
    }
}
