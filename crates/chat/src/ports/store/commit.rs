//! Commits: a batch of writes, and everything that follows from it.

use broker::Ends;
use wire::{ApplicationId, Entry, Json, LogKey, Seq};

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
    /// The entries whose data the batch has replaced, each as a page returns it after the write that replaced it, in the
    /// order of these writes: amended messages, and those that quote them. One may be here several times, and may be
    /// gone at the end of the batch. Restricted content is not among them, as no entry of a log has it.
    pub rewritten: Vec<Rewritten>,
    /// The logs that have lost their oldest entries, in the order of the writes that removed them.
    pub shortened: Vec<Shortened>,
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

/// An entry whose data a commit has replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Rewritten {
    /// The log that it is in.
    pub log: LogKey,
    /// The entry from now on.
    pub entry: Entry<Json>,
}

/// A log that has lost its oldest entries in a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortened {
    /// The log.
    pub log: LogKey,
    /// Its beginning before the write.
    pub from: Seq,
    /// Its beginning after it.
    pub to: Seq,
}

impl Appended {
    /// Makes the entry of a draft that has its Seq.
    #[must_use]
    pub fn new(application: ApplicationId, draft: Draft, seq: Seq) -> Self {
        let Draft { topic, id, data, at, ends, .. } = draft;
        let log = LogKey::new(application, topic.clone());
        Self { log, entry: Entry { id, topic, seq, data, timestamp: at }, ends }
    }
}
