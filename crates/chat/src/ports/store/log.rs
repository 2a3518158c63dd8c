//! Appending entries to logs.

use wire::{FileId, Pair, Refusal, Seq, Timestamp};

use super::{AmendOutcome, Draft, HookPost, OpenTopicBounds, RestrictedDraft};

/// An entry to append to a log.
#[derive(Clone, Debug, PartialEq)]
pub enum LogWrite {
    /// Append one entry to a log. [`LogOutcome::Refused`] if it is [about](Draft::about) an entry that was trimmed.
    Post(Draft),
    /// Append one entry to an open topic, if the bounds allow it: [`LogOutcome::Refused`] otherwise. An entry that
    /// exists already is [`LogOutcome::Repeated`] all the same.
    Publish {
        /// The entry, for the log of an open topic.
        draft: Draft,
        /// The most that is kept in open topics.
        bounds: OpenTopicBounds,
    },
    /// Append a message for some members of a group, as a placeholder in its log and a copy in the log of each reader:
    /// [`LogOutcome::Posted`] has the Seq in the group.
    PostRestricted(RestrictedDraft),
    /// Append the first message of a direct and list the direct for both its users, with the entries for both if it was
    /// not listed before. If the message is refused, nothing is listed.
    PostFirst {
        /// The message, for the log of the direct.
        draft: Draft,
        /// The two users, and the entries for both.
        creation: DirectCreation,
    },
    /// Append a message of an incoming webhook.
    PostByHook(HookPost),
    /// Append a message as another of these does, and give it files of its sender: [`LogOutcome::Refused`] if one of
    /// them is not, or another message has it. A repeat takes no files.
    WithFiles(Box<WithFiles>),
}

/// A message that takes files.
#[derive(Clone, Debug, PartialEq)]
pub struct WithFiles {
    /// The message.
    pub message: LogWrite,
    /// The files, which are of its sender and no other message has; otherwise the message is refused.
    pub files: Vec<FileId>,
}

/// Two users whose direct gets its first message.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectCreation {
    /// The two users, who both get the direct listed.
    pub pair: Pair,
    /// The entries for both, if it is the first time.
    pub news: Vec<Draft>,
}

/// The outcome of a [`LogWrite`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogOutcome {
    /// The draft has its Seq.
    Posted {
        /// The Seq that the draft got in its log.
        seq: Seq,
    },
    /// The draft was committed before.
    Repeated {
        /// The Seq that it got the first time.
        seq: Seq,
        /// The time at which it was accepted first.
        at: Timestamp,
    },
    /// The draft's id belongs to another message. Nothing was written.
    SendIdTaken,
    /// The draft's permission is missing. Nothing was written.
    Refused(Refusal),
}

impl LogWrite {
    /// Returns the entry for the log that the write is about.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        match self {
            Self::Post(draft)
            | Self::Publish { draft, .. }
            | Self::PostRestricted(RestrictedDraft { draft, .. })
            | Self::PostFirst { draft, .. }
            | Self::PostByHook(HookPost { draft, .. }) => draft,
            Self::WithFiles(with) => with.message.draft(),
        }
    }
}

impl From<Draft> for LogWrite {
    fn from(draft: Draft) -> Self {
        Self::Post(draft)
    }
}

impl From<LogOutcome> for AmendOutcome {
    fn from(outcome: LogOutcome) -> Self {
        match outcome {
            LogOutcome::Posted { seq } => Self::Posted { seq },
            LogOutcome::Repeated { seq, at } => Self::Repeated { seq, at },
            LogOutcome::SendIdTaken => Self::SendIdTaken,
            LogOutcome::Refused(refusal) => Self::Refused(refusal),
        }
    }
}
