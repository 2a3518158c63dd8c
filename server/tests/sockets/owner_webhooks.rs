//! The owner's pages of outgoing webhooks: forms without a script.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use chat::testing::User;
use chat::{Caller, Token};
use server::ServerHandle;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wire::{AuditEvent, JoinPolicy, Topic, WebhookChange};

use crate::markup::Markup;
use crate::owner_applications::{opens, owner, sends};
use crate::people::with;

/// The timeout of everything a test waits for. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A receiver that answers every request with a status and a word.
struct Receiver {
    port: u16,
    status: Arc<AtomicU16>,
    task: JoinHandle<()>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, status) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU16::new(200)));
        let now = Arc::clone(&status);
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = Vec::new();
                // The body is JSON, which ends with a brace; so does no head.
                while !bytes.ends_with(b"}") {
                    if stream.read_buf(&mut bytes).await.unwrap_or_default() == 0 {
                        break;
                    }
                }
                let status = now.load(Ordering::SeqCst);
                let answer = format!(
                    "HTTP/1.1 {status} x\r\nContent-Length: 10\r\nConnection: close\r\n\r\nno <b>room"
                );
                drop(stream.write_all(answer.as_bytes()).await);
            }
        });
        Self { port, status, task }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/events", self.port)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The owner of a server that may call a receiver, and the path of the webhooks of its built-in application.
struct World {
    server: ServerHandle,
    owner: (User, Token),
    application: String,
    list: String,
    receiver: Receiver,
}

impl World {
    async fn new() -> Self {
        let receiver = Receiver::start().await;
        let open = format!("127.0.0.1/32:{}", receiver.port).parse().unwrap();
        let server = with(|config| config.egress_open = vec![open]).await;
        let owner = owner(&server).await;
        let mut all = server.chat().applications(&Caller::operator(), None).await.unwrap().items;
        let application = all.remove(0).public_id.to_string();
        let list = format!("/server/applications/{application}/webhooks");
        Self { server, owner, application, list, receiver }
    }

    /// Sends a form of a page of a webhook.
    async fn sends(&self, action: &str, page: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let common = [("application", self.application.as_str()), ("page", page)];
        let fields = [&common[..], fields].concat();
        sends(&self.server, &self.owner.1, action, &fields).await
    }

    async fn opens(&self, page: &str) -> Markup {
        let (status, page) = opens(&self.server, &self.owner.1, page).await;
        assert_eq!(status, 200);
        page
    }

    /// Creates a webhook for the receiver; returns its page and its secret.
    async fn create(&self, name: &str) -> (String, String) {
        let url = self.receiver.url();
        let fields = [("name", name), ("url", url.as_str()), ("events[]", "message.created")];
        let (status, answer) = self.sends("/do/create_webhook", &self.list, &fields).await;
        assert_eq!(status, 200, "{answer}");
        let page = Markup::of(&answer);
        let path = page.attributes("li a", "href").pop().expect("it is in the list");
        (path, shown(&page).expect("the secret is in the answer"))
    }

    /// Waits until the page of a webhook shows a delivery in a state.
    async fn shows(&self, page: &str, state: &str) -> Markup {
        let waiting = async {
            loop {
                let page = self.opens(page).await;
                if page.texts("li .tag").contains(&state.to_owned()) {
                    return page;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the delivery is attempted")
    }
}

/// Returns the secret that a page shows.
fn shown(page: &Markup) -> Option<String> {
    page.attributes("#new-secret", "value").pop()
}

#[tokio::test]
async fn the_owner_manages_a_webhook_whose_secret_is_shown_once() {
    let world = World::new().await;
    let (path, secret) = world.create("Bestellungen für Zoë").await;
    assert!(secret.starts_with("whsec_"), "{secret}");
    assert_eq!(path, format!("{}/bestellungen-fur-zoe", world.list));
    let page = world.opens(&path).await;
    assert_eq!(shown(&page), None, "it is not shown again");
    assert_eq!(page.field("/do/change_webhook", "url"), [world.receiver.url()]);
    assert_eq!(page.field("/do/change_webhook", "events[]"), ["message.created"]);
    let (again, _) = world.create("Bestellungen fur Zoe").await;
    assert_eq!(again, format!("{path}-2"), "no webhook takes the place of another one");

    let webhook = [("webhook", "bestellungen-fur-zoe")];
    for (action, state) in [("false", "Off"), ("true", "On")] {
        let fields = [webhook[0], ("on", action)];
        assert_eq!(world.sends("/do/switch_webhook", &path, &fields).await.0, 303);
        assert_eq!(world.opens(&path).await.texts("p .tag"), [state]);
    }
    for (status, says) in [(200, "accepted the test"), (500, "didn't accept the test")] {
        world.receiver.status.store(status, Ordering::SeqCst);
        let (_, answer) = world.sends("/do/test_webhook", &path, &webhook).await;
        let page = Markup::of(&answer);
        let result = page.texts("[role=status]").concat();
        assert!(result.contains(says) && result.contains(&format!("Status {status}")), "{result}");
        assert_eq!(page.texts("[role=status] pre"), ["no <b>room"]);
    }
    let (_, answer) = world.sends("/do/rotate_webhook", &path, &webhook).await;
    let page = Markup::of(&answer);
    assert!(shown(&page).is_some_and(|next| next != secret), "{answer}");
    assert!(page.texts("main").concat().contains("also signed with the previous secret"));
    let change = [webhook[0], ("url", "https://shop.example/events"), ("conversations", "")];
    assert_eq!(world.sends("/do/change_webhook", &path, &change).await.0, 303);
    assert_eq!(world.opens(&path).await.field("/do/change_webhook", "events[]"), [""; 0], "now it gets all");
    let (status, answer) = world.sends("/do/delete_webhook", &path, &webhook).await;
    assert_eq!(status, 303);
    assert!(answer.contains(&format!("location: {}\r\n", world.list)), "{answer}");
    assert_eq!(opens(&world.server, &world.owner.1, &path).await.0, 404);

    let chat = world.server.chat();
    let audit = chat.application_audit(&world.owner.0.caller(), None).await.unwrap();
    let changes = audit.entries.into_iter().filter_map(|entry| match entry.data {
        AuditEvent::Webhook { change, webhook, by } if !webhook.ends_with("-2") => {
            assert_eq!(by.unwrap(), world.owner.0.person());
            Some(change)
        }
        _ => None,
    });
    let expected = [
        WebhookChange::Created,
        WebhookChange::Changed,
        WebhookChange::Changed,
        WebhookChange::Rotated,
        WebhookChange::Changed,
        WebhookChange::Deleted,
    ];
    assert_eq!(changes.collect::<Vec<_>>(), expected);
    world.server.stop().await;
}

#[tokio::test]
async fn every_refused_form_of_a_webhook_comes_back_with_the_reason_and_what_was_typed() {
    let world = World::new().await;
    let (path, _) = world.create("Orders").await;
    let (good, orders) = ("https://shop.example/events", ("webhook", "orders"));
    let new = |name, url, events, conversations| {
        vec![("name", name), ("url", url), ("events[]", events), ("conversations", conversations)]
    };
    let changed = |url, events, conversations| {
        vec![orders, ("url", url), ("events[]", events), ("conversations", conversations)]
    };
    let cases = [
        ("create_webhook", new("  ", good, "member.left", "id:x"), "name is empty"),
        (
            "create_webhook",
            new("Zoë's", "shop.example", "member.left", ""),
            "such as https://shop.example/events",
        ),
        ("create_webhook", new("Zoë's", "http://10.0.0.1/x", "member.left", ""), "on port 443 or 80"),
        ("create_webhook", new("Zoë's", good, "member.left", "tea\nnowhere"), "conversations that exist"),
        ("create_webhook", new("Zoë's", good, "message", ""), "such as message.created"),
        (
            "change_webhook",
            changed("ftp://shop.example/", "member.left", ""),
            "such as https://shop.example/events",
        ),
        ("change_webhook", changed(good, "member.left", "nowhere"), "conversations that exist"),
        ("replay_webhook", vec![orders, ("since", "2999-01-01T00:00")], "not in the future"),
        ("replay_webhook", vec![orders, ("since", "")], "not in the future"),
        ("replay_delivery", vec![orders, ("delivery", "77")], "you don't have access"),
    ];
    for (action, fields, reason) in &cases {
        let page = if *action == "create_webhook" { &world.list } else { &path };
        let action = format!("/do/{action}");
        let (status, answer) = world.sends(&action, page, fields).await;
        assert!((400..500).contains(&status), "{action}: {status}");
        let markup = Markup::of(&answer);
        let reasons = markup.texts(".refusal").concat();
        assert!(reasons.contains(reason), "{action} {fields:?}: {reasons}");
        for (name, value) in fields.iter().filter(|(name, value)| {
            !["webhook", "delivery"].contains(name) && !value.is_empty() && *value != "message"
        }) {
            let back = markup.field(&action, name);
            assert!(back.contains(&(*value).to_owned()), "{action}: {name} = {back:?}");
        }
    }
    for number in 1..20 {
        world.create(&format!("hook {number}")).await;
    }
    let (status, answer) =
        world.sends("/do/create_webhook", &world.list, &new("One more", good, "member.left", "")).await;
    assert_eq!(status, 422);
    assert!(Markup::of(&answer).texts(".refusal").concat().contains("Delete one first"));
    world.server.stop().await;
}

#[tokio::test]
async fn a_failed_delivery_is_shown_with_its_answer_and_is_sent_again() {
    let world = World::new().await;
    let (chat, owner) = (world.server.chat(), &world.owner.0);
    let tea = chat.create_group(owner, "Té & more", JoinPolicy::Open).await.unwrap().id;
    let other = chat.create_group(owner, "Elsewhere", JoinPolicy::Open).await.unwrap().id;
    let (path, _) = world.create("Orders").await;
    let link = format!("https://chat.example/g/{tea}");
    let url = world.receiver.url();
    let change = [
        ("webhook", "orders"),
        ("url", url.as_str()),
        ("events[]", "message.created"),
        ("conversations", &link),
    ];
    assert_eq!(world.sends("/do/change_webhook", &path, &change).await.0, 303);
    assert_eq!(world.opens(&path).await.field("/do/change_webhook", "conversations"), [format!("id:{tea}")]);
    // It does not want to be asked again.
    world.receiver.status.store(410, Ordering::SeqCst);
    for group in [other, tea] {
        chat.post(owner, Topic::group(group), chat.new_send_id(), "hello", None).await.unwrap();
    }
    let page = world.shows(&path, "Will be retried").await;
    assert_eq!(page.texts("li strong"), ["message.created"], "of one group only");
    assert!(page.texts("li").concat().contains("Status 410"));
    assert!(page.texts("main").concat().contains("answered 410 Gone"));
    assert_eq!(page.texts("p .tag"), ["Stopped"]);

    let delivery = page.attributes("input[name=delivery]", "value").pop().unwrap();
    let again = [("webhook", "orders"), ("delivery", delivery.as_str())];
    let (status, answer) = world.sends("/do/replay_delivery", &path, &again).await;
    assert_eq!(status, 422);
    assert!(Markup::of(&answer).texts(".refusal").concat().contains("Switch it on first"));
    world.receiver.status.store(200, Ordering::SeqCst);
    world.sends("/do/switch_webhook", &path, &[("webhook", "orders"), ("on", "true")]).await;
    assert_eq!(world.sends("/do/replay_delivery", &path, &again).await.0, 303);
    world.shows(&path, "Delivered").await;
    let since = [("webhook", "orders"), ("since", "2026-01-01T00:00")];
    assert_eq!(world.sends("/do/replay_webhook", &path, &since).await.0, 303);
    world.server.stop().await;
}
