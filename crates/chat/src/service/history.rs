//! History pages: slices of a log and rows of a conversation.

use wire::limits::{PAGE_ENTRIES, PAGE_ROWS};
use wire::{Json, Page, Refusal, Rows, Topic};

use super::groups::events;
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{Range, RowRange, event_of};
use crate::service::error::{Error, Fault};

/// Reading the logs of topics, in parts, as far as the caller may.
impl Chat {
    /// Returns a slice of a topic's log, oldest first, at most [`PAGE_ENTRIES`] long.
    ///
    /// # Errors
    /// [`wire::Refusal::TokenNeeded`], [`SignInNeeded`](wire::Refusal::SignInNeeded),
    /// [`NotMember`](wire::Refusal::NotMember), [`NotFound`](wire::Refusal::NotFound).
    pub async fn history(&self, caller: &Caller, topic: &Topic, range: Range) -> Result<Page<Json>, Error> {
        let range = Range { limit: range.limit.min(PAGE_ENTRIES), ..range };
        Ok(self.open(caller, topic, range, None).await?.0.page)
    }

    /// As [`Chat::history`], with the data decoded.
    ///
    /// # Errors
    /// Those of [`Chat::history`].
    pub async fn events(&self, caller: &Caller, topic: &Topic, range: Range) -> Result<Page, Error> {
        self.history(caller, topic, range).await.map(events)
    }

    /// Returns the rows of a conversation, for its page: at most [`PAGE_ROWS`] on each side of a Seq.
    ///
    /// # Errors
    /// Those of [`Chat::history`], and [`Refusal::NotFound`] if the topic is no conversation.
    pub async fn rows(&self, caller: &Caller, topic: &Topic, range: RowRange) -> Result<Rows, Error> {
        topic.conversation().ok_or(Refusal::NotFound)?;
        let (before, after) = (range.before.min(PAGE_ROWS), range.after.min(PAGE_ROWS));
        let range = RowRange { before, after, ..range };
        let (opened, _) = self.open(caller, topic, Range::default(), Some(range)).await?;
        let rows = opened.rows.ok_or_else(|| Fault::new("rows", "the store has left out the rows"))?;
        Ok(rows.map(|data| event_of(&data)))
    }
}
