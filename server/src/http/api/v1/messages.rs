//! Routes of the messages of a conversation.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chat::store::{Range, Version};
use chat::{Ack, Caller, ConversationRef, ExternalMessage, JsonPage, UserRef};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use wire::limits::{PAGE_ENTRIES, RECIPIENTS};
use wire::{Amendment, Entry, Expected, Json as RawJson, NewAttachment, Refusal, SendId, Seq};

use super::body::Body;
use super::conversations::topic;
use super::entity_tag::expected;
use super::error::{ApiError, Problem};
use super::message_forms::{LIST, ONE, list_as, read_as, varying};
use crate::http::negotiation::Representation;
use crate::http::topics::number;
use crate::server::AppState;

/// A message to be sent.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct NewMessage {
    /// The text, Markdown of at most 16 KiB.
    #[serde(default)]
    text: String,
    /// Your id for it, 1 to 128 visible ASCII characters: the same id with the same text is the same message. The
    /// header `Idempotency-Key` means the same.
    id: Option<String>,
    /// The `seq` of the message that it answers.
    reply_to: Option<u64>,
    /// The only members who can read it, besides the author: 1 to 100 of your keys for users, or `id:` and their ids.
    /// Left out, every member reads it.
    recipients: Option<Vec<String>>,
    /// The files that it takes, at most 10: of the author, and of no other message. Then the text may be left out.
    attachments: Option<Vec<AttachedFile>>,
    /// The name of the conversation, if this message creates it, 1 to 80 characters; its key if it is left out.
    title: Option<String>,
    /// The users who are members from the beginning, if this message creates the conversation, besides the sender and
    /// the recipients: your keys, or `id:` and their ids.
    members: Option<Vec<String>>,
}

/// A file that a message takes.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AttachedFile {
    /// The id of the file.
    id: String,
    /// The description for those who do not see it, at most 1,000 characters.
    #[serde(default)]
    alt: String,
}

/// The new text of a message.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangedMessage {
    /// The text, Markdown of at most 16 KiB.
    text: String,
    /// Your id for the change, as with a message.
    id: Option<String>,
}

/// The acknowledgement of a message, a change or an entry: it is stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct Acknowledgement {
    /// Its id.
    id: String,
    /// The name of its log.
    topic: String,
    /// Its number in the log: 1, 2, 3.
    seq: u64,
    /// The time at which it was accepted, RFC 3339 UTC.
    timestamp: String,
    /// True if it was accepted before.
    duplicate: bool,
}

/// A slice of a log, oldest entry first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Log {
    /// The entries.
    entries: Vec<LogEntry>,
    /// The life of the log: a restore from a backup begins another.
    epoch: String,
    /// The number of the oldest entry that is kept.
    begins: u64,
    /// The number of the newest entry; 0 if there is none.
    head: u64,
}

/// An entry of a log.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogEntry {
    /// Its id.
    id: String,
    /// The name of its log.
    topic: String,
    /// Its number in the log: 1, 2, 3.
    seq: u64,
    /// Its content: any JSON; in a conversation an event, such as `{"type": "message"}`.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
    /// The time at which it was accepted, RFC 3339 UTC.
    timestamp: String,
}

/// The slice of a log that is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Slice {
    /// Only entries after this number; then the slice begins with the oldest of them.
    #[param(value_type = Option<u64>)]
    after: Option<String>,
    /// Only entries before this number. Without `after` the slice ends with the newest of them.
    #[param(value_type = Option<u64>)]
    before: Option<String>,
    /// The number of an entry that the slice has in its middle, instead of `after` and `before`.
    #[param(value_type = Option<u64>)]
    around: Option<String>,
    /// The most entries, at most 100.
    #[param(value_type = Option<u64>)]
    limit: Option<String>,
    /// With `Accept: text/event-stream`: the id of the event after which the stream begins, such as
    /// `00c0ffee00c0ffee:42`. Without it and without `Last-Event-ID` it begins with the next entry.
    pub(super) since: Option<String>,
}

/// Sends a message: as the user of `Hubbub-As`, or as the application. If a key names no conversation, and
/// `implicit_creation` is on in the settings of the application, the message creates one; that of a user only if
/// `user_conversations` is on, too.
#[utoipa::path(
    post, path = "/conversations/{conversation}/messages", tag = "messages", request_body = NewMessage,
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        ("Idempotency-Key" = Option<String>, Header, description = "Your id for the message"),
    ),
    responses(
        (status = 200, description = "It was sent before", body = Acknowledgement),
        (status = 201, description = "Sent", body = Acknowledgement), (status = "default", body = Problem)
    )
)]
pub(crate) async fn send(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
    headers: HeaderMap,
    Body(new): Body<NewMessage>,
) -> Result<Response, ApiError> {
    let name = ConversationRef::parse(&conversation)?;
    let message = ExternalMessage {
        id: send_id(&app, &headers, new.id)?,
        text: new.text,
        reply_to: new.reply_to.map(|seq| within(seq, "reply_to")).transpose()?,
        recipients: new.recipients.as_deref().map(recipients).transpose()?,
        title: new.title,
        members: new.members.unwrap_or_default(),
        attachments: attachments(new.attachments.unwrap_or_default())?,
    };
    Ok(acknowledged(app.chat.post_to_named(&caller, &name, message).await?))
}

/// Returns messages and notices of a conversation, oldest first. With `Accept: text/event-stream` they come as they are
/// sent, each an event, until the connection is closed. With `Accept: text/plain` they are lines of text.
#[utoipa::path(
    get, path = "/conversations/{conversation}/messages", tag = "messages",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        Slice
    ),
    responses(
        (status = 200, content(
            (Log = "application/json"), (String = "text/event-stream"), (String = "text/plain")
        )),
        (status = "default", body = Problem)
    )
)]
pub(crate) async fn list(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path(conversation): Path<String>,
    Query(slice): Query<Slice>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let topic = topic(&app, &caller, &conversation).await?;
    let form = Representation::preferred(&headers, LIST);
    list_as(&app, caller, topic, &slice, &headers, form).await.map(varying)
}

/// Returns a message as it is now, with its version; with `Accept: text/plain` its line.
#[utoipa::path(
    get, path = "/conversations/{conversation}/messages/{seq}", tag = "messages",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        ("seq" = u64, Path, description = "The number of the message"),
    ),
    responses(
        (status = 200, content((LogEntry = "application/json"), (String = "text/plain"))),
        (status = "default", body = Problem)
    )
)]
pub(crate) async fn read(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, seq)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let topic = topic(&app, &caller, &conversation).await?;
    let form = Representation::preferred(&headers, ONE);
    read_as(&app, caller, topic, place(&seq)?, &headers, form).await.map(varying)
}

/// Edits a message of the user of `Hubbub-As`, or of the application.
#[utoipa::path(
    patch, path = "/conversations/{conversation}/messages/{seq}", tag = "messages", request_body = ChangedMessage,
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        ("seq" = u64, Path, description = "The number of the message"),
        ("Idempotency-Key" = Option<String>, Header, description = "Your id for the change"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the message must have"),
    ),
    responses((status = 200, body = Acknowledgement), (status = "default", body = Problem))
)]
pub(crate) async fn edit(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, seq)): Path<(String, String)>,
    headers: HeaderMap,
    Body(change): Body<ChangedMessage>,
) -> Result<Json<Acknowledgement>, ApiError> {
    let (id, version) = (send_id(&app, &headers, change.id)?, expected(&headers)?);
    amend(&app, &caller, (&conversation, &seq), id, Amendment::Edit(change.text), version).await
}

/// Deletes a message. Its place stays, without its text.
#[utoipa::path(
    delete, path = "/conversations/{conversation}/messages/{seq}", tag = "messages",
    params(
        ("conversation" = String, Path, description = "Your key for the conversation, `id:` and its id, or a direct"),
        ("seq" = u64, Path, description = "The number of the message"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the message must have"),
    ),
    responses((status = 200, body = Acknowledgement), (status = "default", body = Problem))
)]
pub(crate) async fn delete(
    State(app): State<AppState>,
    Extension(caller): Extension<Caller>,
    Path((conversation, seq)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Acknowledgement>, ApiError> {
    let (id, version) = (app.chat.new_send_id(), expected(&headers)?);
    amend(&app, &caller, (&conversation, &seq), id, Amendment::Delete, version).await
}

/// Reads the users that a request names as recipients.
fn recipients(names: &[String]) -> Result<Vec<UserRef>, Refusal> {
    if names.len() > 2 * RECIPIENTS {
        return Err(Refusal::RecipientsBad);
    }
    names.iter().map(|name| UserRef::parse(name)).collect()
}

/// Amends a message, named by its conversation and its number in a path, if it has a version.
pub(crate) async fn amend(
    app: &AppState,
    caller: &Caller,
    (conversation, seq): (&str, &str),
    id: SendId,
    amendment: Amendment,
    version: Option<Version>,
) -> Result<Json<Acknowledgement>, ApiError> {
    let (topic, seq) = (topic(app, caller, conversation).await?, place(seq)?);
    Ok(Json(app.chat.amend_version(caller, &topic, id, seq, amendment, version).await?.into()))
}

/// Returns the sender's id of an entry: that of the body, or of the header `Idempotency-Key`, or a new one.
pub(crate) fn send_id(app: &AppState, headers: &HeaderMap, id: Option<String>) -> Result<SendId, Refusal> {
    let header = headers.get("idempotency-key").map(|key| key.to_str().unwrap_or_default().trim_matches('"'));
    match (id, header) {
        (Some(id), Some(header)) if id != header => {
            Err(Refusal::FieldWrong { field: "id".into(), wants: Expected::IdempotencyKey })
        }
        (Some(id), _) => SendId::new(&id),
        (None, Some(header)) => SendId::new(header),
        (None, None) => Ok(app.chat.new_send_id()),
    }
}

/// Returns the answer to a send.
pub(crate) fn acknowledged(ack: Ack) -> Response {
    let status = if ack.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    (status, Json(Acknowledgement::from(ack))).into_response()
}

/// Reads the files that a message takes.
fn attachments(files: Vec<AttachedFile>) -> Result<Vec<NewAttachment>, Refusal> {
    let read = |AttachedFile { id, alt }: AttachedFile| match id.parse() {
        Ok(id) => Ok(NewAttachment { id, alt }),
        Err(_) => Err(Refusal::AttachmentMissing { file: id.chars().take(64).collect() }),
    };
    files.into_iter().map(read).collect()
}

/// Reads the number of a message in a path.
pub(crate) fn place(seq: &str) -> Result<Seq, Refusal> {
    let wrong = Refusal::FieldWrong { field: "seq".into(), wants: Expected::MessageNumber };
    within(seq.parse().map_err(|_| wrong)?, "seq")
}

/// Refuses a number that no log reaches.
pub(crate) fn within(seq: u64, field: &'static str) -> Result<Seq, Refusal> {
    let is_reached = seq > 0 && i64::try_from(seq).is_ok();
    if is_reached {
        Ok(Seq(seq))
    } else {
        Err(Refusal::FieldWrong { field: field.into(), wants: Expected::MessageNumber })
    }
}

impl NewMessage {
    /// Returns a message with a text and nothing else.
    pub(crate) fn of(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl Slice {
    pub(crate) fn range(&self) -> Result<Range, Refusal> {
        let limit = number("limit", self.limit.as_deref())?;
        let limit = limit.map_or(PAGE_ENTRIES, |limit| usize::try_from(limit).unwrap_or(PAGE_ENTRIES));
        let after = number("after", self.after.as_deref())?.map(Seq);
        let before = number("before", self.before.as_deref())?.map(Seq);
        let Some(around) = number("around", self.around.as_deref())? else {
            return Ok(Range { after, before, limit });
        };
        if after.is_some() || before.is_some() {
            return Err(Refusal::FieldWrong { field: "around".into(), wants: Expected::NoOtherPlace });
        }
        // The numbers of a log have no holes.
        let limit = limit.clamp(1, PAGE_ENTRIES);
        let back = u64::try_from(limit / 2).unwrap_or_default().saturating_add(1);
        Ok(Range { after: Some(Seq(around.saturating_sub(back))), before: None, limit })
    }
}

impl From<Ack> for Acknowledgement {
    fn from(ack: Ack) -> Self {
        let Ack { id, topic, seq, timestamp, duplicate } = ack;
        Self {
            id: id.to_string(),
            topic: topic.as_str().to_owned(),
            seq: seq.0,
            timestamp: timestamp.to_string(),
            duplicate,
        }
    }
}

/// Answers with a [`Log`], whose entries are JSON already.
pub(super) fn log(JsonPage { entries, epoch, begins, head }: JsonPage) -> Response {
    let body = format!(r#"{{"entries":{entries},"epoch":"{epoch}","begins":{begins},"head":{head}}}"#);
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

impl From<Entry<RawJson>> for LogEntry {
    fn from(entry: Entry<RawJson>) -> Self {
        let Entry { id, topic, seq, data, timestamp } = entry;
        Self {
            id: id.to_string(),
            topic: topic.as_str().to_owned(),
            seq: seq.0,
            data: RawValue::from_string(data.as_str().to_owned()).unwrap_or_default(),
            timestamp: timestamp.to_string(),
        }
    }
}
