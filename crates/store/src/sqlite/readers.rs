use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use chat::Fault;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::open;

/// The threads that read. They end when the store is dropped.
pub(super) struct Readers {
    jobs: mpsc::Sender<Job>,
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Reads are short; more threads than this only take turns on a small machine.
const THREADS: usize = 2;

impl Readers {
    pub(super) fn start(file: &Path) -> Result<Self, Fault> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let inbox = Arc::new(Mutex::new(inbox));
        for _ in 0..THREADS {
            let mut db = open::connection(file)?;
            db.pragma_update(None, "query_only", true).map_err(|error| Fault::new("store", error))?;
            let inbox = Arc::clone(&inbox);
            let thread = std::thread::Builder::new().name("store-reader".into());
            let run = move || {
                while let Some(job) = next(&inbox) {
                    job(&mut db);
                }
            };
            thread
                .spawn(run)
                .map_err(|error| Fault::new("store", format!("the system gives no thread: {error}")))?;
        }
        Ok(Self { jobs })
    }

    /// Reads in one transaction, so that what is read belongs together.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |db| {
            let result = db.transaction().and_then(|transaction| {
                let result = read(&transaction)?;
                transaction.finish()?;
                Ok(result)
            });
            // Who no longer waits needs no answer.
            let _ = answer.send(result);
        });
        if self.jobs.send(job).is_err() {
            return Err(Fault::new(what, "the store is closed"));
        }
        match answered.await {
            Ok(result) => result.map_err(|error| Fault::new(what, error)),
            Err(_) => Err(Fault::new(what, "a reader of the store has ended")),
        }
    }
}

fn next(inbox: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
