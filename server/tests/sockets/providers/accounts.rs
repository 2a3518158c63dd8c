//! Accounts of people who sign in by a provider.

use chat::testing::{User, guest};
use chat::{Caller, ProviderSignUp};
use serde_json::json;
use server::ServerHandle;
use wire::JoinPolicy;

use super::browser::{Answer, Browser};
use super::provider::FakeProvider;
use super::server_with;
use crate::people::cookie;

/// Creates an account with a password; returns a browser that is signed in to it.
async fn account(server: &ServerHandle, name: &str) -> (User, Browser) {
    let (person, token) = guest(server.chat(), name).await;
    let caller = Caller { session: Some(token.clone()), ..person.caller() };
    server.chat().create_account(&caller, "correct horse battery").await.unwrap();
    let mut browser = Browser::default();
    for pair in cookie(server, &token).split("; ") {
        let (name, value) = pair.split_once('=').unwrap();
        browser.cookies.insert(name.into(), value.into());
    }
    (person, browser)
}

/// Returns the address on the account page that links the provider.
async fn link_address(server: &ServerHandle, browser: &mut Browser) -> String {
    let page = browser.page(server, "/account").await.text;
    let (_, rest) = page.split_once("href=\"/sign-in/office?link=").expect("the page has the link");
    format!("/sign-in/office?link={}", rest.split('"').next().unwrap().replace("&amp;", "&"))
}

async fn link(
    server: &ServerHandle,
    browser: &mut Browser,
    provider: &FakeProvider,
    subject: &str,
) -> Answer {
    let address = link_address(server, browser).await;
    let url = browser.begin(server, &address).await;
    let back = provider.authorize(&url, subject, |_| {});
    browser.get(server, &format!("/sign-in/office/callback?{back}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_user_gets_a_free_name_and_comes_back_under_it() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    account(&server, "Wanjirũ").await;
    for (subject, claims, name) in [
        ("1", json!({ "preferred_username": "WANJIRŨ" }), "WANJIRŨ 2"),
        ("2", json!({ "preferred_username": "wanjirũ@example.org" }), "wanjirũ 3"),
        ("3", json!({ "preferred_username": "", "name": "  李雷  " }), "李雷"),
        ("4", json!({ "name": "\u{202e}evil", "given_name": "Zoë" }), "Zoë"),
        ("5", json!({ "name": 7 }), "Newcomer"),
        ("6", json!({ "name": "a".repeat(300) }), &"a".repeat(36)),
    ] {
        for _ in 0..2 {
            let mut browser = Browser::default();
            let claims = claims.clone();
            let answer = browser
                .sign_in(&server, &provider, subject, |draft| {
                    draft.claims.as_object_mut().unwrap().remove("preferred_username");
                    draft.claims.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
                })
                .await;
            assert_eq!(answer.location(), "/", "{subject}");
            assert_eq!(browser.name(&server).await.as_deref(), Some(name), "{subject}");
        }
    }
    // The subject is the user, under another name and address as well.
    let mut browser = Browser::default();
    browser
        .sign_in(&server, &provider, "3", |draft| {
            draft.claims["preferred_username"] = "Wanjirũ".into();
            draft.claims["email"] = "wanjiru@example.org".into();
        })
        .await;
    assert_eq!(browser.name(&server).await.as_deref(), Some("李雷"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_a_password_says_so_and_can_get_one() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    let mut zoe = Browser::default();
    zoe.sign_in(&server, &provider, "Zoë", |_| {}).await;
    let form = "name=Zo%C3%AB&password=correct+horse+battery";
    let answer = Browser::default().submit(&server, "/do/sign_in", form).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "password_not_set"));
    let answer = zoe.submit(&server, "/do/change_password", "old=&new=correct+horse+battery").await;
    assert_eq!(answer.code(), "password_not_set");
    let answer = zoe.submit(&server, "/do/unlink_provider", "provider=office").await;
    assert_eq!(answer.code(), "last_way_in");
    let page = zoe.page(&server, "/account").await.text;
    assert!(page.contains("/do/set_password") && !page.contains("/do/change_password"), "{page}");
    let answer = zoe.submit(&server, "/do/set_password", "password=12345678").await;
    assert_eq!(answer.code(), "password_weak");
    let answer = zoe.submit(&server, "/do/set_password", "password=correct+horse+battery").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = zoe.submit(&server, "/do/set_password", "password=another+horse+battery").await;
    assert_eq!(answer.code(), "password_set");
    let answer = zoe.submit(&server, "/do/unlink_provider", "provider=office").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = zoe.submit(&server, "/do/unlink_provider", "provider=office").await;
    assert_eq!(answer.code(), "not_found");
    let answer = Browser::default().submit(&server, "/do/sign_in", form).await;
    assert!(answer.status < 400, "{answer:?}");
    // The identity opens another account from now on.
    let mut other = Browser::default();
    other.sign_in(&server, &provider, "Zoë", |_| {}).await;
    assert_eq!(other.name(&server).await.as_deref(), Some("Zoë 2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_is_linked_from_the_account_page_and_never_by_a_name_or_an_address() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    let (_, mut li) = account(&server, "李雷").await;
    let (_, mut zoe) = account(&server, "Zoë").await;
    assert_eq!(link(&server, &mut li, &provider, "248289761001").await.location(), "/account");
    let page = li.page(&server, "/account").await.text;
    assert!(page.contains("/do/unlink_provider") && !page.contains("?link="), "{page}");
    let mut elsewhere = Browser::default();
    elsewhere.sign_in(&server, &provider, "248289761001", |_| {}).await;
    assert_eq!(elsewhere.name(&server).await.as_deref(), Some("李雷"));
    let answer = link(&server, &mut zoe, &provider, "248289761001").await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "identity_taken"));
    assert_eq!(zoe.name(&server).await.as_deref(), Some("Zoë"), "she stays signed in as herself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_begins_or_ends_linking() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    let (_, mut li) = account(&server, "李雷").await;
    let (_, mut mallory) = account(&server, "mallory").await;
    let of_mallory = link_address(&server, &mut mallory).await;
    for address in [of_mallory.as_str(), "/sign-in/office?link=", "/sign-in/office?link=nonsense"] {
        assert_eq!(li.get(&server, address).await.code(), "sign_in_over", "{address}");
    }
    assert_eq!(Browser::default().get(&server, &of_mallory).await.code(), "sign_in_over");
    // Begun in one session and ended in another.
    let address = link_address(&server, &mut li).await;
    let url = li.begin(&server, &address).await;
    let back = provider.authorize(&url, "mallory's", |_| {});
    let state = li.cookies.iter().find(|(name, _)| name.contains("_sign_in")).unwrap();
    mallory.cookies.insert(state.0.clone(), state.1.clone());
    let answer = mallory.get(&server, &format!("/sign-in/office/callback?{back}")).await;
    assert_eq!(answer.code(), "sign_in_over");
    let mut other = Browser::default();
    other.sign_in(&server, &provider, "mallory's", |_| {}).await;
    assert_eq!(other.name(&server).await.as_deref(), Some("mallory's"), "it is linked to nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_says_who_may_sign_up() {
    let provider = FakeProvider::start().await;
    let off = server_with(&provider, |it| it.sign_up = ProviderSignUp::Off).await;
    let answer = Browser::default().sign_in(&off, &provider, "zoë", |_| {}).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "provider_sign_up_closed"));
    let (_, mut li) = account(&off, "李雷").await;
    assert_eq!(link(&off, &mut li, &provider, "li").await.location(), "/account");
    let mut elsewhere = Browser::default();
    elsewhere.sign_in(&off, &provider, "li", |_| {}).await;
    assert_eq!(elsewhere.name(&off).await.as_deref(), Some("李雷"), "linked people still sign in");

    let invited = server_with(&provider, |it| it.sign_up = ProviderSignUp::Invited).await;
    let (ann, _) = account(&invited, "Wanjirũ").await;
    let chat = invited.chat();
    let group = chat.create_group(&ann, "Tea", JoinPolicy::Invite).await.unwrap().id;
    let invite = chat.create_invite(&ann, group, 60, 1).await.unwrap();
    let come = async |next: &str| {
        let mut browser = Browser::default();
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let url = browser.begin(&invited, &format!("/sign-in/office?next={next}")).await;
        let back = provider.authorize(&url, "zoë", |_| {});
        browser.get(&invited, &format!("/sign-in/office/callback?{back}")).await
    };
    assert_eq!(come("/").await.code(), "provider_sign_up_closed");
    assert_eq!(come(&format!("/g/{group}")).await.code(), "provider_sign_up_closed");
    let nonsense = come(&format!("/g/{group}?invite=0000000000000000")).await;
    assert!(nonsense.status >= 400, "{nonsense:?}");
    let page = format!("/g/{group}?invite={invite}");
    assert_eq!(come(&page).await.location(), page);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_users_with_the_required_claims_sign_in() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |it| {
        it.email_domains = vec!["example.org".into()];
        it.require = [("groups".to_owned(), vec!["staff".to_owned(), "guests".to_owned()])].into();
    })
    .await;
    let right = json!({ "email": "zoe@Example.ORG", "email_verified": true, "groups": ["tea", "staff"] });
    let sign_in = async |claims: serde_json::Value| {
        let change = |draft: &mut super::provider::TokenDraft| {
            draft.claims.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        };
        Browser::default().sign_in(&server, &provider, "zoë", change).await
    };
    for (name, value) in [
        ("email", json!("zoe@evil.example")),
        ("email", json!("zoe@evil.example@example.org.evil.example")),
        ("email", json!("zoe@sub.example.org")),
        ("email", json!("example.org")),
        ("email", json!(["zoe@example.org"])),
        ("email_verified", json!(false)),
        ("email_verified", json!("no")),
        ("email_verified", json!(null)),
        ("groups", json!([])),
        ("groups", json!(["Staff"])),
        ("groups", json!({ "staff": true })),
        ("groups", json!("staffroom")),
    ] {
        let mut claims = right.clone();
        claims[name] = value.clone();
        let answer = sign_in(claims).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "provider_user_refused"), "{name} {value}");
    }
    assert_eq!(sign_in(right.clone()).await.location(), "/");
    // They are asked at every sign-in.
    assert_eq!(
        sign_in(json!({ "email": "zoe@example.org", "groups": "staff" })).await.code(),
        "provider_user_refused"
    );
    // Claims that the token lacks are asked for, and only those about the same user count.
    let mut about = right;
    about["sub"] = "another".into();
    provider.set_userinfo(about.clone());
    assert_eq!(sign_in(json!({})).await.code(), "provider_answer_bad");
    about["sub"] = "zoë".into();
    provider.set_userinfo(about);
    assert_eq!(sign_in(json!({})).await.location(), "/");
}
