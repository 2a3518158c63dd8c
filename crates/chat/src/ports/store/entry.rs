//! Entries of a log: drafts, amendments, and the ranges that a page is read by.

use broker::Ends;
use wire::limits::PAGE_BYTES;
use wire::{
    Amendment, Entry, Event, Json, Person, Refusal, RichText, Role, SendId, Seq, Timestamp, Topic, UserId,
};

use super::{Permission, Version, version_of};
use crate::rules;

/// An entry before it has its Seq.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The log it goes to.
    pub topic: Topic,
    /// The sender: the scope of its id.
    pub sender: Sender,
    /// The sender's id for it.
    pub id: SendId,
    /// A hash of the sender's intent: a retry has the same, whatever else changed meanwhile.
    pub body: BodyHash,
    /// The data of the entry.
    pub data: Json,
    /// The time at which it was accepted.
    pub at: Timestamp,
    /// The permission it needs; checked inside the commit, so that nobody posts after their leave or their mute was
    /// committed.
    pub right: Option<Permission>,
    /// The Seq of an earlier entry of the same log that this one answers or changes.
    pub about: Option<Seq>,
    /// True if it counts as unread for everyone but its sender: a message does, a notice does not.
    pub counts: bool,
    /// True if the page of a conversation shows it as a row of its own: a message or a notice, but not the change of a
    /// message. What counts as unread is a row.
    pub is_row: bool,
    /// The users whom it mentions.
    pub mentions: Mentions,
    /// The users whose right to read the log ends with it: they get it, and nothing later. Kept with the entry.
    pub ends: Ends,
}

impl Draft {
    /// Returns true if the relay reads the entry: a record of a user, such as a broadcast, that is no row of a
    /// conversation and about no other entry.
    #[must_use]
    pub fn may_cause_work(&self) -> bool {
        !self.is_row && self.about.is_none() && matches!(self.sender, Sender::User(_))
    }
}

/// An entry that was sent with an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentBefore {
    /// The log in which the entry was committed.
    pub topic: Topic,
    /// The Seq of the entry in that log.
    pub seq: Seq,
    /// The hash of its sender's intent.
    pub body: BodyHash,
    /// The time at which it was accepted.
    pub at: Timestamp,
}

/// The users whom an entry mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// The users who are mentioned by name.
    pub people: Vec<UserId>,
    /// True if it mentions every member.
    pub everyone: bool,
}

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
    /// The version that the message must have, if there is one: see [`version_of`].
    pub version: Option<Version>,
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

/// An entry that is kept, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The entry with every amendment so far applied.
    pub entry: Entry<Json>,
    /// The users whom it mentions.
    pub mentions: Mentions,
}

/// The sender of an entry: the scope in which a [`SendId`] is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// A signed-in user, with a scope of their own.
    User(UserId),
    /// Callers of open topics; they share one scope.
    Open,
    /// The server itself, in its own logs.
    Server,
}

/// The first 128 bits of the SHA-256 of a sender's intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyHash(pub [u8; 16]);

/// The rows that a page of a conversation is asked for: a number on each side of a Seq. If one side has fewer, there
/// are more on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRange {
    /// The first Seq after the gap between the two sides; one past the end of the log is its end.
    pub at: Seq,
    /// The most rows before `at`.
    pub before: usize,
    /// The most rows at `at` and after it.
    pub after: usize,
    /// The most bytes of data together; at least one row is returned.
    pub bytes: usize,
    /// The user who reads them, whose restricted messages are among them.
    pub viewer: Option<UserId>,
}

/// The entries that a [`Page`] is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// Only entries after this Seq; then the page begins at the oldest of them.
    pub after: Option<Seq>,
    /// Only entries before this Seq. Without `after` the page ends at the newest of them.
    pub before: Option<Seq>,
    /// The most entries.
    pub limit: usize,
}

impl Mentions {
    /// Returns true if it mentions a user.
    #[must_use]
    pub fn has(&self, user: UserId) -> bool {
        self.everyone || self.people.contains(&user)
    }
}

impl RowRange {
    /// Asks for the newest rows.
    #[must_use]
    pub const fn newest(rows: usize) -> Self {
        Self::before(Seq(u64::MAX), rows)
    }

    /// Asks for the rows before a Seq.
    #[must_use]
    pub const fn before(seq: Seq, rows: usize) -> Self {
        Self::split(seq, rows, 0)
    }

    /// Asks for the rows after a Seq.
    #[must_use]
    pub fn after(seq: Seq, rows: usize) -> Self {
        Self::split(Seq(seq.0.saturating_add(1)), 0, rows)
    }

    /// Asks for a number of rows before a Seq, and a number of rows at it and after it.
    #[must_use]
    pub const fn split(at: Seq, before: usize, after: usize) -> Self {
        Self { at, before, after, bytes: PAGE_BYTES, viewer: None }
    }

    /// Returns the same rows for a reader.
    #[must_use]
    pub const fn seen_by(self, viewer: Option<UserId>) -> Self {
        Self { viewer, ..self }
    }
}

impl Amend {
    /// Applies the rule to the message; none if it is already as the change would make it.
    ///
    /// # Errors
    /// Those of [`rules::amend`], and [`Refusal::VersionStale`] if the message has another version than expected.
    pub fn decide(&self, kept: &Kept, role: Role) -> Result<Option<Amended>, Refusal> {
        let message = event_of(&kept.entry.data);
        let Self { target, by, amendment, body, mentions, version, news } = self;
        let Some(change) = rules::amend(&message, *target, by, role, amendment, body.clone())? else {
            return Ok(None);
        };
        if version.is_some_and(|version| version != version_of(&kept.entry.data)) {
            return Err(Refusal::VersionStale);
        }
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

/// Returns the event that an entry of a conversation carries.
#[must_use]
pub fn event_of(data: &Json) -> Event {
    serde_json::from_str(data.as_str()).unwrap_or(Event::Unknown)
}

/// Returns an entry about a message whose text has changed, as it is from now on: a reply that quotes it quotes the
/// new text, or nothing if it is deleted, and an earlier edit loses its text. None if the entry stays as it is.
#[must_use]
pub fn requoted(data: &Json, excerpt: &str) -> Option<Json> {
    let event = match event_of(data) {
        Event::Edited { target, text, by, .. } if !text.is_empty() => {
            Event::Edited { target, text: String::new(), body: RichText::default(), by }
        }
        mut event @ Event::Message { reply_to: Some(_), .. } => {
            let Event::Message { reply_to: Some(quote), .. } = &mut event else { return None };
            if quote.excerpt == excerpt && quote.files.is_none() {
                return None;
            }
            quote.requote(excerpt);
            event
        }
        _ => return None,
    };
    Some(Json::of(&event))
}
