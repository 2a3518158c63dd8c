//! The route of the message search.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::search::{InvalidQuery, SearchQuery};
use chat::{Caller, PAGE_HITS, SearchHit, SearchPage, SearchRequest, UserRef};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wire::{Expected, Refusal, Timestamp};

use super::conversations::{path_name, topic};
use super::error::{ApiError, Problem};
use super::paging;
use super::users::User;
use crate::server::AppState;

/// Some messages that were found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundMessages {
    /// The messages, the newest first. There may be fewer than asked for, or none, also if more follow.
    items: Vec<FoundMessage>,
    /// The cursor of the next part.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// True while the search index is being built: older messages may be missing.
    partial: bool,
}

/// A message that was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundMessage {
    /// The name of its conversation in paths.
    conversation: String,
    /// The name of its log, for the socket.
    topic: String,
    /// Its number in the log.
    seq: u64,
    /// Its author.
    author: User,
    /// True if the author is the bot of an incoming webhook, and no user.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    bot: bool,
    /// The time at which it was accepted, RFC 3339 UTC.
    timestamp: String,
    /// The part of its text around the first word that was found, in pieces.
    excerpt: Vec<ExcerptPiece>,
}

/// A piece of an excerpt.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExcerptPiece {
    /// The text.
    text: String,
    /// True if it is one of the words.
    hit: bool,
}

/// The messages that are searched for: those that fulfil all of it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageQuery {
    /// Words and `"phrases"` that the message has, at most 200 characters. Needed unless there is another condition.
    q: Option<String>,
    /// Your key for the conversation, `id:` and its id, or a direct. Without it, all conversations of the user.
    conversation: Option<String>,
    /// Your key for the author, or `id:` and their id. Together with `conversation` also the name of an incoming webhook.
    author: Option<String>,
    /// The earliest time, such as `2026-11-30T09:00:00.000Z`.
    from: Option<String>,
    /// The time before which it was accepted.
    to: Option<String>,
    /// The cursor of the part, from `next` of the part before.
    cursor: Option<String>,
    /// The most messages, 1 to 100; a part has at most 20.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// Finds messages: in the conversations of the user of `Hubbub-As`, or as the application in one conversation.
#[utoipa::path(
    get, path = "/search", tag = "messages", params(MessageQuery),
    responses((status = 200, body = FoundMessages), (status = "default", body = Problem))
)]
pub(crate) async fn search(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<MessageQuery>,
) -> Result<Response, ApiError> {
    let conversation = match &asked.conversation {
        Some(name) => Some(topic(&app, &caller, name).await?),
        None => None,
    };
    let authors = match &asked.author {
        Some(name) => {
            let name = UserRef::parse(name)?;
            Some(vec![app.chat.search_author(&caller, &name, conversation.as_ref()).await?])
        }
        None => None,
    };
    let query = match SearchQuery::parse(asked.q.as_deref().unwrap_or_default()) {
        // The conditions may be enough.
        Err(InvalidQuery::Empty) if asked.q.is_none() => SearchQuery::default(),
        parsed => parsed.map_err(Refusal::from)?,
    };
    let limit = paging::limit(asked.limit.as_deref())?.min(PAGE_HITS);
    let (from, to) = (time("from", asked.from.as_deref())?, time("to", asked.to.as_deref())?);
    let cursor = asked.cursor.clone();
    let request = SearchRequest { query, conversation, authors, from, to, cursor, limit };
    let SearchPage { hits, next, is_partial } =
        app.chat.search(&caller, &request).await.map_err(|no| match no {
            chat::Error::Refusal(Refusal::FieldWrong { wants: Expected::PageCursor, .. }) => {
                Refusal::CursorBad.into()
            }
            no => no,
        })?;
    let mut items = Vec::with_capacity(hits.len());
    for hit in hits {
        items.push(item(&app, &caller, hit).await?);
    }
    let link = next.as_deref().map(|next| paging::link(&asked.path(next)));
    Ok((link, Json(FoundMessages { items, next, partial: is_partial })).into_response())
}

async fn item(app: &AppState, caller: &Caller, hit: SearchHit) -> Result<FoundMessage, ApiError> {
    let SearchHit { what, seq, author, is_bot, at, excerpt } = hit;
    let topic = what.topic();
    let pieces = excerpt.0.into_iter().map(|(text, hit)| ExcerptPiece { text, hit });
    Ok(FoundMessage {
        conversation: path_name(app, caller, &topic).await?,
        topic: topic.as_str().to_owned(),
        seq: seq.0,
        author: User::named(app, caller, author).await?,
        bot: is_bot,
        timestamp: at.to_string(),
        excerpt: pieces.collect(),
    })
}

/// Reads a time; none if there is none.
fn time(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, Refusal> {
    let wrong = Refusal::FieldWrong { field: field.into(), wants: Expected::Timestamp };
    text.map(|text| text.parse().map_err(|_| wrong)).transpose()
}

impl MessageQuery {
    /// Returns the path of the next part of the same search.
    fn path(&self, cursor: &str) -> String {
        let Self { q, conversation, author, from, to, limit, .. } = self;
        let fields = [
            ("cursor", Some(cursor)),
            ("q", q.as_deref()),
            ("conversation", conversation.as_deref()),
            ("author", author.as_deref()),
            ("from", from.as_deref()),
            ("to", to.as_deref()),
            ("limit", limit.as_deref()),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let pairs: Vec<String> = given
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        format!("/search?{}", pairs.join("&"))
    }
}
