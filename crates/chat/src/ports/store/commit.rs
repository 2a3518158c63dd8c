//! Commits: a batch of writes, and everything that follows from it.

use broker::Ends;
use wire::{ApplicationId, Entry, Json, LogKey};

use super::{Draft, Outcome, RevocationSlice, Write};

/// One act of an application, committed as a whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The application of every user, group and topic in it.
    pub application: ApplicationId,
    /// The facts that it writes.
    pub write: Write,
}

/// A batch that has become facts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Committed {
    /// One outcome for each write, in order.
    pub outcomes: Vec<Outcome>,
    /// Every entry that the batch appended to a log, in the order in which it was appended. Entries that a write found
    /// there already are not among them. An entry is as it was when it was appended, even if a later write of the batch
    /// has amended it or deleted its log.
    pub appended: Vec<Appended>,
    /// The logs that are gone, with all their entries: those of deleted groups. Their subscriptions end.
    pub closed: Vec<LogKey>,
    /// All revocations up to this commit, after the position that was asked for.
    pub revocations: RevocationSlice,
}

/// An entry that a commit has appended.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// The log it was appended to.
    pub log: LogKey,
    /// The entry, as subscribers get it.
    pub entry: Entry<Json>,
    /// The users whose right to read the log ends with it: they get it, and nothing later.
    pub ends: Ends,
}

impl Appended {
    /// Makes the entry of a draft that has its Seq.
    #[must_use]
    pub fn new(application: ApplicationId, draft: Draft, seq: wire::Seq) -> Self {
        let Draft { topic, id, data, at, ends, .. } = draft;
        let log = LogKey::new(application, topic.clone());
        Self { log, entry: Entry { id, topic, seq, data, timestamp: at }, ends }
    }
}
