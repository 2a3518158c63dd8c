//! The context of server functions: domain, caller, links, redirects, status.

use std::sync::Arc;

use chat::names::HookName;
use chat::{ApiToken, Caller, Chat, WebhookTest};
use http::StatusCode;
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use wire::{Expected, GroupId, InviteId, JoinPolicy, Person, PublicId, Refusal, Timestamp, Topic, UserId};

use super::cookies::SessionCookie;
use crate::failure::Failure;
use crate::returned::ShownOnce;

/// The public origin, if the operator has set one. Absolute links begin with it.
#[derive(Clone, Debug)]
pub struct ServerOrigin(pub Option<String>);

/// Returns the domain, which the server provides to every render and call.
pub(crate) fn chat() -> Arc<Chat> {
    expect_context()
}

/// Returns the caller of this request.
pub(crate) fn caller() -> Caller {
    expect_context()
}

/// Returns the caller, with a token for their device: the browser's own, or a new one to be stored if they sign in.
pub(crate) fn caller_with_device() -> Caller {
    let caller = caller();
    let device = caller.device.clone().unwrap_or_else(|| chat().new_token());
    Caller { device: Some(device), ..caller }
}

/// Parses the id of a group from a link or a form.
pub(crate) fn group_id(text: &str) -> Result<GroupId, Failure> {
    text.parse().map_err(|_| Refusal::NotFound.into())
}

/// Parses the id of a user from a link or a form.
pub(crate) fn user_id(text: &str) -> Result<UserId, Failure> {
    text.parse().map_err(|_| Refusal::NotFound.into())
}

/// Parses the topic of a conversation from a form.
pub(crate) fn topic_of(text: &str) -> Result<Topic, Failure> {
    let topic = Topic::new(text)?;
    topic.conversation().ok_or(Refusal::NotFound)?;
    Ok(topic)
}

/// Returns the path of a conversation's page.
pub(crate) fn path_of(topic: &Topic, me: &Person) -> Result<String, Failure> {
    Ok(topic.conversation().ok_or(Refusal::NotFound)?.path(me.id))
}

/// Parses the id of an invite; returns none if it is invalid.
pub(crate) fn invite_id(text: &str) -> Option<InviteId> {
    text.parse().ok()
}

/// Parses the name of a webhook from a form. None has a name that cannot be read.
pub(crate) fn hook_name(text: &str) -> Result<HookName, Failure> {
    HookName::new(text).map_err(|_| Refusal::NotFound.into())
}

/// Parses the public id of an application. None has an id that cannot be read.
pub(crate) fn application_id(text: &str) -> Result<PublicId, Failure> {
    text.parse().map_err(|_| Refusal::NotFound.into())
}

/// Returns the owner as the caller who does something for an application.
pub(crate) async fn for_application(application: &str) -> Result<Caller, Failure> {
    let (chat, caller) = (chat(), caller());
    Ok(chat.for_application(&caller, application_id(application)?).await?)
}

/// Returns the names of conversations in the lines of a text. A link to a group stands for its id.
pub(crate) fn conversation_names(lines: &str) -> Vec<String> {
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| group_of_link(line).map_or_else(|| line.to_owned(), |id| format!("id:{id}"))).collect()
}

fn group_of_link(line: &str) -> Option<GroupId> {
    let address = line.strip_prefix("https://").or_else(|| line.strip_prefix("http://"))?;
    let (_, id) = address.split_once("/g/")?;
    id.split(['/', '?', '#']).next()?.parse().ok()
}

/// Parses a minute in UTC, as a field of a form has it.
pub(crate) fn minute_in_utc(text: &str) -> Result<Timestamp, Failure> {
    let wrong = || Refusal::FieldWrong { field: "since".into(), wants: Expected::PastTime };
    Ok(format!("{}:00.000Z", text.trim()).parse().map_err(|_| wrong())?)
}

/// Parses the join policy that a form chose.
pub(crate) fn join_policy_of(text: &str) -> Result<JoinPolicy, Failure> {
    match text {
        "listed" => Ok(JoinPolicy::Listed),
        "open" => Ok(JoinPolicy::Open),
        "invite" => Ok(JoinPolicy::Invite),
        _ => Err(Refusal::FieldWrong { field: "join_policy".into(), wants: Expected::JoinPolicy }.into()),
    }
}

/// Returns the absolute link to a group.
pub(crate) fn link_to(group: GroupId) -> String {
    absolute(&format!("/g/{group}"))
}

/// Returns the path of the page of a conversation, if a path that came from outside is one.
pub(crate) fn conversation_page(path: &str) -> Option<String> {
    let (kind, id) = path.strip_prefix('/')?.split_once('/')?;
    match kind {
        "g" => id.parse().ok().map(|id: GroupId| format!("/g/{id}")),
        "d" => id.parse().ok().map(|id: UserId| format!("/d/{id}")),
        _ => None,
    }
}

/// Returns the absolute link to a path of this server: it begins with the configured origin, else with the origin in
/// the caller's browser.
pub(crate) fn absolute(path: &str) -> String {
    if let Some(ServerOrigin(Some(origin))) = use_context() {
        return format!("{origin}{path}");
    }
    let parts = use_context::<Parts>();
    let host =
        parts.and_then(|parts| parts.headers.get(http::header::HOST)?.to_str().ok().map(str::to_owned));
    let scheme = if expect_context::<SessionCookie>().secure { "https" } else { "http" };
    format!("{scheme}://{}{path}", host.unwrap_or_else(|| "localhost".into()))
}

/// Shows a secret link once, in the response to a form.
pub(crate) fn show_once(link: &str) {
    if let Some(shown) = use_context::<ShownOnce>() {
        shown.set(link.to_owned());
    }
}

/// Shows the URL of an incoming webhook once, in the response to a form; returns it.
pub(crate) fn show_hook_url(token: &ApiToken) -> String {
    let url = absolute(&format!("/hooks/{}", token.reveal()));
    show_once(&url);
    url
}

/// Shows the result of a test of a webhook once, in the response to a form.
pub(crate) fn show_test(test: WebhookTest) {
    if let Some(shown) = use_context::<ShownOnce>() {
        shown.set_test(test);
    }
}

/// Redirects the browser to a path of this server; a script follows it on its own.
pub(crate) fn go_to(path: &str) {
    leptos_axum::redirect(path, false);
}

/// Sets the status of the page that is being rendered.
pub(crate) fn set_status(status: StatusCode) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_from_outside_leads_to_a_conversation_or_nowhere() {
        let id = GroupId::from_bytes([7; 10]);
        assert_eq!(conversation_page(&format!("/g/{id}")), Some(format!("/g/{id}")));
        let id = UserId::from_bytes([9; 10]);
        assert_eq!(conversation_page(&format!("/d/{id}")), Some(format!("/d/{id}")));
        for elsewhere in
            ["", "/", "//evil.example", "https://evil.example/g/1", "/g/../account", "/account", "g/1"]
        {
            assert_eq!(conversation_page(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(conversation_page(&format!("/g/{id}/../../account")), None);
    }

    #[test]
    fn a_line_names_a_conversation_by_its_key_its_id_or_the_link_to_its_group() {
        let id = GroupId::from_bytes([7; 10]);
        let lines = format!(
            " order 7 \r\n\r\nid:{id}\nhttps://chat.example/g/{id}?at=3\nhttp://localhost:8080/g/{id}/admin\n\
             https://shop.example/g/7\n/g/{id}"
        );
        let (by_id, path) = (format!("id:{id}"), format!("/g/{id}"));
        let names = ["order 7", &by_id, &by_id, &by_id, "https://shop.example/g/7", &path];
        assert_eq!(conversation_names(&lines), names);
        assert_eq!(conversation_names(" \n"), [""; 0]);
    }

    #[test]
    fn a_minute_of_a_form_is_in_utc() {
        assert_eq!(minute_in_utc("1970-01-01T00:01"), Ok(Timestamp(60_000)));
        for odd in ["", "yesterday", "2026-11-30", "2026-11-30T09:00:00.000Z", "2026-13-30T09:00"] {
            let refused = minute_in_utc(odd).unwrap_err();
            assert_eq!(refused.refused.code, "field_wrong", "{odd}");
        }
    }
}
