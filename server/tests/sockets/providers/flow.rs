//! The flow: the state belongs to one browser and ends once, a code to its verifier, an answer to its provider.

use std::sync::Arc;

use chat::testing::SeededChance;
use chat::{MasterSecret, MemoryStore, Window};
use serde_json::{Value, json};
use server::{Config, Server, ServerHandle};

use super::browser::Browser;
use super::provider::FakeProvider;
use super::server_with;
use crate::people::with;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_ends_once_and_in_the_browser_that_began_it() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    let mut wanjiru = Browser::default();
    let url = wanjiru.begin(&server, "/sign-in/office").await;
    let back = format!("/sign-in/office/callback?{}", provider.authorize(&url, "wanjirũ", |_| {}));
    assert_eq!(Browser::default().get(&server, &back).await.code(), "sign_in_over", "another browser");

    let mut mallory = Browser::default();
    mallory.begin(&server, "/sign-in/office").await;
    assert_eq!(mallory.get(&server, &back).await.code(), "sign_in_over", "with a sign-in of its own");
    assert_eq!(mallory.name(&server).await, None);

    let copied = wanjiru.clone();
    assert_eq!(wanjiru.get(&server, &back).await.location(), "/");
    assert_eq!(wanjiru.name(&server).await.as_deref(), Some("wanjirũ"));
    assert!(wanjiru.cookies.keys().all(|name| !name.ends_with("_sign_in")), "{:?}", wanjiru.cookies);
    assert_eq!(copied.clone().get(&server, &back).await.code(), "sign_in_over", "the same cookie again");
    assert_eq!(wanjiru.get(&server, &back).await.code(), "sign_in_over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cookie_of_a_sign_in_is_for_this_server_alone_and_short() {
    let provider = FakeProvider::start().await;
    let server = with(|config| {
        config.providers = vec![provider.settings("office")];
        config.origin = Some("https://chat.example.org".into());
    })
    .await;
    let request = "GET /sign-in/office HTTP/1.1\r\nHost: chat.example.org\r\nConnection: close\r\n\r\n";
    let (_, answer) = crate::people::raw(&server, request).await;
    let cookie = answer.lines().find(|line| line.to_lowercase().starts_with("set-cookie: ")).unwrap();
    assert!(cookie.contains(": __Host-hubbub_sign_in="), "{cookie}");
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age=600", "; Secure"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let callback = "redirect_uri=https%3A%2F%2Fchat.example.org%2Fsign-in%2Foffice%2Fcallback&";
    assert!(answer.contains(callback), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_state_or_cookie_ends_nothing() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    let mut browser = Browser::default();
    let url = browser.begin(&server, "/sign-in/office").await;
    let back = provider.authorize(&url, "zoë", |_| {});
    let (before, state) = back.split_once("state=").unwrap();
    for other in [
        format!("{before}state=x{state}"),
        before.trim_end_matches('&').to_owned(),
        format!("{back}&state=again"),
        String::new(),
    ] {
        let answer = browser.clone().get(&server, &format!("/sign-in/office/callback?{other}")).await;
        assert_eq!(answer.code(), "sign_in_over", "{other}");
    }
    let name = browser.cookies.keys().find(|name| name.contains("_sign_in")).unwrap().clone();
    let kept = &browser.cookies[&name];
    let changed = format!("{}{}", if kept.starts_with('A') { 'B' } else { 'A' }, &kept[1..]);
    for cookie in ["", "nonsense", &"A".repeat(9_000), &changed] {
        let mut other = browser.clone();
        other.cookies.insert(name.clone(), cookie.to_owned());
        let answer = other.get(&server, &format!("/sign-in/office/callback?{back}")).await;
        assert!(answer.status >= 400, "{answer:?}");
    }
    let answer = browser.get(&server, &format!("/sign-in/office/callback?{back}")).await;
    assert_eq!(answer.location(), "/", "none of them has used it up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_of_another_sign_in_does_not_fit_the_verifier() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    let (mut victim, mut mallory) = (Browser::default(), Browser::default());
    let of_victim = victim.begin(&server, "/sign-in/office").await;
    let of_victim = provider.authorize(&of_victim, "victim", |_| {});
    let of_mallory = mallory.begin(&server, "/sign-in/office").await;
    let of_mallory = provider.authorize(&of_mallory, "mallory", |_| {});
    // The code of the victim with the state of the other.
    let (code, _) = of_victim.split_once('&').unwrap();
    let (_, rest) = of_mallory.split_once('&').unwrap();
    let answer = mallory.get(&server, &format!("/sign-in/office/callback?{code}&{rest}")).await;
    assert_eq!(answer.code(), "sign_in_over");
    assert_eq!(mallory.name(&server).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_of_an_earlier_sign_in_does_not_count_for_a_later_one() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    assert_eq!(Browser::default().sign_in(&server, &provider, "zoë", |_| {}).await.status, 303);
    provider.replay_tokens();
    let answer = Browser::default().sign_in(&server, &provider, "zoë", |_| {}).await;
    assert_eq!(answer.code(), "provider_answer_bad", "its nonce is that of the first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_of_one_provider_does_not_count_as_that_of_another() {
    let (honest, evil) = (FakeProvider::start().await, FakeProvider::start().await);
    let providers = vec![honest.settings("office"), evil.settings("evil")];
    let server = with(|config| config.providers = providers).await;
    let mut browser = Browser::default();
    let url = browser.begin(&server, "/sign-in/office").await;
    let back = honest.authorize(&url, "zoë", |_| {});
    let answer = browser.clone().get(&server, &format!("/sign-in/evil/callback?{back}")).await;
    assert_eq!(answer.code(), "sign_in_over", "the state is that of the other provider");

    // A provider that sends the browser on to the honest one, and so gets its code at its own callback.
    let mut browser = Browser::default();
    let to_evil = browser.begin(&server, "/sign-in/evil").await;
    let to_honest = to_evil.replace(evil.issuer(), honest.issuer());
    let back = honest.authorize(&to_honest, "zoë", |_| {});
    let answer = browser.get(&server, &format!("/sign-in/evil/callback?{back}")).await;
    assert_eq!(answer.code(), "provider_answer_bad", "the answer names its issuer");

    // A token of the honest provider's issuer, from another one.
    let mut browser = Browser::default();
    let url = browser.begin(&server, "/sign-in/evil").await;
    let issuer = honest.issuer().to_owned();
    let back = evil.authorize(&url, "zoë", |draft| draft.claims["iss"] = issuer.into());
    let answer = browser.get(&server, &format!("/sign-in/evil/callback?{back}")).await;
    assert_eq!(answer.code(), "provider_answer_bad");

    // The same subject at two providers is two people.
    let mut names = Vec::new();
    for (id, provider) in [("office", &honest), ("evil", &evil)] {
        let mut browser = Browser::default();
        let url = browser.begin(&server, &format!("/sign-in/{id}")).await;
        let back = provider.authorize(&url, "李雷", |_| {});
        browser.get(&server, &format!("/sign-in/{id}/callback?{back}")).await.location();
        names.push(browser.name(&server).await.unwrap());
    }
    assert_eq!(names, ["李雷", "李雷 2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_its_issuer_counts_only_if_the_provider_names_none() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    let without = async |browser: &mut Browser, server: &ServerHandle| {
        let url = browser.begin(server, "/sign-in/office").await;
        let back = provider.authorize(&url, "zoë", |_| {});
        let (back, _) = back.split_once("&iss=").unwrap();
        browser.get(server, &format!("/sign-in/office/callback?{back}")).await
    };
    assert_eq!(without(&mut Browser::default(), &server).await.code(), "provider_answer_bad");
    provider.set_metadata("authorization_response_iss_parameter_supported", json!(false));
    let server = server_with(&provider, |_| {}).await;
    assert_eq!(without(&mut Browser::default(), &server).await.location(), "/");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_begins_at_one_node_ends_at_another() {
    let provider = FakeProvider::start().await;
    let store = Arc::new(MemoryStore::new(&SeededChance::new(3), Window::default()));
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let mut config = Config::volatile();
        config.providers = vec![provider.settings("office")];
        config.secret = Some(MasterSecret::from_bytes([9; 32]));
        nodes.push(Server::start_over(config, store.clone()).await.unwrap());
    }
    let mut browser = Browser::default();
    let url = browser.begin(&nodes[0], "/sign-in/office").await;
    let back = format!("/sign-in/office/callback?{}", provider.authorize(&url, "cal", |_| {}));
    let copied = browser.clone();
    assert_eq!(browser.get(&nodes[1], &back).await.location(), "/");
    assert_eq!(copied.clone().get(&nodes[0], &back).await.code(), "sign_in_over", "once for all nodes");
    assert_eq!(browser.name(&nodes[0]).await.as_deref(), Some("cal"));
    let mut other = Config::volatile();
    other.providers = vec![provider.settings("office")];
    let other = Server::start(other).await.unwrap();
    let mut browser = Browser::default();
    let url = browser.begin(&nodes[0], "/sign-in/office").await;
    let back = format!("/sign-in/office/callback?{}", provider.authorize(&url, "cal", |_| {}));
    assert_eq!(browser.get(&other, &back).await.code(), "sign_in_over", "a server with another secret");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_leads_to_a_page_of_this_server() {
    let provider = FakeProvider::start().await;
    let server = server_with(&provider, |_| {}).await;
    for (next, leads_to) in [
        ("/groups", "/groups"),
        ("/search?q=a%26b", "/search?q=a%26b"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("javascript:alert(1)", "/"),
        ("/do/sign_out", "/"),
        ("/sign-in/office", "/"),
        ("", "/"),
    ] {
        let mut browser = Browser::default();
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let url = browser.begin(&server, &format!("/sign-in/office?next={next}")).await;
        let back = provider.authorize(&url, "zoë", |_| {});
        // An address that comes with the answer does not count.
        let back = format!("/sign-in/office/callback?{back}&next=%2F%2Fevil.example");
        assert_eq!(browser.get(&server, &back).await.location(), leads_to, "{next}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failure_has_a_page_that_says_what_to_do() {
    let provider = FakeProvider::start().await;
    let mut down = provider.settings("down");
    down.issuer = "http://127.0.0.1:9".into();
    let providers = vec![provider.settings("office"), down];
    // A provider that is down keeps no server from starting.
    let server = with(|config| config.providers = providers).await;
    let mut browser = Browser::default();
    let page = browser.page(&server, "/sign-in/down").await;
    assert_eq!(page.status, 503);
    assert!(
        page.text.contains("DOWN can&#x27;t be reached") || page.text.contains("DOWN can't be reached"),
        "{}",
        page.text
    );
    assert!(page.text.contains("href=\"/sign-in/office?next="), "another way is there: {}", page.text);

    let end = async |browser: &mut Browser, answer: &str| {
        let url = browser.begin(&server, "/sign-in/office").await;
        let back = provider.authorize(&url, "zoë", |_| {});
        let (_, rest) = back.split_once('&').unwrap();
        browser.page(&server, &format!("/sign-in/office/callback?{answer}&{rest}")).await
    };
    for (answer, status, says) in [
        ("error=access_denied", 403, "OFFICE didn"),
        ("error=login_required&error_description=%3Cscript%3E", 403, "OFFICE didn"),
        ("error=temporarily_unavailable", 503, "OFFICE can"),
        ("error=server_error", 503, "OFFICE can"),
        ("code=", 422, "verified"),
        ("nothing=1", 422, "verified"),
        ("code=unknown", 422, "This sign-in has expired"),
    ] {
        let page = end(&mut browser, answer).await;
        assert_eq!(page.status, status, "{answer}");
        assert!(page.text.contains(says) && page.text.contains("role=\"alert\""), "{answer}: {}", page.text);
        assert!(!page.text.contains("<script>"), "{answer}");
    }
    provider.fail_tokens(Some(503));
    assert_eq!(end(&mut browser, "code=1").await.status, 503);
    provider.fail_tokens(Some(401));
    assert_eq!(end(&mut browser, "code=1").await.status, 422);
    provider.fail_tokens(None);
    assert_eq!(browser.page(&server, "/sign-in/nobody").await.status, 404);
    assert_eq!(browser.page(&server, "/sign-in/nobody/callback?code=1").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_of_another_issuer_or_with_a_weak_endpoint_is_refused() {
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("issuer", json!("http://127.0.0.1")),
        ("issuer", Value::Null),
        ("token_endpoint", json!("ftp://127.0.0.1/token")),
        ("token_endpoint", json!("http://9.9.9.9/token")),
        ("jwks_uri", Value::Null),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
    ] {
        let provider = FakeProvider::start().await;
        provider.set_metadata(name, value.clone());
        let server = server_with(&provider, |_| {}).await;
        let answer = Browser::default().get(&server, "/sign-in/office").await;
        assert_eq!(answer.code(), "provider_answer_bad", "{name} {value}");
    }
}
