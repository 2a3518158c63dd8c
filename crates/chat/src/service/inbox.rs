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
        let purpose = format!("inbox {} {}", caller.application, me.id);
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
        for (conversation, seq) in &page.delivered {
            self.ephemeral.confirm(*conversation, caller.key(me.id), *seq);
        }
        if let Some(seq) = page.own_delivered {
            self.ephemeral.confirm_own(caller.key(me.id), seq);
        }
        Ok(self.sealed(&purpose, page))
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
        let cursor = self.cursor_seal.seal(self.random(), purpose, self.store.epoch(), position);
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
}
