//! History pages: slices of a log and rows of a conversation.

use wire::limits::{PAGE_ENTRIES, PAGE_ROWS};
use wire::{Entry, Epoch, Json, LogKey, Page, Refusal, Rows, Seq, Topic};

use super::groups::events;
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{LogBounds, Range, RowRange, event_of};
use crate::realtime::recent_entries::RecentLookup;
use crate::service::error::{Error, Fault};

/// A slice of a log as finished JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPage {
    /// A JSON array of the entries, oldest first, each as [`Entry::encode`] writes it.
    pub entries: String,
    /// The life of the log that the places belong to.
    pub epoch: Epoch,
    /// The oldest entry that is kept; one more than `head` if there is none.
    pub begins: Seq,
    /// The newest entry; [`Seq::ZERO`] if there was none.
    pub head: Seq,
}

/// Reading the logs of topics, in parts, as far as the caller may. The permission is read from the store each time. The
/// entries of logs that are read often come from memory, as they were at the moment of the permission.
impl Chat {
    /// Returns a slice of a topic's log, oldest first, at most [`PAGE_ENTRIES`] long.
    ///
    /// # Errors
    /// [`wire::Refusal::TokenNeeded`], [`SignInNeeded`](wire::Refusal::SignInNeeded),
    /// [`NotMember`](wire::Refusal::NotMember), [`NotFound`](wire::Refusal::NotFound).
    pub async fn history(&self, caller: &Caller, topic: &Topic, range: Range) -> Result<Page<Json>, Error> {
        let range = Range { limit: range.limit.min(PAGE_ENTRIES), ..range };
        let log = caller.log(topic.clone());
        let Some((lookup, bounds)) = self.recent_log(caller, &log, range).await? else {
            return self.stored_history(caller, topic, range, None).await;
        };
        match self.recent.read(&*self.store, &lookup, |log| log.entries(bounds, range)).await? {
            Some(entries) => {
                self.recent.hit();
                let LogBounds { epoch, begins, head } = bounds;
                Ok(Page { entries, epoch, begins, head })
            }
            None => self.stored_history(caller, topic, range, Some((&lookup, bounds))).await,
        }
    }

    /// As [`Chat::history`], as finished JSON.
    ///
    /// # Errors
    /// Those of [`Chat::history`].
    pub async fn history_json(
        &self,
        caller: &Caller,
        topic: &Topic,
        range: Range,
    ) -> Result<JsonPage, Error> {
        let range = Range { limit: range.limit.min(PAGE_ENTRIES), ..range };
        let log = caller.log(topic.clone());
        let Some((lookup, bounds)) = self.recent_log(caller, &log, range).await? else {
            return Ok(JsonPage::of(self.stored_history(caller, topic, range, None).await?));
        };
        match self.recent.read(&*self.store, &lookup, |log| log.slice(bounds, range)).await? {
            Some(frames) => {
                self.recent.hit();
                // A frame of ours is UTF-8.
                let text = frames.iter().map(|frame| str::from_utf8(frame.payload()).unwrap_or_default());
                Ok(JsonPage::new(text, bounds))
            }
            None => {
                let stale = Some((&lookup, bounds));
                Ok(JsonPage::of(self.stored_history(caller, topic, range, stale).await?))
            }
        }
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
        let mut stale = None;
        if let Some(lookup) = self.recent.lookup_rows(&caller.log(topic.clone()), range) {
            let (opened, _) = self.open(caller, topic, Range::default(), None).await?;
            let bounds = bounds(&opened.page);
            if let Some(rows) = self.recent.read(&*self.store, &lookup, |log| log.rows(bounds, range)).await?
            {
                self.recent.hit();
                return Ok(rows.map(|data| event_of(&data)));
            }
            stale = Some((lookup, bounds));
        }
        let (opened, _) = self.open(caller, topic, Range::default(), Some(range)).await?;
        self.recent.miss(stale.as_ref().map(|(lookup, bounds)| (lookup, *bounds)));
        let rows = opened.rows.ok_or_else(|| Fault::new("rows", "the store has left out the rows"))?;
        Ok(rows.map(|data| event_of(&data)))
    }

    /// Checks the permission to read a log whose slice is probably in memory; returns the log with its bounds at that
    /// moment. None if the slice has to come from the store, and nothing was checked.
    async fn recent_log(
        &self,
        caller: &Caller,
        log: &LogKey,
        range: Range,
    ) -> Result<Option<(RecentLookup, LogBounds)>, Error> {
        let Some(lookup) = self.recent.lookup(log, range) else { return Ok(None) };
        let (opened, _) = self.open(caller, &log.topic, Range::default(), None).await?;
        Ok(Some((lookup, bounds(&opened.page))))
    }

    /// Reads a slice from the store, with the permission. `stale` is what was asked before.
    async fn stored_history(
        &self,
        caller: &Caller,
        topic: &Topic,
        range: Range,
        stale: Option<(&RecentLookup, LogBounds)>,
    ) -> Result<Page<Json>, Error> {
        let (opened, _) = self.open(caller, topic, range, None).await?;
        self.recent.miss(stale);
        Ok(opened.page)
    }
}

impl JsonPage {
    fn new<'a>(encoded: impl Iterator<Item = &'a str>, LogBounds { epoch, begins, head }: LogBounds) -> Self {
        let mut entries = String::from("[");
        for (place, entry) in encoded.enumerate() {
            if place > 0 {
                entries.push(',');
            }
            entries.push_str(entry);
        }
        entries.push(']');
        Self { entries, epoch, begins, head }
    }

    fn of(page: Page<Json>) -> Self {
        let encoded: Vec<String> = page.entries.iter().map(Entry::encode).collect();
        Self::new(encoded.iter().map(String::as_str), bounds(&page))
    }
}

/// Returns the bounds of the log of a page.
pub(super) const fn bounds<D>(page: &Page<D>) -> LogBounds {
    LogBounds { epoch: page.epoch, begins: page.begins, head: page.head }
}
