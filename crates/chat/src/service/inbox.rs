//! The inbox of a user: everything new for them, in one list, after a sealed cursor.

use wire::limits::{PAGE_BYTES, PAGE_ENTRIES};
use wire::{Conversation, Entry, Event, Json, Person, Topic, TopicKind};

use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{InboxPage, InboxRequest, Position, event_of};
use crate::service::error::Error;

/// A part of a user's inbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbox {
    /// The entries, in the order in which they were committed.
    pub entries: Vec<Entry<Json>>,
    /// The cursor of the next part. Passing it confirms that everything up to it has arrived.
    pub cursor: String,
    /// True if there are more entries.
    pub more: bool,
    /// The parts of the inbox that have lost entries since the cursor that was passed.
    pub resets: Vec<InboxReset>,
}

/// A place in a user's inbox, behind an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboxPlace(Position);

/// A part of an inbox that somebody follows.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxPart {
    /// The entries in the order in which they were committed, each with the cursor after it.
    pub entries: Vec<(Entry<Json>, String)>,
    /// True if there are more entries.
    pub more: bool,
    /// The parts of the inbox that have lost entries.
    pub resets: Vec<InboxReset>,
}

/// A loss of entries in an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxReset {
    /// The topic whose entries are lost; none if it is the whole inbox.
    pub topic: Option<Topic>,
    /// The reason.
    pub reason: InboxLoss,
}

/// The reason for which an inbox has lost entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxLoss {
    /// The server was restored from a backup or, with a store in memory, has restarted: the inbox goes on with what is
    /// new from now on.
    EpochChanged,
    /// The oldest entries of a topic were trimmed.
    Trimmed,
    /// The user is no longer a member, or was not for a while.
    NotMember,
}

impl InboxLoss {
    /// Returns the stable code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EpochChanged => "epoch_changed",
            Self::Trimmed => "trimmed",
            Self::NotMember => "not_member",
        }
    }
}

/// Reading the inbox.
impl Chat {
    /// Returns what is new for a user after a cursor, or without one from the beginning: the entries of their own log,
    /// of their groups from the moment they joined, and of their directs; at most [`PAGE_ENTRIES`], and about
    /// [`PAGE_BYTES`] of data.
    ///
    /// # Errors
    /// [`SignInNeeded`](wire::Refusal::SignInNeeded), [`UserNeeded`](wire::Refusal::UserNeeded),
    /// [`OutsideScope`](wire::Refusal::OutsideScope) for a token with a limited scope, and
    /// [`CursorBad`](wire::Refusal::CursorBad).
    pub async fn inbox(&self, caller: &Caller, cursor: Option<&str>, limit: usize) -> Result<Inbox, Error> {
        let me = caller.user()?;
        let limit = limit.clamp(1, PAGE_ENTRIES);
        let purpose = purpose(caller, me);
        let Some((epoch, after)) =
            cursor.map(|cursor| self.cursor_seal.open(&purpose, cursor)).transpose()?
        else {
            let page = self.read_inbox(caller, me, Position::default(), limit).await?;
            return Ok(self.sealed(&purpose, page));
        };
        if epoch != self.store.epoch() {
            let head = self.inbox_head(caller, me).await?;
            let reset = InboxReset { topic: None, reason: InboxLoss::EpochChanged };
            let page = InboxPage { position: head, ..InboxPage::default() };
            return Ok(Inbox { resets: vec![reset], ..self.sealed(&purpose, page) });
        }
        let page = self.read_inbox(caller, me, after, limit).await?;
        self.confirm_inbox(caller, me, &page);
        Ok(self.sealed(&purpose, page))
    }

    /// Begins to follow a user's inbox: after a cursor, which confirms that everything up to it has arrived, or with what
    /// is new from now on. Returns the reset as well if the cursor is of another epoch.
    ///
    /// # Errors
    /// Those of [`Chat::inbox`].
    pub async fn follow_inbox(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
    ) -> Result<(InboxPlace, Option<InboxReset>), Error> {
        let me = caller.user()?;
        let opened = cursor.map(|cursor| self.cursor_seal.open(&purpose(caller, me), cursor)).transpose()?;
        match opened {
            Some((epoch, after)) if epoch == self.store.epoch() => {
                self.confirm_inbox(caller, me, &self.read_inbox(caller, me, after, 0).await?);
                Ok((InboxPlace(after), None))
            }
            other => {
                let reset = InboxReset { topic: None, reason: InboxLoss::EpochChanged };
                Ok((InboxPlace(self.inbox_head(caller, me).await?), other.map(|_| reset)))
            }
        }
    }

    /// Returns the entries after a place of a user's inbox, and moves the place behind them. It confirms nothing: they
    /// have not arrived yet.
    ///
    /// # Errors
    /// Those of [`Chat::inbox`].
    pub async fn next_of_inbox(&self, caller: &Caller, place: &mut InboxPlace) -> Result<InboxPart, Error> {
        let me = caller.user()?;
        let page = self.read_inbox(caller, me, place.0, PAGE_ENTRIES).await?;
        place.0 = page.position;
        let cursors: Vec<String> =
            page.positions.iter().map(|at| self.seal(&purpose(caller, me), *at)).collect();
        let Inbox { entries, more, resets, .. } = self.sealed(&purpose(caller, me), page);
        Ok(InboxPart { entries: entries.into_iter().zip(cursors).collect(), more, resets })
    }

    /// Returns the cursor of a place in a user's inbox.
    ///
    /// # Errors
    /// Those of [`Caller::user`].
    pub fn inbox_cursor(&self, caller: &Caller, place: InboxPlace) -> Result<String, Error> {
        Ok(self.seal(&purpose(caller, caller.user()?), place.0))
    }

    /// Returns the topics of a user's inbox: their own, and those of at most `limit` conversations, the ones with the newest
    /// entries.
    ///
    /// # Errors
    /// Those of [`Caller::user`].
    pub async fn inbox_topics(&self, caller: &Caller, limit: usize) -> Result<Vec<Topic>, Error> {
        let me = caller.user()?;
        let found = self.reader(caller).conversations(me.id, limit).await?;
        let conversations = found.mine.iter().map(|item| item.what.topic());
        Ok(std::iter::once(Topic::user(me.id)).chain(conversations).collect())
    }

    /// Confirms that everything before a page has arrived.
    fn confirm_inbox(&self, caller: &Caller, me: &Person, page: &InboxPage) {
        for (conversation, seq) in &page.delivered {
            self.ephemeral.confirm(*conversation, caller.key(me.id), *seq);
        }
        if let Some(seq) = page.own_delivered {
            self.ephemeral.confirm_own(caller.key(me.id), seq);
        }
    }

    async fn read_inbox(
        &self,
        caller: &Caller,
        me: &Person,
        after: Position,
        limit: usize,
    ) -> Result<InboxPage, Error> {
        let request = InboxRequest { user: me.id, after, limit, bytes: PAGE_BYTES };
        Ok(self.reader(caller).inbox(request).await?)
    }

    /// Returns the position after everything that is in the inbox now.
    async fn inbox_head(&self, caller: &Caller, me: &Person) -> Result<Position, Error> {
        let request = InboxRequest { user: me.id, after: Position::default(), limit: 0, bytes: 0 };
        Ok(self.reader(caller).inbox(request).await?.head)
    }

    fn sealed(&self, purpose: &str, page: InboxPage) -> Inbox {
        let InboxPage { entries, position, more, trimmed, .. } = page;
        let cursor = self.seal(purpose, position);
        let lost = |topic, reason| InboxReset { topic: Some(topic), reason };
        let left = entries.iter().filter_map(|entry| match (entry.topic.kind(), event_of(&entry.data)) {
            (TopicKind::User(_), Event::GroupGone { id }) => Some(Topic::of(Conversation::Group(id))),
            _ => None,
        });
        let left = left.map(|topic| lost(topic, InboxLoss::NotMember));
        let trimmed = trimmed.into_iter().map(|topic| lost(topic, InboxLoss::Trimmed));
        let resets = left.chain(trimmed).collect();
        Inbox { entries, cursor, more, resets }
    }
    fn seal(&self, purpose: &str, position: Position) -> String {
        self.cursor_seal.seal(self.random(), purpose, self.store.epoch(), position)
    }
}

/// Returns the purpose of the cursors of a user's inbox.
fn purpose(caller: &Caller, me: &Person) -> String {
    format!("inbox {} {}", caller.application, me.id)
}
