//! Search of messages for a caller, as a page of hits: each is checked against the message as it is now.

use std::collections::HashMap;

use wire::{
    Conversation, ConversationSummary, Entry, GroupSummary, Json, Person, Refusal, Seq, Timestamp, Topic,
    UserId,
};

use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::search::CandidateRequest;
use crate::ports::store::{Position, Range};
use crate::search::{
    CURSOR_BAD, Excerpt, InvalidQuery, SearchCursor, SearchQuery, SearchedMessage, searched_text,
};
use crate::service::error::Error;

/// A search of messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchRequest {
    /// The words that a message has.
    pub query: SearchQuery,
    /// Only messages of this conversation; otherwise of all that the caller is in.
    pub conversation: Option<Topic>,
    /// Only messages by one of these users.
    pub authors: Option<Vec<UserId>>,
    /// Only messages that were accepted at this time or later.
    pub from: Option<Timestamp>,
    /// Only messages that were accepted before this time.
    pub to: Option<Timestamp>,
    /// The cursor of the page before, for the same search.
    pub cursor: Option<String>,
    /// The most hits of the page, at most [`PAGE_HITS`].
    pub limit: usize,
}

/// A part of the hits of a search, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchPage {
    /// The hits; a page may have fewer than asked for, or none, and still not be the last.
    pub hits: Vec<SearchHit>,
    /// The cursor of the next page; none if this is the last one.
    pub next: Option<String>,
    /// True if the index is being built: older messages may be missing.
    pub is_partial: bool,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchHit {
    /// The conversation that it is in.
    pub what: ConversationSummary,
    /// Its place in the log of the conversation.
    pub seq: Seq,
    /// The user who wrote it.
    pub author: Person,
    /// True if that is the bot of an incoming webhook.
    pub is_bot: bool,
    /// The time at which it was accepted.
    pub at: Timestamp,
    /// The part of it around the first hit.
    pub excerpt: Excerpt,
}

/// The most hits of a page.
pub const PAGE_HITS: usize = 20;
/// The candidates that are asked for at first, which often fill a page. Each later request asks for several times as
/// many, since an index reads the terms of the query again.
const FIRST_CANDIDATES: usize = 50;
const GROWTH: usize = 4;
/// The candidates that are checked at a time, and the number of them if messages are long.
const AT_ONCE: usize = 200;
const LONG_AT_ONCE: usize = 50;
/// The conversations up to which an index looks only into these from the beginning.
const FEW_CONVERSATIONS: usize = 8;
/// The most candidates that are checked for a page.
const CHECKED: usize = 1_500;
/// The bytes of their entries after which a page ends, and the average that makes them long.
const CHECKED_BYTES: usize = 4 * 1_024 * 1_024;
const LONG_BYTES: usize = 4 * 1_024;
/// The bytes that are checked before other tasks of the thread get their turn.
const YIELD_BYTES: usize = 128 * 1_024;

/// The conversations of hits that were looked up for a page; none for one that the caller may not read.
type Known = HashMap<Topic, Option<ConversationSummary>>;

/// The messages that were checked for a page.
#[derive(Default)]
struct Budget {
    messages: usize,
    bytes: usize,
    /// The bytes since other tasks had their turn.
    unyielded: usize,
}

impl Budget {
    /// Counts a message; returns true if other tasks are to have their turn.
    const fn add(&mut self, bytes: usize) -> bool {
        self.messages += 1;
        self.bytes += bytes;
        self.unyielded += bytes;
        let yields = self.unyielded > YIELD_BYTES;
        if yields {
            self.unyielded = 0;
        }
        yields
    }

    /// Returns the number of messages to check next.
    fn at_once(&self) -> usize {
        match self.bytes / self.messages.max(1) {
            _ if self.messages == 0 => LONG_AT_ONCE,
            average if average > LONG_BYTES => LONG_AT_ONCE,
            _ => AT_ONCE,
        }
    }

    const fn is_spent(&self) -> bool {
        self.messages >= CHECKED || self.bytes >= CHECKED_BYTES
    }
}

/// Searching messages.
impl Chat {
    /// Returns messages of the caller's conversations that have the words of a query, the newest first. Nothing in the
    /// answer depends on messages that the caller may not read. An application has no conversations of its own, and
    /// searches in one of them at a time.
    ///
    /// # Errors
    /// [`Refusal::SignInNeeded`], [`Refusal::UserNeeded`] for an application that names no conversation,
    /// [`Refusal::TooFast`], those of [`Chat::history`] for the conversation that is asked for, and
    /// [`Refusal::FieldWrong`] for a search of nothing or a wrong cursor.
    pub async fn search(&self, caller: &Caller, request: &SearchRequest) -> Result<SearchPage, Error> {
        let me = if request.conversation.is_some() { caller.scoped_actor()? } else { caller.user()? };
        self.search_rate.take(caller.key(me.id), self.monotonic.now())?;
        let SearchRequest { query, conversation, authors, from, to, .. } = request;
        let is_filtered = conversation.is_some() || authors.is_some() || from.is_some() || to.is_some();
        if query.is_empty() && !is_filtered {
            return Err(Refusal::from(InvalidQuery::Empty).into());
        }
        let copies_of = Some(me.id);
        let (conversations, directs_of) = match conversation {
            Some(topic) => {
                self.may_read(caller, topic).await?;
                (vec![topic.conversation().ok_or(Refusal::NotFound)?], None)
            }
            None => {
                let groups = self.reader(caller).groups_of(me.id).await?;
                (groups.into_iter().map(Conversation::Group).collect(), Some(me.id))
            }
        };
        let candidates = CandidateRequest {
            application: caller.application,
            conversations,
            directs_of,
            copies_of,
            authors: authors.clone(),
            from: *from,
            to: *to,
            query: query.clone(),
            is_broad: false,
            before: self.search_from(caller, request.cursor.as_deref()).await?,
            limit: FIRST_CANDIDATES,
        };
        let page = self.checked(caller, candidates, request.limit.clamp(1, PAGE_HITS)).await?;
        Ok(SearchPage { is_partial: !self.index_progress.is_complete(), ..page })
    }

    /// Returns the position of the message that a cursor names.
    async fn search_from(&self, caller: &Caller, cursor: Option<&str>) -> Result<Option<Position>, Error> {
        let Some(cursor) = cursor else { return Ok(None) };
        let SearchCursor { epoch, topic, seq } = cursor.parse()?;
        let may_read = match self.may_read(caller, &topic).await {
            Ok(_) => topic.conversation().is_some() || topic == Topic::user(caller.user()?.id),
            Err(Error::Refusal(_)) => false,
            Err(fault) => return Err(fault),
        };
        let position = match may_read && epoch == self.store.epoch() {
            true => self.position_from(caller, &topic, seq).await?,
            false => None,
        };
        position.map(Some).ok_or_else(|| CURSOR_BAD.into())
    }

    /// Returns the position of the message that a cursor names. If that was trimmed meanwhile, it is the position of the
    /// oldest entry that is left there: hits of other conversations may come again, and none is missing.
    async fn position_from(
        &self,
        caller: &Caller,
        topic: &Topic,
        seq: Seq,
    ) -> Result<Option<Position>, Error> {
        let reader = self.reader(caller);
        let found = reader.position_of(topic, seq).await?;
        if found.is_some() {
            return Ok(found);
        }
        let begins = reader.page(topic, Range::default()).await?.begins;
        Ok(if seq < begins { reader.position_of(topic, begins).await? } else { None })
    }

    /// Checks candidates until a page is full.
    async fn checked(
        &self,
        caller: &Caller,
        mut request: CandidateRequest,
        limit: usize,
    ) -> Result<SearchPage, Error> {
        let index = self.store.search_index();
        let (mut page, mut known, mut last) = (SearchPage::default(), Known::new(), None);
        let mut budget = Budget::default();
        // Messages with the words are often few, or many of them are the caller's. If not, the next candidates are from
        // their conversations alone.
        request.is_broad = !request.query.is_empty() && request.conversations.len() > FEW_CONVERSATIONS;
        loop {
            let positions = index.candidates(request.clone()).await?;
            let is_last = positions.len() < request.limit;
            let mut rest = positions.as_slice();
            while !rest.is_empty() {
                let (part, later) = rest.split_at(budget.at_once().min(rest.len()));
                rest = later;
                for (_, entry) in self.reader(caller).entries_at(part).await? {
                    if !request.names_log(&entry.topic) {
                        continue;
                    }
                    if budget.add(entry.data.as_str().len()) {
                        tokio::task::yield_now().await;
                    }
                    let place = (entry.topic.clone(), entry.seq);
                    if let Some(hit) = self.hit(caller, &request, entry, &mut known).await? {
                        if page.hits.len() == limit {
                            page.next = last.map(|place| self.search_cursor(place));
                            return Ok(page);
                        }
                        page.hits.push(hit);
                    }
                    last = Some(place);
                }
                if budget.is_spent() && last.is_some() && !(is_last && rest.is_empty()) {
                    page.next = last.map(|place| self.search_cursor(place));
                    return Ok(page);
                }
            }
            if is_last {
                return Ok(page);
            }
            request.before = positions.last().copied().or(request.before);
            request.limit = (request.limit * GROWTH).min(CHECKED);
            request.is_broad = false;
        }
    }

    /// Returns the hit that a candidate is; none if it does not match as it is now, or the caller may not read it.
    async fn hit(
        &self,
        caller: &Caller,
        request: &CandidateRequest,
        entry: Entry<Json>,
        known: &mut Known,
    ) -> Result<Option<SearchHit>, Error> {
        let Some(message) = SearchedMessage::of(&entry) else { return Ok(None) };
        let text = searched_text(&message.body);
        if !request.covers(&message) || !request.query.matches(&text) {
            return Ok(None);
        }
        let topic = Topic::of(message.conversation);
        let what = match known.get(&topic) {
            Some(what) => what.clone(),
            None => {
                let what = self.readable(caller, &topic, message.conversation).await?;
                known.insert(topic, what.clone());
                what
            }
        };
        let hit = |what| SearchHit {
            what,
            seq: message.seq,
            author: message.author,
            is_bot: message.is_bot,
            at: message.at,
            excerpt: Excerpt::new(&text, &request.query),
        };
        Ok(what.map(hit))
    }

    /// Returns a conversation that the caller may read; none if they may not, or it is gone.
    async fn readable(
        &self,
        caller: &Caller,
        topic: &Topic,
        conversation: Conversation,
    ) -> Result<Option<ConversationSummary>, Error> {
        match self.may_read(caller, topic).await {
            Ok(_) => {}
            Err(Error::Refusal(_)) => return Ok(None),
            Err(fault) => return Err(fault),
        }
        let reader = self.reader(caller);
        Ok(match conversation {
            Conversation::Group(id) => {
                let group = reader.group(id, None, 0).await?;
                group.map(|group| ConversationSummary::Group(GroupSummary { id, name: group.settings.name }))
            }
            Conversation::Direct(pair) => {
                let with = reader.person(pair.other(caller.actor()?.id)).await?;
                with.map(|with| ConversationSummary::direct(pair, with))
            }
        })
    }

    fn search_cursor(&self, (topic, seq): (Topic, Seq)) -> String {
        SearchCursor { epoch: self.store.epoch(), topic, seq }.to_string()
    }
}
