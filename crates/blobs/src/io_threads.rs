//! The threads that hash and write blobs: two, of low priority, so that uploads leave the processor to messages.

use std::sync::Arc;

use chat::Fault;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

/// The number of threads. More would hardly be faster: a step takes processor time, and does not wait for the disk.
const THREADS: usize = 2;
/// The nice value of the threads. The others of the server have 0.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// A pool of threads for steps of uploads. A step that began is finished, even if nobody waits for it any more.
#[derive(Clone, Debug)]
pub(crate) struct IoThreads {
    pool: Arc<ThreadPool>,
}

impl IoThreads {
    /// Starts the threads.
    ///
    /// # Errors
    /// A sentence, if the system gives no more threads.
    pub(crate) fn start() -> Result<Self, String> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(THREADS)
            .thread_name(|_| "blob-writer".into())
            .start_handler(|_| lower_priority())
            // Without a handler the pool would end the process. The report is in the log, and the upload gets a fault.
            .panic_handler(|_| ())
            .build()
            .map_err(|error| format!("the threads for files cannot be started: {error}"))?;
        Ok(Self { pool: Arc::new(pool) })
    }

    /// Runs a step when a thread is free.
    ///
    /// # Errors
    /// If the step panics.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        step: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        self.pool.spawn(move || {
            // An error is an upload that was broken off.
            let _ = answer.send(step());
        });
        answered.await.map_err(|_| Fault::new("blobs", "a step of an upload has panicked"))
    }
}

/// Lowers the priority of the calling thread. A system that refuses it serves all the same.
#[cfg(target_os = "linux")]
fn lower_priority() {
    let _ = rustix::process::setpriority_process(None, NICE);
}

/// Other systems have no priority of a single thread that all of them know.
#[cfg(not(target_os = "linux"))]
fn lower_priority() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_that_panics_fails_alone() {
        let threads = IoThreads::start().unwrap();
        for _ in 0..=THREADS {
            assert!(threads.run(|| panic!("a step")).await.is_err());
        }
        assert_eq!(threads.run(|| 7).await.unwrap(), 7);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn steps_of_uploads_have_a_lower_priority_than_the_rest_of_the_server() {
        let threads = IoThreads::start().unwrap();
        let before = rustix::process::getpriority_process(None).unwrap();
        let of_step = threads.run(|| rustix::process::getpriority_process(None).unwrap()).await.unwrap();
        assert!(of_step > before, "{of_step} {before}");
        assert_eq!(rustix::process::getpriority_process(None).unwrap(), before);
    }
}
