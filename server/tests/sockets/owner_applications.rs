//! The owner's pages of applications: forms without a script.

use chat::testing::{User, guest};
use chat::{Caller, Principal, Token, UserRef};
use server::ServerHandle;

use crate::markup::Markup;
use crate::people::{cookie, get, post, raw, server};

/// Sends a form of the owner; returns the status and the answer.
pub(super) async fn sends(
    server: &ServerHandle,
    token: &Token,
    action: &str,
    fields: &[(&str, &str)],
) -> (u16, String) {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let headers = format!(
        "Cookie: {}\r\nAccept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        cookie(server, token)
    );
    raw(server, &post(action, &headers, &body.join("&"))).await
}

pub(super) async fn opens(server: &ServerHandle, token: &Token, page: &str) -> (u16, Markup) {
    let headers = format!("Cookie: {}\r\nAccept: text/html\r\n", cookie(server, token));
    let (status, answer) = raw(server, &get(page, &headers)).await;
    (status, Markup::of(&answer))
}

pub(super) async fn owner(server: &ServerHandle) -> (User, Token) {
    let (user, token) = guest(server.chat(), "Wanjirũ").await;
    server.chat().create_account(&user, "correct horse battery").await.unwrap();
    (user, token)
}

/// Returns the token that a page shows.
fn shown(page: &Markup) -> Option<chat::ApiToken> {
    page.attributes("#new-token", "value").first().and_then(|token| chat::ApiToken::parse(token))
}

#[tokio::test]
async fn the_owner_creates_an_application_whose_token_is_shown_once() {
    let server = server().await;
    let (_, token) = owner(&server).await;
    let list = "/server/applications";
    let new = [("title", "متجر نور"), ("description", "Tea & cups"), ("page", list)];
    let (status, answer) = sends(&server, &token, "/do/create_application", &new).await;
    assert_eq!(status, 200, "{answer}");
    let first = shown(&Markup::of(&answer)).expect("the token is in the answer");
    let program = server.chat().authenticate_api_token(&first).await.unwrap().expect("it works");
    assert_eq!(server.chat().application_of(&program).await.unwrap().title.as_str(), "متجر نور");
    let (status, page) = opens(&server, &token, list).await;
    assert_eq!((status, shown(&page)), (200, None), "it is not shown again");
    assert!(page.texts("main").concat().contains("متجر نور"));

    let application = server.chat().application_of(&program).await.unwrap();
    let (id, one) = (application.public_id.to_string(), format!("{list}/{}", application.public_id));
    let change = [
        ("application", id.as_str()),
        ("title", "Noor's shop"),
        ("description", ""),
        ("origins", "https://shop.example\r\n\r\n http://localhost:4000 "),
        ("implicit_creation", "on"),
        ("page", &one),
    ];
    let (_, page) = opens(&server, &token, &one).await;
    let ticked = |page: &Markup| page.attributes("input[type=checkbox][checked]", "name");
    assert_eq!(ticked(&page), [""; 0]);
    let (status, answer) = sends(&server, &token, "/do/change_application", &change).await;
    assert_eq!(status, 303, "{answer}");
    let (_, page) = opens(&server, &token, &one).await;
    assert_eq!(ticked(&page), ["implicit_creation"]);
    // A refused form comes back as it was sent, and what is not ticked is off.
    let mut other = change;
    (other[1].1, other[4].0) = ("", "user_conversations");
    let (status, answer) = sends(&server, &token, "/do/change_application", &other).await;
    assert_eq!((status, ticked(&Markup::of(&answer))), (422, vec!["user_conversations".into()]), "{answer}");
    other[1].1 = "Noor's shop";
    sends(&server, &token, "/do/change_application", &other).await;
    assert_eq!(ticked(&opens(&server, &token, &one).await.1), ["user_conversations"]);
    let changed = server.chat().application_of(&program).await.unwrap();
    let origins = ["https://shop.example", "http://localhost:4000"];
    assert_eq!(
        (changed.title.as_str(), &changed.config.allowed_origins[..]),
        ("Noor's shop", &origins.map(str::to_owned)[..])
    );

    // A second token beside the first one, and then one that replaces both.
    let mut works = Vec::new();
    for rotate in ["false", "true"] {
        let new = [("application", id.as_str()), ("label", "ci"), ("rotate", rotate), ("page", &one)];
        let (_, answer) = sends(&server, &token, "/do/create_application_token", &new).await;
        let next = shown(&Markup::of(&answer)).expect("the token is in the answer");
        assert!(server.chat().authenticate_api_token(&next).await.unwrap().is_some());
        works.push(server.chat().authenticate_api_token(&first).await.unwrap().is_some());
    }
    assert_eq!(works, [true, false]);

    for (typed, status) in [("Noors shop", 422), ("Noor's shop", 303)] {
        let delete = [("application", id.as_str()), ("typed", typed), ("page", one.as_str())];
        assert_eq!(sends(&server, &token, "/do/delete_application", &delete).await.0, status);
    }
    assert_eq!(opens(&server, &token, &one).await.0, 404);
    server.stop().await;
}

#[tokio::test]
async fn a_program_that_acts_as_the_owner_manages_no_applications() {
    let server = server().await;
    let (owner, _) = owner(&server).await;
    let chat = server.chat();
    let built_in = chat.applications(&Caller::operator(), None).await.unwrap().items.remove(0);
    let token =
        chat.create_api_token(&Caller::operator(), built_in.public_id, "", None, false).await.unwrap();
    let program = chat.authenticate_api_token(&token).await.unwrap().unwrap();
    let acting = chat.act_as(program, &UserRef::Id(owner.id)).await.unwrap();
    assert!(matches!(acting.principal, Principal::User(_)));
    let refused = chat.create_application(&acting, "Shop", "").await.unwrap_err();
    assert_eq!(refused.into_refusal(), wire::Refusal::NotOperator);
    server.stop().await;
}
