//! Outgoing webhooks over HTTP: how programs manage them, and what their receiver gets.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::client::{Program, server, with};

/// The timeout of everything a test waits for. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request that a receiver has got.
#[derive(Clone, Debug)]
struct Received {
    head: String,
    body: Value,
}

/// The behaviour of a receiver at one request.
#[derive(Clone, Copy)]
enum Reply {
    Status(u16, &'static str),
    /// It never answers, and keeps the connection.
    Silence,
    /// It closes the connection without an answer.
    Close,
}

/// A receiver on the loopback interface. It answers as a test says, and then accepts everything.
struct Receiver {
    addr: SocketAddr,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    received: watch::Receiver<Vec<Received>>,
    task: JoinHandle<()>,
}

impl Receiver {
    async fn start(replies: &[Reply]) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").await.unwrap(), replies)
    }

    fn listen(listener: TcpListener, replies: &[Reply]) -> Self {
        let addr = listener.local_addr().unwrap();
        let replies = Arc::new(Mutex::new(replies.iter().copied().collect::<VecDeque<_>>()));
        let (told, received) = watch::channel(Vec::new());
        let (told, script) = (Arc::new(told), Arc::clone(&replies));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (told, script) = (Arc::clone(&told), Arc::clone(&script));
                tokio::spawn(async move { drop(serve(stream, &told, &script).await) });
            }
        });
        Self { addr, replies, received, task }
    }

    fn url(&self) -> String {
        format!("http://{}/events", self.addr)
    }

    /// Waits until it has got so many requests.
    async fn wait_for(&mut self, count: usize) -> Vec<Received> {
        let waiting = self.received.wait_for(|received| received.len() >= count);
        tokio::time::timeout(PATIENCE, waiting).await.expect("requests come").unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    told: &watch::Sender<Vec<Received>>,
    script: &Mutex<VecDeque<Reply>>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let (end, length) = loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        let head = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        let Some(end) = head else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        break (end + 4, length.unwrap_or_default());
    };
    while bytes.len() < end + length {
        stream.read_buf(&mut bytes).await?;
    }
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = serde_json::from_slice(&bytes[end..]).unwrap_or_default();
    let reply = script.lock().pop_front().unwrap_or(Reply::Status(200, ""));
    told.send_modify(|received| received.push(Received { head, body }));
    match reply {
        Reply::Status(status, headers) => {
            let answer = format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: 2\r\n\r\nok");
            stream.write_all(answer.as_bytes()).await
        }
        Reply::Silence => stream.read_buf(&mut bytes).await.map(|_| ()),
        Reply::Close => Ok(()),
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Received {
    fn text(&self) -> &str {
        self.body["data"]["entry"]["data"]["text"].as_str().unwrap_or_default()
    }

    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value).unwrap_or_else(|| panic!("{name}: {}", self.head))
    }
}

/// A shop with two conversations.
async fn shop(server: &server::ServerHandle) -> Program<'_> {
    let shop = Program::of_application(server, "Shop").await;
    shop.has_users(&["Wanjiru", "Li"]).await;
    shop.has_conversation("tea", &["wanjiru", "li"]).await;
    shop.has_conversation("coffee", &["wanjiru", "li"]).await;
    shop
}

/// Starts a server that may call a receiver.
async fn calling(receivers: &[&Receiver]) -> server::ServerHandle {
    let open = receivers.iter().map(|receiver| format!("127.0.0.1/32:{}", receiver.addr.port()));
    let open = open.map(|range| range.parse().unwrap()).collect();
    with(|config| config.egress_open = open).await
}

async fn say(shop: &Program<'_>, conversation: &str, text: &str) -> Value {
    let path = format!("/conversations/{conversation}/messages");
    shop.acting_as("wanjiru").post(&path, json!({ "text": text })).await.is(201).body
}

#[tokio::test]
async fn a_program_creates_changes_rotates_and_deletes_a_webhook() {
    let server = server().await;
    let shop = shop(&server).await;
    let url = "https://shop.example/events";
    let body = json!({ "url": url, "events": ["member.left", "message.created"], "conversations": ["tea"] });
    let made = shop.put("/webhooks/orders", body.clone()).await.is(201).body;
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");
    let one = shop.get("/webhooks/orders").await.is(200).body;
    assert_eq!(
        one,
        json!({
            "name": "orders", "url": url, "events": ["message.created", "member.left"],
            "conversations": ["tea"], "state": "active", "waiting": 0, "created": made["created"]
        })
    );
    assert_eq!(shop.get("/webhooks").await.is(200).body["items"], json!([one]));
    assert_eq!(shop.put("/webhooks/orders", body).await.is(200).body, one, "the same again changes nothing");
    let off = shop.put("/webhooks/orders", json!({ "url": url, "active": false })).await.is(200).body;
    assert_eq!(
        (&off["state"], &off["events"], &off["conversations"]),
        (&json!("off"), &json!([]), &json!([]))
    );
    let rotated = shop.post("/webhooks/orders/secret", json!({})).await.is(201).body;
    assert_ne!(rotated["secret"], made["secret"]);
    assert!(rotated["previous_secret_until"].is_string());
    let replayed =
        shop.post("/webhooks/orders/replay", json!({ "since": made["created"] })).await.is(202).body;
    assert_eq!(replayed["state"], "off");
    for (path, body, code) in [
        ("/webhooks/B", json!({ "url": url }), "field_wrong"),
        ("/webhooks/b", json!({ "url": "shop.example" }), "field_wrong"),
        ("/webhooks/b", json!({ "url": "ftp://shop.example/" }), "field_wrong"),
        ("/webhooks/b", json!({ "url": "https://ann:secret@shop.example/" }), "field_wrong"),
        ("/webhooks/b", json!({ "url": "http://127.0.0.1/" }), "url_not_allowed"),
        ("/webhooks/b", json!({ "url": "http://[::ffff:10.0.0.1]/" }), "url_not_allowed"),
        ("/webhooks/b", json!({ "url": "https://shop.example:8443/" }), "url_not_allowed"),
        ("/webhooks/b", json!({ "url": url, "events": ["message"] }), "field_wrong"),
        ("/webhooks/b", json!({ "url": url, "conversations": ["nowhere"] }), "field_wrong"),
        ("/webhooks/b", json!({}), "body_bad"),
    ] {
        let answer = shop.put(path, body).await;
        assert_eq!(answer.body["code"], code, "{path}: {}", answer.text);
    }
    for since in [json!("yesterday"), json!("2999-01-01T00:00:00.000Z")] {
        shop.post("/webhooks/orders/replay", json!({ "since": since })).await.fails(400, "field_wrong");
    }
    for number in 1..20 {
        shop.put(&format!("/webhooks/hook-{number}"), json!({ "url": url })).await.is(201);
    }
    shop.put("/webhooks/one-more", json!({ "url": url })).await.fails(422, "too_many_webhooks");
    shop.delete("/webhooks/orders").await.is(204);
    shop.delete("/webhooks/orders").await.fails(404, "not_found");
    // Those of another application are other ones.
    let others = Program::of_application(&server, "Others").await;
    assert_eq!(others.get("/webhooks").await.is(200).body["items"], json!([]));
    others.get("/webhooks/hook-1").await.fails(404, "not_found");
    server.stop().await;
}

#[tokio::test]
async fn events_arrive_in_order_at_a_receiver_that_fails_redirects_and_breaks_off() {
    let mut elsewhere = Receiver::start(&[]).await;
    let mut receiver = Receiver::start(&[Reply::Close]).await;
    let location: &'static str =
        Box::leak(format!("Location: {}\r\nRetry-After: 1\r\n", elsewhere.url()).into_boxed_str());
    let server = calling(&[&receiver, &elsewhere]).await;
    let shop = shop(&server).await;
    let body = json!({ "url": receiver.url(), "events": ["message.created"] });
    shop.put("/webhooks/orders", body).await.is(201);
    say(&shop, "tea", "one").await;
    receiver.wait_for(1).await;
    say(&shop, "tea", "two").await;
    // Another conversation goes on meanwhile.
    receiver.replies.lock().extend([Reply::Status(200, "")]);
    say(&shop, "coffee", "mocha").await;
    let two = receiver.wait_for(2).await;
    assert_eq!(two.iter().map(Received::text).collect::<Vec<_>>(), ["one", "mocha"]);
    receiver.replies.lock().extend([Reply::Status(307, location)]);
    // The first retry comes after about five seconds, the second one five minutes later.
    let three = receiver.wait_for(3).await;
    assert_eq!((three[2].text(), three[2].header("webhook-id")), ("one", three[0].header("webhook-id")));
    let mut items = json!([]);
    while items[1]["attempts"] != 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        items = shop.get("/webhooks/orders/deliveries").await.is(200).body["items"].clone();
    }
    assert_eq!((&items[0]["state"], &items[0]["status"]), (&json!("delivered"), &json!(200)));
    assert_eq!((&items[1]["state"], &items[1]["status"]), (&json!("failed"), &json!(307)));
    let failing = shop.get("/webhooks/orders").await.is(200).body;
    assert_eq!(failing["waiting"], 2);
    // Told to begin again, it delivers everything at once.
    let since = json!({ "since": failing["created"] });
    shop.post("/webhooks/orders/replay", since).await.is(202);
    let all = receiver.wait_for(6).await;
    let of_tea: Vec<_> = all[3..].iter().map(Received::text).filter(|text| *text != "mocha").collect();
    assert_eq!(of_tea, ["one", "two"]);
    assert!(elsewhere.received.borrow_and_update().is_empty(), "a redirect is not followed");
    server.stop().await;
}

#[tokio::test]
async fn a_silent_receiver_keeps_nobody_else_waiting_and_a_restarted_one_gets_what_it_missed() {
    let silent = Receiver::start(&[Reply::Silence; 9]).await;
    let mut lively = Receiver::start(&[]).await;
    let server = calling(&[&silent, &lively]).await;
    let shop = shop(&server).await;
    for (name, receiver) in [("silent", &silent), ("lively", &lively)] {
        let body = json!({ "url": receiver.url(), "events": ["message.created"] });
        shop.put(&format!("/webhooks/{name}"), body).await.is(201);
    }
    for number in 0..20 {
        say(&shop, if number % 2 == 0 { "tea" } else { "coffee" }, &format!("{number}")).await;
    }
    let all = lively.wait_for(20).await;
    for parity in 0..2 {
        let of_one: Vec<usize> = all.iter().map(|event| event.text().parse().unwrap()).collect();
        let of_one: Vec<_> = of_one.into_iter().filter(|number| number % 2 == parity).collect();
        assert!(of_one.is_sorted() && of_one.len() == 10, "{of_one:?}");
    }
    assert!(silent.received.borrow().len() <= 2, "two at once");
    // It goes away, and comes back at the same address.
    let addr = lively.addr;
    drop(lively);
    say(&shop, "tea", "missed").await;
    while shop.get("/webhooks/lively").await.is(200).body["failing_since"].is_null() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut lively = Receiver::listen(TcpListener::bind(addr).await.unwrap(), &[]);
    say(&shop, "tea", "later").await;
    let back = lively.wait_for(2).await;
    assert_eq!(back.iter().map(Received::text).collect::<Vec<_>>(), ["missed", "later"]);
    server.stop().await;
}

#[tokio::test]
async fn a_test_says_what_the_receiver_answers() {
    let mut receiver = Receiver::start(&[Reply::Status(418, "")]).await;
    let server = calling(&[&receiver]).await;
    let shop = shop(&server).await;
    shop.put("/webhooks/orders", json!({ "url": receiver.url(), "active": false })).await.is(201);
    let refused = shop.post("/webhooks/orders/test", json!({})).await.is(200).body;
    assert_eq!(
        (&refused["delivered"], &refused["status"], &refused["answer"]),
        (&json!(false), &json!(418), &json!("ok"))
    );
    let taken = shop.post("/webhooks/orders/test", json!({})).await.is(200).body;
    assert_eq!((&taken["delivered"], &taken["status"]), (&json!(true), &json!(200)));
    let got = receiver.wait_for(2).await;
    assert_eq!(
        (&got[1].body["type"], &got[1].body["data"]),
        (&json!("webhook.test"), &json!({ "webhook": "orders" }))
    );
    assert_ne!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    drop(receiver);
    let gone = shop.post("/webhooks/orders/test", json!({})).await.is(200).body;
    assert_eq!((&gone["delivered"], &gone["error"]), (&json!(false), &json!("connection_failed")));
    server.stop().await;
}

#[tokio::test]
async fn a_message_to_some_is_an_event_for_the_application_and_a_deleted_one_has_no_text() {
    let mut receiver = Receiver::start(&[Reply::Status(503, "")]).await;
    let server = calling(&[&receiver]).await;
    let shop = shop(&server).await;
    let body = json!({ "url": receiver.url(), "events": ["message.created", "message.deleted"] });
    shop.put("/webhooks/orders", body).await.is(201);
    let wanjiru = shop.acting_as("wanjiru");
    let to_li = json!({ "text": "for 李雷 only", "recipients": ["li"] });
    let sent = wanjiru.post("/conversations/coffee/messages", to_li).await.is(201).body;
    receiver.wait_for(1).await;
    wanjiru.delete(&format!("/conversations/coffee/messages/{}", sent["seq"])).await.is(200);
    let public = json!({ "text": "for 李雷, again", "recipients": ["li"] });
    wanjiru.post("/conversations/tea/messages", public).await.is(201);
    let all = receiver.wait_for(4).await;
    let of = |conversation: &str| -> Vec<&Received> {
        all.iter().filter(|event| event.body["data"]["conversation"]["key"] == conversation).collect()
    };
    let (coffee, tea) = (of("coffee"), of("tea"));
    assert_eq!((coffee[0].text(), tea[0].text()), ("for 李雷 only", "for 李雷, again"));
    let kinds: Vec<_> = coffee[1..].iter().map(|event| event.body["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["message.created", "message.deleted"]);
    assert_eq!(coffee[1].body["data"]["deleted"], true);
    assert!(coffee[1..].iter().all(|event| !event.body.to_string().contains("only")));
    server.stop().await;
}
