//! User tokens on the socket: at the upgrade, by `authenticate`, from pages of other origins, and their end.

use std::time::Duration;

use chat::store::ExternalKey;
use chat::{ApplicationChange, Caller, Created, TokenScope, UserRef};
use serde_json::{Value, json};
use server::ServerHandle;

use crate::markup::Markup;
use crate::people::{Socket, get, guest, raw, server, with};

/// A shop with the users zoë and 李雷, who are members of the conversation `tea`.
pub struct Shop {
    pub made: Created,
    pub program: Caller,
    pub tea: wire::Topic,
}

impl Shop {
    pub async fn on(server: &ServerHandle) -> Self {
        let chat = server.chat();
        let made = chat.create_application(&Caller::operator(), "Shop", "").await.unwrap();
        let program = chat.authenticate_api_token(&made.token).await.unwrap().unwrap();
        // Without the rate limit of its token.
        let program = Caller { api_token: None, ..program };
        let tea = ExternalKey::new("tea").unwrap();
        let tea = chat.create_keyed_group(&program, &tea, "Tea", vec![]).await.unwrap().unwrap().id;
        for (key, name) in [("zoë", "Zoë"), ("李雷", "李雷")] {
            let key = ExternalKey::new(key).unwrap();
            let (user, _) = chat.put_user(&program, &key, name, None, None).await.unwrap();
            chat.add_member(&program, tea, user.person.id).await.unwrap();
        }
        Self { made, program, tea: wire::Topic::group(tea) }
    }

    /// Mints a token for some seconds.
    pub async fn token(&self, server: &ServerHandle, user: &str, seconds: u32) -> String {
        self.scoped(server, user, seconds, TokenScope::default()).await
    }

    pub async fn scoped(&self, server: &ServerHandle, user: &str, seconds: u32, scope: TokenScope) -> String {
        let user = UserRef::parse(user).unwrap();
        server.chat().create_user_token(&self.program, &user, Some(seconds), scope).await.unwrap().token
    }

    pub async fn lists(&self, server: &ServerHandle, origin: &str) {
        let allowed_origins = Some(vec![origin.to_owned()]);
        let change = ApplicationChange { allowed_origins, ..ApplicationChange::default() };
        server.chat().change_application(&self.program, change, None).await.unwrap();
    }
}

pub fn authenticate(token: &str) -> String {
    json!({ "action": "authenticate", "token": token, "ref": 1 }).to_string()
}

fn subscribe(topic: &wire::Topic) -> String {
    json!({ "action": "subscribe", "topic": topic }).to_string()
}

#[tokio::test]
async fn a_token_at_the_upgrade_or_in_the_first_frame_is_its_user() {
    let server = server().await;
    let shop = Shop::on(&server).await;
    let token = shop.token(&server, "zoë", 60).await;
    let id = shop.made.application.public_id.to_string();
    let header = format!("Bearer {token}");
    let mut at_upgrade = Socket::open(&server, &[("authorization", &header)]).await.unwrap();
    let first = at_upgrade.hears().await;
    let mut by_frame = Socket::arrive(&server, &[]).await;
    let second = by_frame.asks(&authenticate(&token)).await;
    for welcome in [&first, &second] {
        assert_eq!((&welcome["event"], &welcome["me"]["name"]), (&json!("welcome"), &json!("Zoë")));
        assert_eq!(welcome["application"], json!(id));
        assert!(welcome["expires"].is_string());
    }
    assert_eq!((&first["ref"], &second["ref"]), (&Value::Null, &json!(1)));
    for socket in [&mut at_upgrade, &mut by_frame] {
        assert_eq!(socket.asks(&subscribe(&shop.tea)).await["event"], "subscribed");
        let other = wire::Topic::new("audit/application").unwrap();
        assert_eq!(socket.asks(&subscribe(&other)).await["code"], "outside_scope");
    }
    let post = json!({ "action": "post", "topic": shop.tea, "id": "1", "text": "نور is late" });
    at_upgrade.says(&post.to_string()).await;
    let heard = loop {
        let frame = by_frame.hears().await;
        if frame["data"]["type"] == "message" {
            break frame;
        }
    };
    assert_eq!(heard["data"]["author"]["name"], "Zoë");
    server.stop().await;
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_only_for_its_user() {
    let server = server().await;
    let (shop, (_, cookie)) = (Shop::on(&server).await, guest(&server, "Ann").await);
    let token = shop.token(&server, "zoë", 60).await;
    let mut socket = Socket::arrive(&server, &[]).await;
    let before = socket.asks(&authenticate(&token)).await["expires"].clone();
    socket.asks(&subscribe(&shop.tea)).await;
    let longer = shop.token(&server, "zoë", 600).await;
    let renewed = socket.asks(&authenticate(&longer)).await;
    assert!(renewed["expires"].as_str() > before.as_str(), "{renewed} after {before}");
    let others = shop.token(&server, "李雷", 60).await;
    for (token, code) in [
        (others.as_str(), "authenticated_otherwise"),
        ("nonsense", "token_bad"),
        (shop.made.token.reveal(), "token_bad"),
    ] {
        assert_eq!(socket.asks(&authenticate(token)).await["code"], code);
    }
    server
        .chat()
        .post(&shop.program, shop.tea.clone(), server.chat().new_send_id(), "hi", None)
        .await
        .unwrap();
    assert_eq!(socket.hears().await["data"]["text"], "hi", "the subscription has gone on");
    let mut of_session = Socket::arrive(&server, &[("cookie", &cookie)]).await;
    assert_eq!(of_session.asks(&authenticate(&token)).await["code"], "authenticated_otherwise");
    let mut as_nobody = Socket::arrive(&server, &[]).await;
    as_nobody.asks(&subscribe(&wire::Topic::new("news").unwrap())).await;
    assert_eq!(as_nobody.asks(&authenticate(&token)).await["code"], "authenticated_otherwise");
    server.stop().await;
}

#[tokio::test]
async fn a_narrower_token_ends_what_is_outside_of_it() {
    let server = server().await;
    let shop = Shop::on(&server).await;
    let mut socket = Socket::arrive(&server, &[]).await;
    socket.asks(&authenticate(&shop.token(&server, "zoë", 60).await)).await;
    let news = wire::Topic::new("news").unwrap();
    assert_eq!(socket.asks(&subscribe(&news)).await["code"], "outside_scope", "topics have to be named");
    let names_topics = TokenScope::new(Some(vec!["news".into()]), None, true).unwrap();
    socket.asks(&authenticate(&shop.scoped(&server, "zoë", 60, names_topics).await)).await;
    socket.asks(&subscribe(&shop.tea)).await;
    assert_eq!(socket.asks(&subscribe(&news)).await["event"], "subscribed");
    let scope = TokenScope::new(Some(vec!["news".into()]), Some(vec![]), true).unwrap();
    let narrow = shop.scoped(&server, "zoë", 60, scope).await;
    let ended = socket.asks(&authenticate(&narrow)).await;
    assert_eq!((&ended["event"], &ended["topic"]), (&json!("unsubscribed"), &json!(shop.tea)));
    assert_eq!(ended["refused"]["code"], "outside_scope");
    assert_eq!(socket.hears().await["event"], "welcome");
    let chat = server.chat();
    chat.post(&shop.program, shop.tea.clone(), chat.new_send_id(), "not for her", None).await.unwrap();
    chat.publish(&shop.program, news, None, wire::Json::of(&7)).await.unwrap();
    assert_eq!(socket.hears().await["data"], 7, "the other topic goes on");
    assert_eq!(socket.asks(&subscribe(&shop.tea)).await["code"], "outside_scope");
    server.stop().await;
}

#[tokio::test]
async fn a_page_of_another_origin_authenticates_first_and_its_cookie_does_not_count() {
    let server = server().await;
    let (shop, (_, cookie)) = (Shop::on(&server).await, guest(&server, "Ann").await);
    let other = server.chat().create_application(&Caller::operator(), "Bank", "").await.unwrap();
    let token = shop.token(&server, "zoë", 60).await;
    let header = format!("Bearer {token}");
    let origin = ("origin", "https://shop.example");
    for headers in [vec![origin], vec![origin, ("cookie", &cookie)], vec![origin, ("authorization", &header)]]
    {
        assert_eq!(Socket::open(&server, &headers).await.err(), Some(403), "nobody lists it");
    }
    shop.lists(&server, "https://shop.example").await;
    assert_eq!(Socket::open(&server, &[("origin", "null")]).await.err(), Some(403));
    let mut socket = Socket::open(&server, &[origin, ("cookie", &cookie)]).await.unwrap();
    for frame in [r#"{"action":"ping"}"#, r#"{"action":"subscribe","topic":"news"}"#] {
        assert_eq!(socket.asks(frame).await["code"], "sign_in_needed", "the cookie is dropped: {frame}");
    }
    assert_eq!(socket.asks(&authenticate("nonsense")).await["code"], "token_bad");
    assert_eq!(socket.asks(&authenticate(&token)).await["me"]["name"], "Zoë");
    assert_eq!(socket.asks(&subscribe(&shop.tea)).await["event"], "subscribed");
    Socket::arrive(&server, &[origin, ("authorization", &header)]).await;

    // Another application lists another origin: the token's own counts.
    let bank = server.chat().authenticate_api_token(&other.token).await.unwrap().unwrap();
    let change = ApplicationChange {
        allowed_origins: Some(vec!["https://bank.example".into()]),
        ..ApplicationChange::default()
    };
    server.chat().change_application(&bank, change, None).await.unwrap();
    let mut socket = Socket::open(&server, &[("origin", "https://bank.example")]).await.unwrap();
    assert_eq!(socket.asks(&authenticate(&token)).await["code"], "origin_foreign");
    server.stop().await;
}

#[tokio::test]
async fn a_page_of_another_origin_that_sends_no_token_is_closed() {
    let server = with(|config| config.timeouts.first_frame = Duration::from_millis(300)).await;
    let shop = Shop::on(&server).await;
    shop.lists(&server, "https://shop.example").await;
    let mut socket = Socket::open(&server, &[("origin", "https://shop.example")]).await.unwrap();
    assert_eq!(socket.asks(r#"{"action":"ping"}"#).await["code"], "sign_in_needed");
    assert_eq!(socket.hears_the_end().await.1, Some(4403));
    server.stop().await;
}

#[tokio::test]
async fn a_socket_ends_with_its_token() {
    let server = server().await;
    let shop = Shop::on(&server).await;
    let token = shop.token(&server, "zoë", 1).await;
    let mut by_frame = Socket::arrive(&server, &[]).await;
    let welcome = by_frame.asks(&authenticate(&token)).await;
    if welcome["event"] == "welcome" {
        assert_eq!(by_frame.hears_the_end().await.1, Some(4403));
    } else {
        // On a machine this slow it has ended before.
        assert_eq!(welcome["code"], "token_bad");
    }
    let header = format!("Bearer {token}");
    assert_eq!(Socket::open(&server, &[("authorization", &header)]).await.err(), Some(401));
    server.stop().await;
}

#[tokio::test]
async fn user_tokens_count_on_topics_and_not_on_pages() {
    let server = server().await;
    let shop = Shop::on(&server).await;
    let headers = format!("Authorization: Bearer {}\r\n", shop.token(&server, "zoë", 60).await);
    let path = format!("/topics/{}/history", shop.tea.as_str().replace('/', "%2F"));
    let (status, answer) = raw(&server, &get(&path, &headers)).await;
    assert_eq!(status, 200, "{answer}");
    for path in ["/", "/account", "/people"] {
        let (status, answer) = raw(&server, &get(path, &format!("{headers}Accept: text/html\r\n"))).await;
        assert_eq!(status, 401, "{path}: {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_link_signs_in_to_the_pages_by_a_button() {
    use crate::people::post;

    let server = server().await;
    let shop = Shop::on(&server).await;
    let user = UserRef::parse("李雷").unwrap();
    let made = server.chat().create_sign_in_link(&shop.program, &user).await.unwrap();
    let path = format!("/enter/{}/{}", made.application, made.token.reveal());
    for _ in 0..2 {
        let (status, page) = raw(&server, &get(&path, "Accept: text/html\r\n")).await;
        assert_eq!(status, 200, "looking at it does not use it up: {page}");
        assert!(page.contains("李雷") && !page.to_lowercase().contains("set-cookie"), "{page}");
    }
    let group = shop.tea.as_str().replacen("group/", "/g/", 1);
    let (_, page) = raw(&server, &get(&format!("{path}?to={group}"), "Accept: text/html\r\n")).await;
    assert_eq!(Markup::of(&page).attributes("input[name=to]", "value"), [group.as_str()], "{page}");
    let form = format!("application={}&token={}&to={group}", made.application, made.token.reveal());
    let kind = "Content-Type: application/x-www-form-urlencoded\r\nAccept: text/html\r\n";
    let (status, answer) = raw(&server, &post("/do/enter", kind, &form)).await;
    assert!((300..400).contains(&status), "{answer}");
    assert!(answer.lines().any(|line| line == format!("location: {group}")), "{answer}");
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    let (_, home) = raw(&server, &get("/", &format!("{cookie}Accept: text/html\r\n"))).await;
    assert!(home.contains("李雷") && home.contains("Tea"), "{home}");
    // Nobody there is a guest: the shop has created them.
    for page in ["/account", &group, &format!("{group}/members")] {
        let (status, page_of) = raw(&server, &get(page, &format!("{cookie}Accept: text/html\r\n"))).await;
        assert_eq!(status, 200, "{page}: {page_of}");
        let tags = Markup::of(&page_of).texts(".tag");
        assert!(!tags.iter().any(|tag| tag == "Guest"), "{page}: {tags:?}");
    }
    let claim = format!("{cookie}{kind}");
    let (status, refused) =
        raw(&server, &post("/do/create_account", &claim, "password=correct+horse+battery")).await;
    assert_eq!(status, 403, "{refused}");
    let (status, again) = raw(&server, &post("/do/enter", kind, &form)).await;
    assert_eq!(status, 422, "it works once: {again}");
    server.stop().await;
}
