//! Worker threads that share a bounded queue of jobs.

use std::sync::Arc;
use std::thread::JoinHandle;

use chat::Fault;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

/// Threads that share one bounded queue of jobs. They end when the queue is closed and empty; dropping them waits for
/// that, so that no thread uses the file of a dropped store.
pub(super) struct Threads<J> {
    jobs: Mutex<Option<mpsc::Sender<J>>>,
    threads: Mutex<Vec<Thread>>,
}

/// The work of one thread.
pub(super) trait Worker: Send + 'static {
    /// The job that it takes from the queue.
    type Job: Send + 'static;

    /// Carries out a job, and answers its caller.
    fn work(&mut self, job: Self::Job);

    /// Releases its resources, after the last job.
    fn end(self) -> Result<(), Fault>;
}

struct Thread {
    handle: JoinHandle<()>,
    ended: oneshot::Receiver<Result<(), Fault>>,
}

impl<J: Send + 'static> Threads<J> {
    /// Starts a thread for each worker; at most `waiting` jobs are queued.
    pub(super) fn start<W: Worker<Job = J>>(
        name: &str,
        waiting: usize,
        workers: impl IntoIterator<Item = W>,
    ) -> Result<Self, Fault> {
        let (jobs, inbox) = mpsc::channel(waiting);
        let inbox = Arc::new(Mutex::new(inbox));
        let start = |worker| {
            let inbox = Arc::clone(&inbox);
            let (end, ended) = oneshot::channel();
            let thread = std::thread::Builder::new().name(name.to_owned());
            let handle = thread
                .spawn(move || {
                    // An error is a caller that closes without waiting for the result.
                    let _ = end.send(run(worker, &inbox));
                })
                .map_err(|error| Fault::new("store", format!("the system gives no thread: {error}")))?;
            Ok(Thread { handle, ended })
        };
        let threads = workers.into_iter().map(start).collect::<Result<Vec<_>, Fault>>()?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), threads: Mutex::new(threads) })
    }

    /// Waits until there is room for a job. A fault means that no thread will carry it out.
    pub(super) async fn hand_over(&self, job: J) -> Result<(), Fault> {
        let jobs = self.jobs.lock().clone();
        let taken = match jobs {
            Some(jobs) => jobs.send(job).await.is_ok(),
            None => false,
        };
        if taken { Ok(()) } else { Err(Fault::new("store", "the store is closed")) }
    }

    /// Queues a job if there is room for it now; returns false if not, or if no thread will carry it out.
    pub(super) fn offer(&self, job: J) -> bool {
        self.jobs.lock().as_ref().is_some_and(|jobs| jobs.try_send(job).is_ok())
    }

    /// Accepts no more jobs, and waits until queued ones are done and every thread has released its resources. Closing
    /// again does nothing.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        drop(self.jobs.lock().take());
        let threads = std::mem::take(&mut *self.threads.lock());
        let mut closed = Ok(());
        for Thread { handle, ended } in threads {
            closed = closed.and(ended.await.unwrap_or_else(|_| {
                Err(Fault::new("store", "a thread of the store has ended before its time"))
            }));
            // It has sent its result, so it is past its last statement; a panic of it is logged already.
            let _ = handle.join();
        }
        closed
    }
}

impl<J> Threads<J> {
    /// As [`Threads::close`], for callers that cannot await it.
    pub(super) fn end(&self) {
        drop(self.jobs.lock().take());
        for thread in std::mem::take(&mut *self.threads.lock()) {
            let _ = thread.handle.join();
        }
    }
}

impl<J> Drop for Threads<J> {
    fn drop(&mut self) {
        self.end();
    }
}

fn run<W: Worker>(mut worker: W, inbox: &Mutex<mpsc::Receiver<W::Job>>) -> Result<(), Fault> {
    loop {
        let job = inbox.lock().blocking_recv();
        match job {
            Some(job) => worker.work(job),
            None => return worker.end(),
        }
    }
}
