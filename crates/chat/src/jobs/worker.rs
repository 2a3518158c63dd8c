//! The job worker of a queue: leases due jobs, runs several at once, and ends or retries them. One that fails for the
//! last time is a dead letter.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout};
use wire::{ApplicationId, Timestamp};

use super::ended::Ended;
use super::wake::JOBS_AT_ONCE;
use super::{backoff, begin, run};
use crate::chat::Chat;
use crate::ports::store::{ClaimJobs, Job, JobEnd, JobId, JobQueue, JobWrite, LeaseId, Transaction};
use crate::service::error::{Error, Fault};

/// The most deliveries to webhooks that go on at once: they mostly wait for other servers.
const DELIVERIES: usize = 64;
/// The time after which the lease of a worker that ended is given to another, in milliseconds.
const LEASE_MS: i64 = 60_000;
/// The time after which a lease is renewed, while its jobs run.
const RENEW: Duration = Duration::from_secs(20);
/// The longest time without a look for due jobs.
const PAUSE: Duration = Duration::from_secs(1);

/// The worker of this node.
impl Chat {
    /// Runs jobs as long as the node is there.
    pub(crate) async fn run_worker(node: Weak<Self>, lease: LeaseId, queue: JobQueue) {
        let mut running = Running::default();
        let mut has_begun = queue != JobQueue::Own;
        let most = at_once(queue);
        let mut renewed = Instant::now();
        loop {
            let Some(chat) = node.upgrade() else { return };
            let wake = Arc::clone(&chat.job_wake);
            // Faults are in the log, and the next turn retries.
            has_begun = has_begun || begin(&chat).await.is_ok();
            if running.jobs.is_empty() || renewed.elapsed() >= RENEW {
                renewed = Instant::now();
                let _ = renew(&chat, lease, running.jobs.values().map(|job| job.id).collect()).await;
            }
            let room = if has_begun { most - running.tasks.len() } else { 0 };
            let claimed = claim(&chat, queue, lease, room).await.unwrap_or_default();
            // Of many deliveries to one webhook only some are claimed, and those of others may come after them.
            let more = queue == JobQueue::Webhooks && !claimed.is_empty();
            for job in claimed {
                running.spawn(&chat, lease, job);
            }
            drop(chat);
            if running.tasks.len() < most {
                if !more {
                    let _ = timeout(PAUSE, wake.of(queue).notified()).await;
                }
            } else {
                let _ = timeout(PAUSE, running.next()).await;
            }
            while let Some(ended) = running.tasks.try_join_next_with_id() {
                running.note(ended);
            }
            for job in std::mem::take(&mut running.panicked) {
                let Some(chat) = node.upgrade() else { return };
                let fault = Fault::new("jobs", "the handler has panicked");
                end(&chat, lease, &job, Err(fault.into())).await;
            }
        }
    }
}

/// The attempts that are going on.
#[derive(Default)]
struct Running {
    tasks: JoinSet<()>,
    jobs: HashMap<tokio::task::Id, Job>,
    /// Jobs whose handler has panicked.
    panicked: Vec<Job>,
}

impl Running {
    fn spawn(&mut self, chat: &Arc<Chat>, lease: LeaseId, job: Job) {
        let (chat, attempted) = (Arc::clone(chat), job.clone());
        let task = self.tasks.spawn(async move { attempt(&chat, lease, &attempted).await });
        self.jobs.insert(task.id(), job);
    }

    /// Waits until one of them has ended. Cancel-safe.
    async fn next(&mut self) {
        if let Some(ended) = self.tasks.join_next_with_id().await {
            self.note(ended);
        }
    }

    fn note(&mut self, ended: Result<(tokio::task::Id, ()), JoinError>) {
        match ended {
            Ok((id, ())) => drop(self.jobs.remove(&id)),
            Err(error) => self.panicked.extend(self.jobs.remove(&error.id())),
        }
    }
}

/// Leases due jobs, up to a number.
async fn claim(chat: &Chat, queue: JobQueue, lease: LeaseId, limit: usize) -> Result<Vec<Job>, Error> {
    let now = chat.monotonic.now();
    // A claim is a commit; without due jobs there is none.
    if limit == 0 || !chat.store.has_due_jobs(queue, now).await? {
        return Ok(Vec::new());
    }
    let claim = ClaimJobs { queue, lease, now, until: Timestamp(now.0 + LEASE_MS), limit };
    chat.commit_in(ApplicationId::SERVER, claim).await
}

const fn at_once(queue: JobQueue) -> usize {
    match queue {
        JobQueue::Own => JOBS_AT_ONCE,
        JobQueue::Webhooks => DELIVERIES,
    }
}

async fn renew(chat: &Chat, lease: LeaseId, jobs: Vec<JobId>) -> Result<(), Error> {
    if jobs.is_empty() {
        return Ok(());
    }
    let until = Timestamp(chat.monotonic.now().0 + LEASE_MS);
    let renew = JobWrite::Renew { lease, jobs, until };
    chat.commit_in(ApplicationId::SERVER, renew).await.map(|_| ())
}

/// Runs a job once, and commits its end.
async fn attempt(chat: &Chat, lease: LeaseId, job: &Job) {
    // Each attempt so far may have ended the process.
    let result = if job.attempt > backoff::ATTEMPTS && !job.kind.is_periodic() {
        Err(Fault::new("jobs", format!("job {} did not end in {} attempts", job.id, backoff::ATTEMPTS))
            .into())
    } else {
        run(chat, lease, job).await
    };
    end(chat, lease, job, result).await;
}

/// Commits the end of an attempt.
async fn end(chat: &Chat, lease: LeaseId, job: &Job, result: Result<Ended, Error>) {
    let Ended { end, then } = result.unwrap_or_else(|error| {
        let error = match error {
            Error::Refusal(refusal) => refusal.code().to_owned(),
            Error::Fault(fault) => fault.to_string(),
        };
        let [jitter] = chat.random();
        let retry_at = backoff::retry_at(job.attempt, chat.monotonic.now(), jitter, job.kind.is_periodic());
        if retry_at.is_none() {
            let (kind, number) = (job.kind.as_str(), job.id.0);
            tracing::error!(job.kind = kind, job.id = number, error, "job failed for the last time");
        }
        JobEnd::Failed { retry_at, error }.into()
    });
    let first = JobWrite::End { id: job.id, lease, attempt: job.attempt, end };
    let application = if then.is_empty() { ApplicationId::SERVER } else { job.application };
    let end = Transaction { first, then };
    // After a fault of the store the lease expires and the job runs again: handlers are idempotent.
    let _ = chat.commit_in(application, end).await;
}
