//! The query of the search page: the fields of its form, and the messages that they find.

use std::future::Future;

use chat::search::{InvalidQuery, SearchQuery};
use chat::{Caller, Chat, SearchPage, SearchRequest};
use wire::{ConversationSummary, Expected, Person, Refusal, Timestamp, Topic, UserId};

use crate::failure::Failure;
use crate::server_fns::context::{caller, chat};
use crate::zone::Zone;

/// The fields of the search form, as they were typed.
#[derive(Clone, Default)]
pub(crate) struct SearchForm {
    /// The words.
    pub(crate) words: String,
    /// The topic of a conversation; empty for all.
    pub(crate) conversation: String,
    /// The name or the id of an author; empty for all.
    pub(crate) author: String,
    /// The first day, `YYYY-MM-DD`; empty for any.
    pub(crate) from: String,
    /// The last day; empty for any.
    pub(crate) to: String,
    /// The cursor of the page before.
    pub(crate) cursor: Option<String>,
}

/// The data of the search page.
pub(crate) struct SearchData {
    pub(crate) me: Person,
    /// The conversations to choose from, the one that is asked for among them.
    pub(crate) conversations: Vec<ConversationSummary>,
    pub(crate) result: SearchResult,
}

/// The result of a search.
pub(crate) enum SearchResult {
    /// Nothing was asked for.
    Nothing,
    /// The words cannot be searched.
    Invalid(InvalidQuery),
    /// Nobody has the name of the author.
    NobodyCalled,
    /// The cursor leads nowhere any more.
    Over,
    /// It was refused, such as by the rate limit.
    Refused(Failure),
    Found(SearchPage),
}

/// Returns the messages that a form finds. Takes the caller from context at once.
pub(crate) fn searched(
    form: SearchForm,
    zone: Zone,
) -> impl Future<Output = Result<SearchData, Failure>> + Send + 'static {
    let (chat, caller) = (chat(), caller());
    async move {
        let me = caller.user()?.clone();
        let overview = chat.overview(&caller).await?;
        let conversations = overview.mine.into_iter().map(|mine| mine.what).collect();
        let result = find(&chat, &caller, &me, form, zone).await?;
        Ok(SearchData { me, conversations, result })
    }
}

async fn find(
    chat: &Chat,
    caller: &Caller,
    me: &Person,
    form: SearchForm,
    zone: Zone,
) -> Result<SearchResult, Failure> {
    let SearchForm { words, conversation, author, from, to, cursor } = form;
    let conversation = match conversation.as_str() {
        "" => None,
        topic => Some(Topic::new(topic).map_err(|_| Refusal::NotFound)?),
    };
    let (from, to) = (day(&from), day(&to));
    let is_filtered = conversation.is_some() || !author.is_empty() || from.is_some() || to.is_some();
    let query = match SearchQuery::parse(&words) {
        Ok(query) => query,
        Err(InvalidQuery::Empty) if words.trim().is_empty() && is_filtered => SearchQuery::default(),
        Err(InvalidQuery::Empty) if words.trim().is_empty() => return Ok(SearchResult::Nothing),
        Err(invalid) => return Ok(SearchResult::Invalid(invalid)),
    };
    let authors = match author.as_str() {
        "" => None,
        name => Some(called(chat, caller, me, name, conversation.as_ref()).await?),
    };
    if authors.as_ref().is_some_and(Vec::is_empty) {
        return Ok(SearchResult::NobodyCalled);
    }
    let request = SearchRequest {
        query,
        conversation,
        authors,
        from: from.map(|day| zone.begin_of(day)),
        to: to.map(|day| zone.begin_of(day + 1)),
        cursor,
        limit: chat::PAGE_HITS,
    };
    match chat.search(caller, &request).await {
        Ok(page) => Ok(SearchResult::Found(page)),
        Err(chat::Error::Refusal(Refusal::FieldWrong { wants: Expected::PageCursor, .. })) => {
            Ok(SearchResult::Over)
        }
        Err(chat::Error::Refusal(refusal @ Refusal::TooFast { .. })) => {
            Ok(SearchResult::Refused(refusal.into()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the users and bots whose names contain these words; the one with this id, if it is one.
async fn called(
    chat: &Chat,
    caller: &Caller,
    me: &Person,
    name: &str,
    conversation: Option<&Topic>,
) -> Result<Vec<UserId>, Failure> {
    if let Ok(id) = name.parse() {
        return Ok(vec![id]);
    }
    let others = chat.people(caller, name).await?.into_iter().map(|person| person.id);
    let is_me = me.name.as_str().to_lowercase().contains(&name.trim().to_lowercase());
    let bots = chat.bots_called(caller, name, conversation).await?;
    Ok(others.chain(is_me.then_some(me.id)).chain(bots).collect())
}

/// Parses a date; returns its day since 1970-01-01.
fn day(date: &str) -> Option<i64> {
    format!("{date}T00:00:00.000Z").parse::<Timestamp>().ok().map(Timestamp::day)
}
