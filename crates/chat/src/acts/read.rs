use wire::limits::PAGE_ENTRIES;
use wire::{Json, Page, Topic};

use super::groups::events;
use crate::chat::{Caller, Chat};
use crate::no::No;
use crate::store::Range;

/// History.
impl Chat {
    /// A slice of a topic's log, oldest first, at most [`PAGE_ENTRIES`] long.
    ///
    /// # Errors
    /// [`wire::Refusal::TokenNeeded`], [`SignInNeeded`](wire::Refusal::SignInNeeded),
    /// [`NotMember`](wire::Refusal::NotMember), [`NotFound`](wire::Refusal::NotFound).
    pub async fn history(&self, caller: &Caller, topic: &Topic, range: Range) -> Result<Page<Json>, No> {
        self.may_read(caller, topic).await?;
        let range = Range { limit: range.limit.min(PAGE_ENTRIES), ..range };
        Ok(self.store.page(topic, range).await?)
    }

    /// As [`Chat::history`], for the page: with the data read.
    ///
    /// # Errors
    /// Those of [`Chat::history`].
    pub async fn events(&self, caller: &Caller, topic: &Topic, range: Range) -> Result<Page, No> {
        self.history(caller, topic, range).await.map(events)
    }
}
