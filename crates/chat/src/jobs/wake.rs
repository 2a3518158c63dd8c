//! Wake signals: after a commit, the background tasks that it concerns go on at once.

use tokio::sync::{Notify, watch};

use crate::ports::store::{ApplicationWrite, Commit, Draft, FileWrite, JobWrite, LogWrite, Write};

/// The background tasks that a batch of commits wakes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wakes {
    entries: bool,
    messages: bool,
    jobs: bool,
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
    /// Rises when jobs have ended, here or on another node.
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

impl Wakes {
    /// Finds the tasks that these commits concern.
    pub(crate) fn of(commits: &[Commit]) -> Self {
        let mut wakes = Self::default();
        for Commit { write, .. } in commits {
            match write {
                Write::Files(FileWrite::Add { job: Some(_), .. }) => wakes.jobs = true,
                // Only messages have files.
                Write::Log(LogWrite::WithFiles(_)) => wakes.messages = true,
                Write::Log(LogWrite::Post(draft)) if draft.may_cause_work() => wakes.entries = true,
                Write::Log(LogWrite::Post(Draft { counts: true, .. }) | LogWrite::PostFirst { .. })
                | Write::GroupWithMessage(_)
                | Write::Amend(_)
                | Write::Groups(_)
                | Write::Trim(_) => wakes.messages = true,
                Write::Jobs(JobWrite::Add(_) | JobWrite::Begin { .. } | JobWrite::Plan { .. })
                | Write::Applications(ApplicationWrite::Delete { .. }) => wakes.jobs = true,
                Write::Jobs(JobWrite::End { .. }) => {
                    wakes.ended += 1;
                    wakes.jobs = true;
                }
                _ => {}
            }
        }
        wakes
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
        for (notify, concerned) in
            [(&self.entries, wakes.entries), (&self.messages, wakes.messages), (&self.jobs, wakes.jobs)]
        {
            if concerned {
                notify.notify_one();
            }
        }
    }

    /// Wakes the worker, and those who wait for the end of jobs, after another node has added or ended some.
    pub(crate) fn jobs_elsewhere(&self) {
        self.ended.send_modify(|ended| *ended += 1);
        self.jobs.notify_one();
    }

    /// Watches a number that rises when jobs have ended.
    pub(crate) fn watch_ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }
}
