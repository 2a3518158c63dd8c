//! Wake signals: after a commit, the background tasks that it concerns go on at once.

use tokio::sync::{Notify, watch};

use crate::ports::store::{ApplicationWrite, Commit, Draft, JobWrite, Write};

/// The signals between the committer, the relay, the worker and the indexer.
#[derive(Debug)]
pub(crate) struct JobWake {
    /// Entries that may cause work were committed.
    pub(super) entries: Notify,
    /// Messages were sent or amended, or a group has changed and may be deleted.
    pub(crate) messages: Notify,
    /// Jobs were added, or ended so that the next one of their lane may run.
    pub(super) jobs: Notify,
    /// The number of jobs that have ended on this node.
    ended: watch::Sender<u64>,
}

impl Default for JobWake {
    fn default() -> Self {
        Self {
            entries: Notify::new(),
            messages: Notify::new(),
            jobs: Notify::new(),
            ended: watch::Sender::new(0),
        }
    }
}

impl JobWake {
    /// Wakes the relay, the worker and the indexer if these commits concern them.
    pub(crate) fn committed(&self, commits: &[Commit]) {
        for Commit { write, .. } in commits {
            match write {
                Write::Post(draft) if draft.may_cause_work() => self.entries.notify_one(),
                Write::Post(Draft { counts: true, .. })
                | Write::PostFirst { .. }
                | Write::Amend(_)
                | Write::ChangeGroup(_) => self.messages.notify_one(),
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
