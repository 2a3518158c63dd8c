//! Amendments: changes of messages that the store applies inside the commit.

use wire::{Amendment, Event, Json, Person, Refusal, RichText, Role, Seq, Timestamp};

use super::{Draft, Kept, LogOutcome, Mentions, event_of};
use crate::rules;

/// A change of a message. The store reads the message inside the commit and asks [`Amend::decide`], so changes by many
/// people at once need one write each.
#[derive(Clone, Debug, PartialEq)]
pub struct Amend {
    /// The Seq of the message, in the log of `news`.
    pub target: Seq,
    /// The person who changes it.
    pub by: Person,
    /// The edit, delete, reaction or pin to apply.
    pub amendment: Amendment,
    /// The parsed new text of an edit.
    pub body: RichText,
    /// The people whom an edited message mentions from now on; none if the text stays.
    pub mentions: Option<Mentions>,
    /// The entry that announces the change. Its permission is that of the change.
    pub news: Draft,
}

/// A message after a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Amended {
    /// The data of its entry from now on.
    pub data: Json,
    /// True if it is pinned.
    pub pinned: bool,
    /// True if it counts as unread.
    pub counts: bool,
    /// The people whom it mentions.
    pub mentions: Mentions,
    /// The new excerpt for replies that quote it, if its text has changed: see [`requoted`].
    pub excerpt: Option<String>,
}

/// The outcome of an [`Amend`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmendOutcome {
    /// The entry that announces the change has its Seq.
    Posted {
        /// The Seq that it got in its log.
        seq: Seq,
    },
    /// The change was committed before.
    Repeated {
        /// The Seq that its entry got the first time.
        seq: Seq,
        /// The time at which it was accepted first.
        at: Timestamp,
    },
    /// The message is already as the change would make it. Nothing was written.
    Unchanged {
        /// The Seq of the message in its log.
        seq: Seq,
        /// The time at which it was accepted.
        at: Timestamp,
    },
    /// The id of the entry belongs to another one. Nothing was written.
    SendIdTaken,
    /// The permission is missing, or the rules do not allow the change. Nothing was written.
    Refused(Refusal),
}

impl Amend {
    /// Applies the rule to the message; none if it is already as the change would make it.
    ///
    /// # Errors
    /// Those of [`rules::amend`].
    pub fn decide(&self, kept: &Kept, role: Role) -> Result<Option<Amended>, Refusal> {
        let message = event_of(&kept.entry.data);
        let Self { target, by, amendment, body, mentions, news } = self;
        let Some(change) = rules::amend(&message, *target, by, role, amendment, body.clone())? else {
            return Ok(None);
        };
        let excerpt = match &change {
            Event::Edited { body, .. } => Some(body.excerpt()),
            Event::Deleted { .. } => Some(String::new()),
            _ => None,
        };
        let message = message.changed_by(&change, news.at);
        let (pinned, counts) = match &message {
            Event::Message { pinned, .. } => (*pinned, true),
            _ => (false, false),
        };
        Ok(Some(Amended {
            data: Json::of(&message),
            pinned,
            counts,
            mentions: mentions.clone().unwrap_or_else(|| kept.mentions.clone()),
            excerpt,
        }))
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
