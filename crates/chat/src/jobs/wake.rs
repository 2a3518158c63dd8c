//! Wake signals: after a commit that concerns them, the relay and the worker go on at once.

use tokio::sync::{Notify, watch};

use crate::ports::store::{ApplicationWrite, Commit, JobWrite, Write};

/// The signals between the committer, the relay and the worker.
#[derive(Debug)]
pub(crate) struct JobWake {
    /// Entries that may cause work were committed.
    pub(super) entries: Notify,
    /// Jobs were added, or ended so that the next one of their lane may run.
    pub(super) jobs: Notify,
    /// The number of jobs that have ended on this node.
    ended: watch::Sender<u64>,
}

impl Default for JobWake {
    fn default() -> Self {
        Self { entries: Notify::new(), jobs: Notify::new(), ended: watch::Sender::new(0) }
    }
}

impl JobWake {
    /// Wakes the relay and the worker if these commits concern them.
    pub(crate) fn committed(&self, commits: &[Commit]) {
        for Commit { write, .. } in commits {
            match write {
                Write::Post(draft) if draft.may_cause_work() => self.entries.notify_one(),
                Write::Jobs(JobWrite::Add(_) | JobWrite::Begin { .. } | JobWrite::Plan { .. }) => {
                    self.jobs.notify_one()
                }
                Write::Applications(ApplicationWrite::Delete { .. }) => self.jobs.notify_one(),
                Write::Jobs(JobWrite::End { .. }) => {
                    self.ended.send_modify(|ended| *ended += 1);
                    self.jobs.notify_one();
                }
                _ => {}
            }
        }
    }

    /// Watches the number of jobs that have ended.
    pub(crate) fn watch_ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }
}
