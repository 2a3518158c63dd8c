//! Wake signals: after a commit, the background tasks that it concerns go on at once.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Notify, watch};

use crate::ports::store::{
    ApplicationWrite, Commit, Draft, FileWrite, JobQueue, JobWrite, LogWrite, WebhookWrite, Write,
};

/// The most jobs of the server itself that run at once.
pub(crate) const JOBS_AT_ONCE: usize = 16;

/// The background tasks that a batch of commits wakes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wakes {
    entries: bool,
    messages: bool,
    jobs: bool,
    webhooks: bool,
    webhook_changes: bool,
    /// The number of jobs that end.
    ended: u64,
}

/// The signals between the committer, the relay, the worker and the indexer.
#[derive(Debug)]
pub(crate) struct JobWake {
    /// Entries that may cause work were committed.
    pub(super) entries: Notify,
    /// Messages were sent, amended or trimmed, or a group has changed and may be deleted.
    pub(crate) messages: Notify,
    /// Jobs were added, or ended so that the next one of their lane may run.
    pub(super) jobs: Notify,
    /// Webhooks were changed, or entries were committed in which they may be interested.
    pub(super) webhooks: Notify,
    /// True if webhooks were changed since they were read.
    webhooks_changed: AtomicBool,
    /// Deliveries were added, or ended.
    pub(super) deliveries: Notify,
    /// Rises when jobs have ended, here or on another node.
    ended: watch::Sender<u64>,
}

impl Default for JobWake {
    fn default() -> Self {
        Self {
            entries: Notify::new(),
            messages: Notify::new(),
            jobs: Notify::new(),
            webhooks: Notify::new(),
            webhooks_changed: AtomicBool::new(false),
            deliveries: Notify::new(),
            ended: watch::Sender::new(0),
        }
    }
}

impl Wakes {
    /// Finds the tasks that these commits concern.
    pub(crate) fn of(commits: &[Commit]) -> Self {
        let mut wakes = Self::default();
        commits.iter().for_each(|Commit { write, .. }| wakes.note(write));
        wakes
    }

    fn note(&mut self, write: &Write) {
        match write {
            Write::Files(FileWrite::Add { job: Some(_), .. }) => self.jobs = true,
            // Only messages have files.
            Write::Log(LogWrite::WithFiles(_)) => self.messages = true,
            Write::Log(LogWrite::Post(draft)) if draft.may_cause_work() => self.entries = true,
            Write::Log(LogWrite::Post(Draft { counts: true, .. }) | LogWrite::PostFirst { .. })
            | Write::GroupWithMessage(_)
            | Write::Amend(_)
            | Write::Groups(_)
            | Write::Trim(_) => self.messages = true,
            Write::Log(LogWrite::PostByHook(_) | LogWrite::PostRestricted(_)) => self.webhooks = true,
            Write::Webhooks(WebhookWrite::Attempted { stops: None, .. }) => {}
            Write::Webhooks(_) => {
                self.webhooks = true;
                self.webhook_changes = true;
            }
            Write::PlanWebhooks(plans) => self.jobs |= plans.plans.iter().any(|plan| !plan.jobs.is_empty()),
            Write::Jobs(JobWrite::Add(_) | JobWrite::Begin { .. } | JobWrite::Plan { .. })
            | Write::Applications(ApplicationWrite::Delete { .. }) => self.jobs = true,
            Write::Jobs(JobWrite::End { .. }) => {
                self.ended += 1;
                self.jobs = true;
            }
            Write::WithAudit(audited) => self.note(&audited.write),
            Write::Transaction(transaction) => {
                self.note(&transaction.first);
                transaction.then.iter().for_each(|write| self.note(write));
            }
            _ => {}
        }
    }

    /// Returns true if other nodes may have work, too.
    pub(crate) const fn has_jobs(self) -> bool {
        self.jobs
    }
}

impl JobWake {
    /// Wakes the relay, the worker and the indexer after a commit that concerns them.
    pub(crate) fn committed(&self, wakes: Wakes) {
        if wakes.ended > 0 {
            self.ended.send_modify(|ended| *ended += wakes.ended);
        }
        if wakes.webhook_changes {
            self.webhooks_changed.store(true, Ordering::Release);
        }
        for (notify, concerned) in [
            (&self.entries, wakes.entries),
            (&self.messages, wakes.messages),
            (&self.webhooks, wakes.messages || wakes.webhooks),
            (&self.jobs, wakes.jobs),
            (&self.deliveries, wakes.jobs),
        ] {
            if concerned {
                notify.notify_one();
            }
        }
    }

    /// Wakes the worker, and those who wait for the end of jobs, after another node has added or ended some.
    pub(crate) fn jobs_elsewhere(&self) {
        self.ended.send_modify(|ended| *ended += 1);
        self.jobs.notify_one();
        self.deliveries.notify_one();
    }

    /// Returns the signal of a queue: jobs were added, or ended so that the next one of their lane may run.
    pub(super) const fn of(&self, queue: JobQueue) -> &Notify {
        match queue {
            JobQueue::Own => &self.jobs,
            JobQueue::Webhooks => &self.deliveries,
        }
    }

    /// Returns true if webhooks were changed since the last call.
    pub(super) fn webhook_changes(&self) -> bool {
        self.webhooks_changed.swap(false, Ordering::AcqRel)
    }

    /// Watches a number that rises when jobs have ended.
    pub(crate) fn watch_ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }
}
