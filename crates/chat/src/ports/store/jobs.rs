//! Jobs: work after a commit, which workers lease, and the tail of entries that the relay plans it from.

use std::fmt;

use wire::{ApplicationId, Entry, Json, LogKey, Timestamp};

use crate::ports::position::Position;

/// Entries that may cause work, in the order in which they were committed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tail {
    /// The entries, each with its log.
    pub entries: Vec<(LogKey, Entry<Json>)>,
    /// The position of the last one; the position that was asked for if there is none.
    pub position: Position,
}

/// The kind of a job: the handler that runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// Sends a slice of a broadcast.
    Broadcast,
    /// Removes expired rows.
    Sweep,
    /// Removes the data of a deleted application.
    RemoveApplication,
    /// Trims all logs to their bounds.
    Retention,
    /// Trims one log.
    Trim,
    /// Makes the thumbnail of a picture.
    Thumbnail,
    /// Removes files that are left over.
    Files,
    /// Removes blobs that no file names.
    Blobs,
    /// Imports an archive.
    Import,
    /// Posts an event to an outgoing webhook.
    DeliverWebhook,
}

/// The queue of jobs from which a worker claims: other programs that are slow to answer keep no other job waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobQueue {
    /// Jobs that the server does by itself.
    Own,
    /// Deliveries to outgoing webhooks. Only so many of one webhook are leased at once:
    /// [`DELIVERIES_AT_ONCE`](super::DELIVERIES_AT_ONCE).
    Webhooks,
}

/// A job to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// The application in which it runs.
    pub application: ApplicationId,
    /// The handler that runs it.
    pub kind: JobKind,
    /// The jobs of one lane of an application run one after the other, in the order in which they were added.
    pub lane: String,
    /// A job whose key another job of its kind and application has is not added, unless that one is dead.
    pub key: Option<String>,
    /// The input of the handler: ids and positions, never content.
    pub arguments: Json,
    /// The time from which it may run.
    pub run_at: Timestamp,
}

/// The number of a job, which is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// A job that a worker has leased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// The application in which it runs.
    pub application: ApplicationId,
    /// The handler that runs it.
    pub kind: JobKind,
    /// The input of the handler.
    pub arguments: Json,
    /// The number of this attempt: 1, 2, 3. With the lease it proves that a result belongs to the last lease.
    pub attempt: u32,
}

/// A job that is found by its key, whether it runs or waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundJob {
    /// Its number.
    pub id: JobId,
    /// The input of the handler.
    pub arguments: Json,
    /// The cause of the last failure; none if the attempt before has not failed.
    pub error: Option<String>,
}

/// The lease of one worker; drawn at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LeaseId(pub [u8; 16]);

/// The end of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// The job is done, and removed.
    Done,
    /// It runs again at a time, as if it were new.
    Again {
        /// The time from which it may run.
        run_at: Timestamp,
    },
    /// The attempt failed.
    Failed {
        /// The time of the next attempt; none if it was the last: the job is dead and stays for the operator.
        retry_at: Option<Timestamp>,
        /// The cause, for the operator.
        error: String,
    },
}

/// A change of jobs, of whatever application; the commit's own is [`ApplicationId::SERVER`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobWrite {
    /// Add jobs, but none whose key another job has that is not dead.
    Add(Vec<NewJob>),
    /// Begin the work of a node. Jobs that would run after `latest`, by a clock that was wrong, run now.
    Begin {
        /// The present time.
        now: Timestamp,
        /// No clock that is right leads to a later time.
        latest: Timestamp,
        /// Jobs to add; where there is one with the same key, it gets the time of this one.
        periodic: Vec<NewJob>,
    },
    /// Add the jobs that entries cause, and move the relay past them. [`Checked::Stale`](super::Checked::Stale) if the
    /// relay is elsewhere: another node has planned them.
    Plan {
        /// The position of the relay before.
        from: Position,
        /// The position after.
        to: Position,
        /// The jobs that the entries in between cause.
        jobs: Vec<NewJob>,
    },
    /// Let jobs of a lease expire at another time.
    Renew {
        /// The lease.
        lease: LeaseId,
        /// The jobs whose attempts are going on.
        jobs: Vec<JobId>,
        /// The time at which it expires.
        until: Timestamp,
    },
    /// End an attempt. [`Checked::Stale`](super::Checked::Stale) if the lease was lost: then the result is void.
    End {
        /// The number of the job.
        id: JobId,
        /// The lease under which it ran.
        lease: LeaseId,
        /// The number of the attempt.
        attempt: u32,
        /// The end of the attempt.
        end: JobEnd,
    },
    /// Give a job that is running other arguments, with which its next attempt begins.
    /// [`Checked::Stale`](super::Checked::Stale) if the lease was lost, or the job removed: then the attempt must end.
    SetArguments {
        /// The number of the job.
        id: JobId,
        /// The lease under which it runs.
        lease: LeaseId,
        /// The number of the attempt.
        attempt: u32,
        /// The input of the handler from now on.
        arguments: Json,
    },
    /// Remove a job, also while it runs: the end of its attempt is void. [`Checked::Stale`](super::Checked::Stale) if it
    /// is gone.
    Remove {
        /// The number of the job.
        id: JobId,
    },
    /// Give back all jobs of a lease, as if the attempts had not been.
    Release {
        /// The lease.
        lease: LeaseId,
    },
    /// Remove dead jobs that were due before a time.
    RemoveOld {
        /// Those that were due later stay.
        before: Timestamp,
    },
}

/// Leases due jobs, the oldest job of each lane. A lease that has expired counts as none. The outcome is the jobs, the
/// one that was due first first, each with the number of its attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimJobs {
    /// The queue from which they are.
    pub queue: JobQueue,
    /// The lease that they get.
    pub lease: LeaseId,
    /// The present time.
    pub now: Timestamp,
    /// The time at which the lease expires.
    pub until: Timestamp,
    /// The most jobs to lease.
    pub limit: usize,
}

/// The jobs of one kind, for monitoring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobCount {
    /// The kind that is counted.
    pub kind: JobKind,
    /// Jobs that wait for their time or for a worker.
    pub ready: u64,
    /// Jobs that a worker has leased, or had when it ended.
    pub leased: u64,
    /// Jobs whose last attempt failed.
    pub dead: u64,
    /// The earliest time at which one that is not dead may run.
    pub oldest: Option<Timestamp>,
}

impl JobKind {
    /// Returns true if the job never dies: it runs again and again, or ends itself after too many attempts.
    #[must_use]
    pub const fn is_periodic(self) -> bool {
        matches!(self, Self::Sweep | Self::Retention | Self::Files | Self::Blobs | Self::Import)
    }

    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Broadcast,
        Self::Sweep,
        Self::RemoveApplication,
        Self::Retention,
        Self::Trim,
        Self::Thumbnail,
        Self::Files,
        Self::Blobs,
        Self::DeliverWebhook,
        Self::Import,
    ];

    /// Returns the queue in which jobs of this kind are.
    #[must_use]
    pub const fn queue(self) -> JobQueue {
        match self {
            Self::DeliverWebhook => JobQueue::Webhooks,
            _ => JobQueue::Own,
        }
    }

    /// Returns the name of the kind, as the store has it and metrics show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Broadcast => "broadcast",
            Self::Sweep => "sweep",
            Self::RemoveApplication => "remove_application",
            Self::Retention => "retention",
            Self::Trim => "trim",
            Self::Thumbnail => "thumbnail",
            Self::Files => "files",
            Self::Blobs => "blobs",
            Self::DeliverWebhook => "deliver_webhook",
            Self::Import => "import",
        }
    }

    /// Returns the kind with a name; none if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
