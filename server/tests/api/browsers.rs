//! Browsers: pages of origins that an application lists, and cookies, which never count.

use serde_json::json;

use crate::client::{Program, server};

const SHOP: &str = "https://shop.example";

#[tokio::test]
async fn a_page_of_a_listed_origin_uses_the_api_and_no_other_does() {
    let server = server().await;
    let (shop, bank) =
        (Program::of_application(&server, "Shop").await, Program::of_application(&server, "Bank").await);
    let config = json!({ "config": { "allowed_origins": [SHOP] } });
    shop.patch("/application", config).await.is(200);
    let preflight =
        Program::new(&server).header("Origin", SHOP).header("Access-Control-Request-Method", "PUT");
    let answer = preflight.ask("OPTIONS", "/users/42", None).await.is(204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP));
    assert_eq!(answer.header("access-control-max-age"), Some("600"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert!(answer.header("access-control-allow-headers").unwrap().contains("hubbub-as"));

    let page = shop.clone().header("Origin", SHOP);
    let created = page.put("/users/42", json!({ "name": "Zoë" })).await.is(201);
    assert_eq!(created.header("access-control-allow-origin"), Some(SHOP));
    assert!(created.header("access-control-expose-headers").unwrap().contains("etag"));
    let missing = page.get("/users/43").await.fails(404, "not_found");
    assert_eq!(missing.header("access-control-allow-origin"), Some(SHOP), "the page can read the error");
    assert!(!missing.body["detail"].as_str().unwrap().contains("link"), "{}", missing.text);

    for (program, origin) in [(&bank, SHOP), (&shop, "https://evil.example"), (&shop, "null")] {
        let refused = program.clone().header("Origin", origin).get("/application").await;
        let refused = refused.fails(403, "origin_foreign");
        assert_eq!(refused.header("access-control-allow-origin"), None);
        assert!(refused.body["detail"].as_str().unwrap().contains("allowed_origins"), "{}", refused.text);
    }
    // A page whose token has ended must be able to tell that from a server that is down.
    let stranger = Program::new(&server);
    for (program, path, status, code) in [
        (&stranger, "/application", 401, "api_token_needed"),
        (&stranger.clone().with_token("hub_app_gone"), "/application", 401, "token_bad"),
        (&shop, "/nowhere", 404, "not_found"),
    ] {
        for (origin, allowed) in [(SHOP, Some(SHOP)), ("https://evil.example", None), ("null", None)] {
            let refused = program.clone().header("Origin", origin).get(path).await.fails(status, code);
            assert_eq!(refused.header("access-control-allow-origin"), allowed, "{path} from {origin}");
            assert_eq!(refused.header("vary"), Some("origin"));
        }
    }
    let own = shop.clone().header("Origin", "http://localhost");
    own.get("/application").await.is(200);
    server.stop().await;
}

#[tokio::test]
async fn a_cookie_is_never_read() {
    let server = server().await;
    let (_, token) = chat::testing::guest(server.chat(), "Ann").await;
    let (port, token) = (server.addr().port(), token.reveal());
    let cookie = format!("hubbub_session={token}; hubbub_session_{port}={token}");
    let browser = Program::new(&server).header("Cookie", &cookie);
    browser.get("/users").await.fails(401, "api_token_needed");
    browser.put("/users/1", json!({ "name": "Ann" })).await.fails(401, "api_token_needed");
    let bearer = Program::new(&server).with_token(&token);
    bearer.get("/users").await.fails(401, "token_bad");
    server.stop().await;
}
