//! Conversations at the addresses of their pages, for programs and terminals: JSON, plain text or a stream of events, as
//! `Accept` asks for, and posting. A browser gets the page.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Query, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chat::Caller;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use wire::{GroupId, Pair, Refusal, Topic};

use crate::http::api::v1::body::Body;
use crate::http::api::v1::conversations::topic;
use crate::http::api::v1::error::ApiError;
use crate::http::api::v1::message_forms::{list_as, read_as, varying};
use crate::http::api::v1::messages::{self, NewMessage, Slice, place};
use crate::http::negotiation::{Representation, is_media_type};
use crate::http::session::bearer;
use crate::middleware::LogId;
use crate::server::AppState;

/// The address of a conversation or of one of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address<'a> {
    /// The group, or the other user of a direct.
    of: Of<'a>,
    /// The number of the message.
    message: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of<'a> {
    Group(&'a str),
    DirectWith(&'a str),
}

/// Returns true if a request is for a program: then API tokens and user tokens count as in the API.
pub(crate) fn is_for_program(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    Address::of(path).is_some() && (method == Method::POST || form(headers) != Representation::Html)
}

/// Middleware: answers what is for programs, and leaves pages to the next layer.
pub(crate) async fn negotiate(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let Some(address) = Address::of(&path) else { return next.run(request).await };
    let is_post = request.method() == Method::POST;
    if !is_post && (request.method() != Method::GET || form(request.headers()) == Representation::Html) {
        return varying(next.run(request).await);
    }
    let id = request.extensions().get::<LogId>().map(ToString::to_string).unwrap_or_default();
    let answer = if is_post { post(app, address, request).await } else { get(app, address, request).await };
    answer.map_or_else(|error| varying(error.document(id)), varying)
}

/// Returns the form that a client wants. Without a preference it is the page, as for a browser or a preview of a link;
/// but a client with a token is a program, for which there is no page.
fn form(headers: &HeaderMap) -> Representation {
    use Representation::{Events, Html, Json, Text};
    if headers.contains_key(AUTHORIZATION) {
        Representation::preferred(headers, [Text, Json, Events, Html])
    } else {
        Representation::preferred(headers, [Html, Text, Json, Events])
    }
}

async fn get(app: AppState, address: Address<'_>, request: Request) -> Result<Response, ApiError> {
    let caller = caller(&request)?;
    // As in the API, a conversation of others looks like one that does not exist.
    let topic = topic(&app, &caller, &address.name(&caller)?).await?;
    let (headers, form) = (request.headers(), form(request.headers()));
    if let Some(seq) = address.message {
        return read_as(&app, caller, topic, place(seq)?, headers, form).await;
    }
    let slice = Query::<Slice>::try_from_uri(request.uri()).map_err(|_| Refusal::RequestBad)?;
    list_as(&app, caller, topic, &slice, headers, form).await
}

/// Posts a message: a text, or JSON as in the API. A browser that is signed in sends its cookie with whatever a page makes
/// it send, so only a token counts.
async fn post(app: AppState, address: Address<'_>, request: Request) -> Result<Response, ApiError> {
    let headers = request.headers().clone();
    if bearer(&headers).is_none() {
        return Err(Refusal::ApiTokenNeeded.into());
    }
    if address.message.is_some() {
        return Err(Refusal::MethodWrong.into());
    }
    let caller = caller(&request)?;
    let name = address.name(&caller)?;
    let new = message(request, &app).await?;
    messages::send(State(app), Extension(caller), Path(name), headers, Body(new)).await
}

/// Reads the message in a body.
async fn message(request: Request, app: &AppState) -> Result<NewMessage, ApiError> {
    if is_media_type(request.headers(), "application/json") {
        let Body(new) = Body::from_request(request, app).await?;
        return Ok(new);
    }
    if !is_media_type(request.headers(), "text/plain") {
        return Err(Refusal::ContentTypeWrong { wants: "text/plain or application/json".into() }.into());
    }
    let bytes = Bytes::from_request(request, app).await.map_err(|_| Refusal::RequestBad)?;
    let wrong = || Refusal::ContentTypeWrong { wants: "text/plain; charset=utf-8".into() };
    let text = String::from_utf8(bytes.into()).map_err(|_| wrong())?;
    Ok(NewMessage::of(text))
}

fn caller(request: &Request) -> Result<Caller, Refusal> {
    request.extensions().get::<Caller>().cloned().ok_or(Refusal::SignInNeeded)
}

impl<'a> Address<'a> {
    /// Reads the path of a page; none if it is that of another page.
    fn of(path: &'a str) -> Option<Self> {
        let (rest, of): (&str, fn(&'a str) -> Of<'a>) = match path.strip_prefix("/g/") {
            Some(rest) => (rest, Of::Group),
            None => (path.strip_prefix("/d/")?, Of::DirectWith),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (id, message) = match rest.split_once('/') {
            Some((id, rest)) => (id, Some(rest.strip_prefix("m/").filter(|seq| !seq.contains('/'))?)),
            None => (rest, None),
        };
        Some(Self { of: of(id), message }).filter(|_| !id.is_empty())
    }

    /// Returns the name of the conversation in the API.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], and those of [`Caller::scoped_actor`]; for a direct those of [`Caller::scoped_user`].
    fn name(self, caller: &Caller) -> Result<String, Refusal> {
        caller.scoped_actor()?;
        match self.of {
            Of::Group(id) => id.parse().map(|id: GroupId| format!("id:{id}")).map_err(|_| Refusal::NotFound),
            Of::DirectWith(id) => {
                let other = id.parse().map_err(|_| Refusal::NotFound)?;
                let pair = Pair::of(caller.scoped_user()?.id, other).ok_or(Refusal::NotFound)?;
                Ok(Topic::direct(pair).as_str().replacen("direct/", "direct:", 1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pages_of_conversations_and_messages_have_other_forms() {
        let group = |message| Some(Address { of: Of::Group("a"), message });
        let direct = |message| Some(Address { of: Of::DirectWith("b"), message });
        for (path, expected) in [
            ("/g/a", group(None)),
            ("/g/a/", group(None)),
            ("/g/a/m/7", group(Some("7"))),
            ("/d/b", direct(None)),
            ("/d/b/m/x", direct(Some("x"))),
            ("/g/a/members", None),
            ("/g/a/m/7/8", None),
            ("/g/", None),
            ("/g//m/7", None),
            ("/groups", None),
            ("/", None),
        ] {
            assert_eq!(Address::of(path), expected, "{path}");
        }
    }
}
