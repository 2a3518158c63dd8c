//! Forms of a browser without scripts: a refused one comes back with the reason and all typed values.

use std::collections::BTreeSet;

use chat::Token;
use chat::testing::{User, guest};
use server::ServerHandle;
use wire::{GroupId, JoinPolicy, Topic};

use crate::markup::Markup;
use crate::people::{cookie, get, post, raw, server};

const HTML: &str = "Accept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\n";

struct World {
    server: ServerHandle,
    group: GroupId,
    /// The owner of the server, and the group's only admin.
    milad: (User, Token),
    /// A member, with an account.
    sara: (User, Token),
    /// A guest, not a member of any group.
    guest: (User, Token),
    said: u64,
}

impl World {
    async fn new() -> Self {
        let server = server().await;
        let chat = server.chat().clone();
        let introduce = async |name: &str| guest(&chat, name).await;
        let (milad, sara, guest) =
            (introduce("میلاد").await, introduce("Sára Ødegård").await, introduce("山田").await);
        chat.create_account(&milad.0, "correct horse battery").await.unwrap();
        chat.create_account(&sara.0, "correct horse battery").await.unwrap();
        let group = chat.create_group(&milad.0, "Tea & <cake>", JoinPolicy::Open).await.unwrap().id;
        chat.join(&sara.0, group, None).await.unwrap();
        let said = chat.post(&milad.0, Topic::group(group), chat.new_send_id(), "hello", None).await.unwrap();
        chat.create_invite(&milad.0, group, 60, 0).await.unwrap();
        chat.create_hook(&milad.0, group, "Kettle").await.unwrap();
        Self { server, group, milad, sara, guest, said: said.seq.0 }
    }

    /// Sends a form and returns the resulting page with its status.
    async fn sends(&self, who: Option<&(User, Token)>, case: &Case) -> (u16, String) {
        let fields = case.fields.iter().map(|(name, value)| (*name, value.as_str()));
        let fields = fields.chain([("page", case.page.as_str())]);
        let body: Vec<_> = fields.map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let headers = format!("{}{HTML}", self.cookie(who));
        raw(&self.server, &post(case.action, &headers, &body.join("&"))).await
    }

    async fn opens(&self, who: Option<&(User, Token)>, page: &str) -> String {
        raw(&self.server, &get(page, &format!("{}Accept: text/html\r\n", self.cookie(who)))).await.1
    }

    fn cookie(&self, who: Option<&(User, Token)>) -> String {
        who.map(|(_, token)| format!("Cookie: {}\r\n", cookie(&self.server, token))).unwrap_or_default()
    }
}

/// A form that is refused.
struct Case {
    action: &'static str,
    page: String,
    fields: Vec<(&'static str, String)>,
    /// A part of the reason.
    reason: &'static str,
}

fn case(action: &'static str, page: &str, fields: &[(&'static str, &str)], reason: &'static str) -> Case {
    let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Case { action, page: page.into(), fields, reason }
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Fields that never come back.
const SECRETS: [&str; 4] = ["password", "old", "new", "token"];
/// Fields that name the subject of the form; the page has them anyway, or the form is gone.
const GIVEN: [&str; 13] = [
    "group", "topic", "id", "target", "action", "invite", "handle", "user", "on", "role", "archived",
    "reply_to", "hook",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refused_form_comes_back_with_the_reason_and_all_that_was_typed_but_secrets() {
    let world = World::new().await;
    let (group, said) = (world.group.to_string(), world.said.to_string());
    let (topic, sara) = (format!("group/{group}"), world.sara.0.id.to_string());
    let milad = world.milad.0.id.to_string();
    let inside = format!("/g/{group}?at={said}");
    let admin = format!("/g/{group}/admin?find=S%C3%A1ra");
    let whole = format!("/g/{group}/admin");
    let message = format!("/g/{group}/m/{said}");
    let long = "長い</textarea>\n".repeat(2_000);
    let lines = format!("\n first line\n{}", "x".repeat(600));
    let (owner, member, guest) = (Some(&world.milad), Some(&world.sara), Some(&world.guest));
    let cases = [
        (None, case("/do/create_guest", "/", &[("name", "an\u{202e}n\"<b>")], "control or text-direction")),
        (
            None,
            case("/do/create_guest", &inside, &[("name", &"W".repeat(60)), ("group", &group)], "at most 40"),
        ),
        (None, case("/do/sign_in", "/sign-in", &[("name", "Sára"), ("password", "s3cr3t-typed")], "name")),
        (
            guest,
            case("/do/create_account", "/account", &[("password", "s3cr3t")], "characters for the password"),
        ),
        (
            guest,
            case(
                "/do/create_group",
                "/",
                &[("name", &"é".repeat(90)), ("join_policy", "listed")],
                "too long",
            ),
        ),
        (
            guest,
            case(
                "/do/join",
                &format!("/g/{group}"),
                &[("group", "0000000000000000")],
                "you don't have access",
            ),
        ),
        (owner, case("/do/create_group_with", "/people?find=%C3%98", &[("name", "Us & <them>")], "Choose")),
        (owner, case("/do/create_group_with", "/people", &[("name", "  "), ("users[]", &sara)], "empty")),
        (owner, case("/do/set_bio", "/account", &[("bio", &lines.repeat(9))], "long")),
        (
            owner,
            case(
                "/do/change_password",
                "/account",
                &[("old", "s3cr3t-old"), ("new", "s3cr3t-new-one")],
                "name",
            ),
        ),
        (
            owner,
            case(
                "/do/broadcast",
                "/broadcast",
                &[("id", "b1"), ("audience", "groups"), ("to[]", &topic), ("text", &long)],
                "too long",
            ),
        ),
        (
            owner,
            case(
                "/do/broadcast",
                "/broadcast",
                &[("id", "b2"), ("audience", "these"), ("text", &lines)],
                "Choose",
            ),
        ),
        (
            owner,
            case(
                "/do/update_settings",
                &admin,
                &[
                    ("group", &group),
                    ("name", "新しい名前 <b>"),
                    ("description", &lines[..200]),
                    ("limit", "0"),
                    ("join_policy", "invite"),
                    ("slow_s", "60"),
                    ("announcing", "on"),
                ],
                "limit",
            ),
        ),
        (
            owner,
            case(
                "/do/manage_members",
                &whole,
                &[("group", &group), ("users[]", &milad), ("action", "demote")],
                "admin",
            ),
        ),
        (
            owner,
            case(
                "/do/create_invite",
                &whole,
                &[("group", &group), ("minutes", "1440"), ("uses", "many")],
                "whole number",
            ),
        ),
        (
            owner,
            case("/do/create_hook", &whole, &[("group", &group), ("name", &"x".repeat(41))], "40 characters"),
        ),
        (
            owner,
            case("/do/rotate_hook", &whole, &[("group", &group), ("hook", "gone")], "you don't have access"),
        ),
        (
            owner,
            case("/do/delete_hook", &whole, &[("group", &group), ("hook", "No")], "you don't have access"),
        ),
        (
            owner,
            case(
                "/do/revoke_invite",
                &whole,
                &[("group", &group), ("invite", "nonsense")],
                "you don't have access",
            ),
        ),
        (
            owner,
            case(
                "/do/delete_group",
                &whole,
                &[("group", &group), ("typed", "tea and \"cake\"")],
                "isn't the name",
            ),
        ),
        (member, case("/do/archive", &message, &[("group", &group), ("archived", "true")], "admin")),
        (owner, case("/do/leave", &inside, &[("group", &group)], "admin")),
        (
            member,
            case("/do/set_preferences", &inside, &[("topic", &topic), ("notify", "shouting")], "notify"),
        ),
        (member, case("/do/post", &inside, &[("topic", &topic), ("id", "p1"), ("text", &long)], "too long")),
        (member, case("/do/post", &message, &[("topic", &topic), ("id", "p2"), ("text", &long)], "too long")),
        (
            owner,
            case(
                "/do/amend",
                &message,
                &[("topic", &topic), ("target", &said), ("action", "edit"), ("text", &long)],
                "too long",
            ),
        ),
        (
            owner,
            case(
                "/do/amend",
                &message,
                &[("topic", &topic), ("target", &said), ("action", "edit"), ("text", "  ")],
                "empty",
            ),
        ),
        (
            member,
            case(
                "/do/amend",
                &message,
                &[("topic", &topic), ("target", &said), ("action", "react"), ("emoji", "<b>no emoji</b>")],
                "one emoji",
            ),
        ),
        (owner, case("/do/block", "/account", &[("user", &milad), ("on", "true")], "yourself")),
        (owner, case("/do/end_session", "/account", &[("handle", "nonsense")], "you don't have access")),
        (
            owner,
            case(
                "/do/set_application_role",
                "/server?find=te",
                &[("user", &milad), ("role", "king")],
                "admin or member",
            ),
        ),
        (owner, case("/do/create_reset_link", "/server", &[("user", &milad)], "")),
        (
            None,
            case(
                "/do/reset_password",
                "/reset/0123",
                &[("token", "0123"), ("password", "s3cr3t-typed")],
                "link",
            ),
        ),
    ];
    for (who, case) in &cases {
        let (status, answer) = world.sends(*who, case).await;
        let Case { action, page, fields, reason } = case;
        assert!(status >= 400, "{action}: {answer}");
        assert!(answer.contains("content-type: text/html"), "{action}: {answer}");
        let markup = Markup::of(&answer);
        let reasons = [markup.texts(".refusal"), markup.texts("main p")].concat();
        assert!(
            reasons.iter().any(|shown| shown.contains(reason) && !shown.is_empty()),
            "{action}: {reasons:?}"
        );
        for (name, value) in fields {
            if SECRETS.contains(name) {
                assert!(!answer.contains(value.as_str()) || value.len() < 6, "{action}: {name} comes back");
            } else if !GIVEN.contains(name) && value != "shouting" {
                let back = markup.field(action, name);
                assert!(back.contains(value), "{action} on {page}: {name} = {back:?}");
            }
        }
        // The form's next submission names its page, too.
        let pages: BTreeSet<_> = markup.attributes("input[name=page]", "value").into_iter().collect();
        assert!(pages.iter().all(|known| known == page), "{action}: {pages:?}");
    }
    // Every form of the app is covered; signing out is never refused.
    let mut actions = BTreeSet::new();
    for who in [None, owner, member, guest] {
        for page in
            ["/", "/sign-in", "/account", "/people", "/broadcast", "/server", &inside, &whole, &message]
        {
            actions
                .extend(Markup::of(&world.opens(who, page).await).attributes("form[method=post]", "action"));
        }
    }
    let tried: BTreeSet<_> = cases.iter().map(|(_, case)| case.action.to_owned()).collect();
    let untried: Vec<_> = actions.difference(&tried).collect();
    assert_eq!(untried, ["/account/picture", "/do/sign_out"]);
    world.server.stop().await;
}

#[tokio::test]
async fn what_was_typed_is_not_lost_with_the_page_it_stood_on() {
    let world = World::new().await;
    let topic = format!("group/{}", world.group);
    let page = format!("/g/{}", world.group);
    let words = "a long letter </textarea> of سارا";
    let fields = [("topic", topic.as_str()), ("id", "x"), ("text", words)];
    // The session was ended in another tab.
    let (status, answer) = world.sends(None, &case("/do/post", &page, &fields, "")).await;
    assert_eq!(status, 401, "{answer}");
    let markup = Markup::of(&answer);
    assert_eq!(markup.texts("textarea"), [words]);
    assert_eq!(markup.texts(".refusal"), ["Pick a name or sign in first."]);
    assert_eq!(markup.attributes("main a", "href"), [page.as_str()]);
    // The group was deleted.
    world.server.chat().delete_group(&world.milad.0, world.group, "Tea & <cake>").await.unwrap();
    let (status, answer) = world.sends(Some(&world.sara), &case("/do/post", &page, &fields, "")).await;
    assert!(status >= 400, "{answer}");
    assert_eq!(Markup::of(&answer).texts("textarea"), [words]);
    world.server.stop().await;
}

#[tokio::test]
async fn nothing_from_an_address_is_shown_as_ours() {
    let world = World::new().await;
    let words = "Your account is locked, call 555-0100";
    let query = format!(
        "?refused={0}&form=%2Fdo%2Fpost&draft={0}&error={0}&message={0}&name={0}&text={0}&link={1}&page={0}",
        encode(words),
        world.milad.1.reveal(),
    );
    for who in [None, Some(&world.milad), Some(&world.sara)] {
        for page in ["/", "/sign-in", "/account", "/people", "/broadcast", "/server", "/groups"] {
            let answer = world.opens(who, &format!("{page}{query}")).await;
            let markup = Markup::of(&answer);
            assert!(!markup.texts("body").concat().contains("555-0100"), "{page}: {answer}");
            let values = markup.attributes("input:not([name=page]), textarea", "value");
            let links = values.iter().filter(|value| value.contains("555-0100") || value.contains("/reset/"));
            assert_eq!(links.count(), 0, "{page}: {values:?}");
        }
        for page in [format!("/g/{}", world.group), format!("/g/{}/admin", world.group)] {
            let answer = world.opens(who, &format!("{page}{query}")).await;
            let markup = Markup::of(&answer);
            let said = [markup.texts("body :not(script)"), markup.texts("textarea")].concat().concat();
            assert!(!said.contains("555-0100"), "{page}: {answer}");
        }
    }
    world.server.stop().await;
}

#[tokio::test]
async fn a_link_for_a_new_password_stands_in_no_address_and_is_shown_once() {
    let world = World::new().await;
    let sara = world.sara.0.id.to_string();
    let offer = case("/do/create_reset_link", "/server?find=te", &[("user", &sara)], "");
    let (status, answer) = world.sends(Some(&world.milad), &offer).await;
    assert_eq!(status, 200, "{answer}");
    let head = answer.split("\r\n\r\n").next().unwrap();
    assert!(!head.contains("\nlocation:") && head.contains("referrer-policy: same-origin"), "{head}");
    let links = Markup::of(&answer).attributes("#reset-link", "value");
    assert!(links[0].starts_with("http://localhost/reset/") && !links[0].contains('?'), "{links:?}");
    let again = world.opens(Some(&world.milad), "/server?find=te").await;
    assert!(Markup::of(&again).attributes("#reset-link", "value").is_empty());
    world.server.stop().await;
}

#[tokio::test]
async fn a_form_that_was_taken_leads_back_to_its_page_with_its_query_and_nowhere_else() {
    let world = World::new().await;
    let group = world.group.to_string();
    let leads = async |page: &str| {
        let fields = [("group", group.as_str()), ("minutes", "60"), ("uses", "")];
        let (status, answer) =
            world.sends(Some(&world.milad), &case("/do/create_invite", page, &fields, "")).await;
        assert_eq!(status, 303, "{answer}");
        let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
        location.trim().to_owned()
    };
    assert_eq!(leads(&format!("/g/{group}/admin?find=a%26b")).await, format!("/g/{group}/admin?find=a%26b"));
    for odd in
        ["//evil.example/", "https://evil.example//evil.example", "/\\evil.example", "\r\nset-cookie: x=y"]
    {
        assert_eq!(leads(odd).await, "/", "{odd}");
    }
    world.server.stop().await;
}
