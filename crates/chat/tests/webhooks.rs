//! Outgoing webhooks at the level of the domain: each event leaves at least once, in order within its conversation, as
//! it is when it leaves, and signed.

use std::sync::Arc;
use std::time::Duration;

use chat::store::{DeliveryState, HookName, WebhookState};
use chat::testing::{Node, SeededChance, User, http_answer};
use chat::{
    Caller, HttpAnswer, HttpFailure, HttpRequest, LocalBus, MemoryStore, NewWebhook, Store, WebhookSecret,
    Window,
};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use wire::{Amendment, Expected, GroupId, Refusal, Timestamp, Topic};

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

/// A node, a program of its application, a user, and a group of hers.
struct Setup {
    store: Arc<dyn Store>,
    node: Node,
    script: Caller,
    wanjiru: User,
    group: GroupId,
}

fn orders() -> HookName {
    HookName::new("orders").unwrap()
}

fn to(url: &str) -> NewWebhook {
    NewWebhook { url: url.into(), ..NewWebhook::default() }
}

impl Setup {
    async fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
        let node = Node::over(Arc::clone(&store));
        let chat = &node.chat;
        let built_in = chat.applications(&Caller::operator(), None).await.unwrap().items.remove(0).public_id;
        let token =
            chat.create_api_token(&Caller::operator(), built_in, "script", None, false).await.unwrap();
        let script = chat.authenticate_api_token(&token).await.unwrap().unwrap();
        let wanjiru = node.introduce("Wanjirũ").await;
        let group = node.group(&wanjiru, "茶").await;
        Self { store, node, script, wanjiru, group }
    }

    /// Creates the webhook.
    async fn put(&self, new: NewWebhook) -> WebhookSecret {
        let (status, secret) = self.node.chat.put_webhook(&self.script, orders(), new).await.unwrap();
        assert_eq!(status.webhook.state, WebhookState::Active);
        secret.unwrap()
    }

    async fn say(&self, text: &str) -> wire::Seq {
        self.node.say(&self.wanjiru, self.group, text).await.seq
    }

    async fn status(&self) -> chat::WebhookStatus {
        self.node.chat.webhook(&self.script, &orders()).await.unwrap()
    }

    /// Waits until something is so. Only a failing test waits long.
    async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let waiting = async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.expect(what);
    }

    async fn until_nothing_waits(&self) {
        let is_done = async || {
            let after = self.status().await.webhook.position;
            let mut left = self.store.webhook_tail(after, 500).await.unwrap().entries.into_iter();
            // Those of the audit log are no events.
            left.all(|(_, log, _)| log.topic.conversation().is_none()) && self.status().await.waiting == 0
        };
        self.until("nothing waits", is_done).await;
    }
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> &'r str {
    let found = request.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("{name} is missing"))
}

fn body(request: &HttpRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn kinds(requests: &[HttpRequest]) -> Vec<String> {
    requests.iter().map(|request| body(request)["type"].as_str().unwrap().to_owned()).collect()
}

/// Returns the texts of the messages in requests.
fn texts(requests: &[HttpRequest]) -> Vec<String> {
    let text =
        |request: &HttpRequest| body(request)["data"]["entry"]["data"]["text"].as_str().map(str::to_owned);
    requests.iter().filter_map(text).collect()
}

/// Returns the signature as an independent implementation of Standard Webhooks makes it.
fn signature(secret: &WebhookSecret, request: &HttpRequest) -> String {
    let key = BASE64.decode(secret.reveal().strip_prefix("whsec_").unwrap().as_bytes()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    let head = format!("{}.{}.", header(request, "webhook-id"), header(request, "webhook-timestamp"));
    mac.update(head.as_bytes());
    mac.update(&request.body);
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

fn answer_after(status: u16, seconds: &str) -> HttpAnswer {
    HttpAnswer { headers: vec![("retry-after".into(), seconds.into())], ..http_answer(status, "") }
}

#[tokio::test]
async fn an_event_is_posted_with_its_entry_and_a_signature() {
    let setup = Setup::new().await;
    setup.say("before").await;
    setup.node.http.reply_always(Ok(http_answer(204, "")));
    let secret = setup.put(to("https://shop.example/events")).await;
    let seq = setup.say("**chai**?").await;
    let requests = setup.node.http.wait_for_requests(1).await;
    let request = &requests[0];
    assert_eq!((request.url.as_str(), request.redirects), ("https://shop.example/events", 0));
    assert_eq!((request.deadline, request.max_body), (Duration::from_secs(15), 64 * 1024));
    assert_eq!(header(request, "content-type"), "application/json");
    assert_eq!(header(request, "webhook-signature"), signature(&secret, request));
    let seconds = setup.node.chat.now().0 / 1_000;
    assert_eq!(header(request, "webhook-timestamp"), seconds.to_string());
    let event = body(request);
    let topic = Topic::group(setup.group).to_string();
    assert_eq!(
        (&event["type"], &event["data"]["conversation"]["topic"]),
        (&"message.created".into(), &topic.into())
    );
    let entry = &event["data"]["entry"];
    assert_eq!((&entry["seq"], &entry["data"]["text"]), (&seq.0.into(), &"**chai**?".into()));
    assert_eq!((&entry["timestamp"], event["data"].get("deleted")), (&event["timestamp"], None));
    setup.until_nothing_waits().await;
    assert_eq!(setup.node.http.requests().len(), 1, "what was said before it was created is not for it");
    let kept = setup.node.chat.webhook_deliveries(&setup.script, &orders(), None, 9).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].state, kept[0].status, kept[0].attempt), (DeliveryState::Delivered, Some(204), 1));
}

#[tokio::test]
async fn changes_of_messages_and_members_are_events_and_a_webhook_gets_those_that_it_lists() {
    let setup = Setup::new().await;
    let chat = &setup.node.chat;
    setup.node.http.reply_always(Ok(http_answer(200, "ok")));
    let events = ["message.edited", "member.left", "conversation.deleted"].map(str::to_owned);
    setup.put(NewWebhook { events: events.into(), ..to("https://shop.example/") }).await;
    let li = setup.node.introduce("李雷").await;
    chat.join(&li, setup.group, None).await.unwrap();
    let seq = setup.say("tea").await;
    let topic = Topic::group(setup.group);
    let edit = Amendment::Edit("coffee".into());
    chat.amend(&setup.wanjiru, &topic, chat.new_send_id(), seq, edit).await.unwrap();
    chat.leave(&li, setup.group).await.unwrap();
    let requests = setup.node.http.wait_for_requests(2).await;
    assert_eq!(kinds(&requests), ["message.edited", "member.left"]);
    let edited = &body(&requests[0])["data"];
    assert_eq!(
        (&edited["entry"]["data"]["text"], &edited["message"]["data"]["text"]),
        (&"coffee".into(), &"coffee".into())
    );
    assert_eq!(body(&requests[1])["data"]["entry"]["data"]["person"]["name"], "李雷");
    chat.delete_group(&setup.wanjiru, setup.group, "茶").await.unwrap();
    let requests = setup.node.http.wait_for_requests(3).await;
    let deleted = body(&requests[2]);
    let topic = topic.to_string();
    assert_eq!(
        (&deleted["type"], &deleted["data"]["conversation"]["topic"]),
        (&"conversation.deleted".into(), &topic.into())
    );
}

#[tokio::test]
async fn a_failed_event_is_tried_again_under_its_id_while_other_conversations_go_on() {
    let setup = Setup::new().await;
    let other = setup.node.group(&setup.wanjiru, "other").await;
    setup.put(to("https://shop.example/")).await;
    setup.say("one").await;
    setup.say("two").await;
    setup
        .until("it has failed", async || {
            let kept = setup.node.chat.webhook_deliveries(&setup.script, &orders(), None, 9).await.unwrap();
            kept.len() == 1
        })
        .await;
    setup.node.http.reply_always(Ok(http_answer(200, "")));
    setup.node.say(&setup.wanjiru, other, "meanwhile").await;
    setup.node.clock.advance(10_000);
    setup.until_nothing_waits().await;
    let requests = setup.node.http.requests();
    let said: Vec<_> = texts(&requests);
    assert_eq!(said.iter().filter(|text| *text == "one").count(), 2, "{said:?}");
    assert!(said.iter().position(|text| text == "two") > said.iter().rposition(|text| text == "one"));
    assert!(said.contains(&"meanwhile".to_owned()));
    let ids: Vec<_> = requests
        .iter()
        .filter(|request| texts(std::slice::from_ref(request)) == ["one"])
        .map(|request| header(request, "webhook-id"))
        .collect();
    assert_eq!(ids[0], ids[1]);
    assert_eq!(setup.status().await.webhook.failing_since, None);
}

#[tokio::test]
async fn a_message_that_is_deleted_before_its_event_leaves_goes_without_its_text() {
    let setup = Setup::new().await;
    let chat = &setup.node.chat;
    setup.node.http.reply_always(Ok(answer_after(503, "60")));
    setup.put(to("https://shop.example/")).await;
    let seq = setup.say("the secret").await;
    setup.node.http.wait_for_requests(1).await;
    let topic = Topic::group(setup.group);
    chat.amend(&setup.wanjiru, &topic, chat.new_send_id(), seq, Amendment::Edit("another secret".into()))
        .await
        .unwrap();
    chat.amend(&setup.wanjiru, &topic, chat.new_send_id(), seq, Amendment::Delete).await.unwrap();
    setup
        .until("the attempt has ended", async || {
            !chat.webhook_deliveries(&setup.script, &orders(), None, 9).await.unwrap().is_empty()
        })
        .await;
    setup.node.http.reply_always(Ok(http_answer(200, "")));
    setup.node.clock.advance(2 * MINUTE);
    let requests = setup.node.http.wait_for_requests(4).await;
    assert_eq!(kinds(&requests[1..]), ["message.created", "message.edited", "message.deleted"]);
    for request in &requests[1..] {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        assert!(!text.contains("secret"), "{text}");
    }
    assert_eq!(body(&requests[1])["data"]["deleted"], true);
    assert_eq!(body(&requests[2])["data"]["deleted"], true);
}

#[tokio::test]
async fn a_webhook_that_is_gone_stops_and_continues_with_everything_when_it_is_switched_on() {
    let setup = Setup::new().await;
    let chat = &setup.node.chat;
    setup.node.http.reply_always(Ok(http_answer(410, "gone")));
    setup.put(to("https://shop.example/")).await;
    setup.say("one").await;
    setup.until("it stops", async || setup.status().await.webhook.state == WebhookState::Gone).await;
    setup.say("two").await;
    setup.node.http.reply_always(Ok(http_answer(200, "")));
    // Without a word about it, it stays as it is.
    let (same, _) = chat.put_webhook(&setup.script, orders(), to("https://shop.example/new")).await.unwrap();
    assert_eq!((same.webhook.state, same.waiting), (WebhookState::Gone, 0));
    let failing = chat.test_webhook(&setup.script, &orders()).await.unwrap();
    assert_eq!((failing.status, failing.answer.as_str()), (Some(200), ""));
    let on = NewWebhook { active: Some(true), ..to("https://shop.example/new") };
    chat.put_webhook(&setup.script, orders(), on).await.unwrap();
    let requests = setup.node.http.wait_for_requests(4).await;
    assert_eq!(kinds(&requests)[1], "webhook.test");
    assert_eq!(texts(&requests[2..]), ["one", "two"]);
    assert_eq!(header(&requests[2], "webhook-id"), header(&requests[0], "webhook-id"));
}

#[tokio::test]
async fn a_webhook_that_has_failed_for_five_days_stops() {
    let setup = Setup::new().await;
    setup.node.http.reply_always(Err(HttpFailure::Timeout));
    setup.put(to("https://shop.example/")).await;
    setup.say("one").await;
    setup.until("it fails", async || setup.status().await.webhook.failing_since.is_some()).await;
    setup.node.clock.advance(5 * DAY);
    setup.until("it stops", async || setup.status().await.webhook.state == WebhookState::Failing).await;
    let requests = setup.node.http.requests().len();
    setup.say("two").await;
    setup.node.clock.advance(DAY);
    assert_eq!((setup.status().await.waiting, setup.node.http.requests().len()), (0, requests));
}

#[tokio::test]
async fn a_deleted_webhook_gets_nothing_more() {
    let setup = Setup::new().await;
    let chat = &setup.node.chat;
    setup.put(to("https://shop.example/")).await;
    setup.say("one").await;
    setup.say("two").await;
    setup.node.http.wait_for_requests(1).await;
    setup.until("the attempt has ended", async || setup.status().await.webhook.failing_since.is_some()).await;
    chat.delete_webhook(&setup.script, &orders()).await.unwrap();
    let requests = setup.node.http.requests().len();
    setup.say("three").await;
    setup.node.clock.advance(DAY);
    // Another one of the same name begins with nothing, and works as a sign that the planner has gone on.
    setup.node.http.reply_always(Ok(http_answer(200, "")));
    setup.put(to("https://other.example/")).await;
    setup.say("four").await;
    let all = setup.node.http.wait_for_requests(requests + 1).await;
    assert_eq!(texts(&all[requests..]), ["four"]);
    let gone = chat.delete_webhook(&setup.script, &HookName::new("gone").unwrap()).await;
    assert_eq!(gone, Err(Refusal::NotFound.into()));
}

#[tokio::test]
async fn for_a_day_after_a_rotation_deliveries_have_both_signatures() {
    let setup = Setup::new().await;
    let chat = &setup.node.chat;
    setup.node.http.reply_always(Ok(http_answer(200, "")));
    let old = setup.put(to("https://shop.example/")).await;
    let (_, new) = chat.rotate_webhook(&setup.script, &orders()).await.unwrap();
    assert_ne!(old, new);
    setup.say("one").await;
    let one = setup.node.http.wait_for_requests(1).await.remove(0);
    let both = format!("{} {}", signature(&new, &one), signature(&old, &one));
    assert_eq!(header(&one, "webhook-signature"), both);
    setup.node.clock.advance(DAY + MINUTE);
    setup.say("two").await;
    let two = setup.node.http.wait_for_requests(2).await.remove(1);
    assert_eq!(header(&two, "webhook-signature"), signature(&new, &two));
}

#[tokio::test]
async fn a_webhook_gets_everything_since_a_time_again_and_a_single_event_too() {
    let setup = Setup::new().await;
    let chat = &setup.node.chat;
    setup.node.http.reply_always(Ok(http_answer(200, "")));
    setup.say("long ago").await;
    setup.node.clock.advance(MINUTE);
    setup.put(to("https://shop.example/")).await;
    let since = chat.now();
    for text in ["one", "two"] {
        setup.say(text).await;
    }
    let first = setup.node.http.wait_for_requests(2).await;
    setup.until_nothing_waits().await;
    chat.replay_webhook(&setup.script, &orders(), since).await.unwrap();
    let again = setup.node.http.wait_for_requests(4).await;
    assert_eq!(texts(&again[2..]), ["one", "two"]);
    assert_eq!(header(&again[3], "webhook-id"), header(&first[1], "webhook-id"));
    setup.until_nothing_waits().await;
    let kept = chat.webhook_deliveries(&setup.script, &orders(), None, 9).await.unwrap();
    chat.replay_delivery(&setup.script, &orders(), kept[3].job).await.unwrap();
    let last = setup.node.http.wait_for_requests(5).await.remove(4);
    assert_eq!(texts(&[last]), ["one"]);
    let future = Timestamp(chat.now().0 + 1);
    let wrong = Refusal::FieldWrong { field: "since".into(), wants: Expected::PastTime };
    assert_eq!(chat.replay_webhook(&setup.script, &orders(), future).await, Err(wrong.into()));
    let unknown = chat.replay_delivery(&setup.script, &orders(), chat::store::JobId(99)).await;
    assert_eq!(unknown, Err(Refusal::NotFound.into()));
    let off = NewWebhook { active: Some(false), ..to("https://shop.example/") };
    chat.put_webhook(&setup.script, orders(), off).await.unwrap();
    let inactive = chat.replay_delivery(&setup.script, &orders(), kept[3].job).await;
    assert_eq!(inactive, Err(Refusal::WebhookInactive.into()));
}

#[tokio::test]
async fn what_was_committed_before_a_node_ended_leaves_from_the_next_one() {
    let setup = Setup::new().await;
    setup.put(to("https://shop.example/")).await;
    setup.node.http.hold();
    for text in ["one", "two", "three"] {
        setup.say(text).await;
    }
    setup.node.http.wait_for_requests(1).await;
    setup.node.chat.shut_down().await.unwrap();
    let next = Node::start(Arc::clone(&setup.store), Arc::new(LocalBus::default()), Node::patient(), 9);
    next.http.reply_always(Ok(http_answer(200, "")));
    let requests = next.http.wait_for_requests(3).await;
    assert_eq!(texts(&requests), ["one", "two", "three"]);
}

#[tokio::test]
async fn only_the_application_manages_webhooks_and_what_it_gives_is_checked() {
    let setup = Setup::new().await;
    let chat = &setup.node.chat;
    for (who, refusal) in [
        (Caller::default(), Refusal::SignInNeeded),
        (setup.wanjiru.caller(), Refusal::NotApplication),
        (Caller::operator(), Refusal::NotApplication),
    ] {
        let put = chat.put_webhook(&who, orders(), to("https://shop.example/")).await;
        assert_eq!(put.map(|_| ()), Err(refusal.clone().into()));
        assert_eq!(chat.webhooks(&who).await, Err(refusal.into()));
    }
    let wrong = |field: &'static str, wants| Refusal::FieldWrong { field: field.into(), wants };
    setup.node.http.refuse_urls("ftp:", HttpFailure::UrlBad(chat::UrlFault::Scheme));
    setup.node.http.refuse_urls("https://10.", HttpFailure::AddressNotPublic);
    let good = to("https://shop.example/");
    for (new, refusal) in [
        (to("ftp://shop.example/"), wrong("url", Expected::WebUrl)),
        (to("https://10.0.0.1/"), Refusal::UrlNotAllowed),
        (to(&format!("https://shop.example/{}", "x".repeat(2_048))), wrong("url", Expected::WebUrl)),
        (
            NewWebhook { events: vec!["message".into()], ..good.clone() },
            wrong("events", Expected::WebhookEvents),
        ),
        (
            NewWebhook { conversations: vec!["nowhere".into()], ..good.clone() },
            wrong("conversations", Expected::WebhookConversations),
        ),
    ] {
        let put = chat.put_webhook(&setup.script, orders(), new.clone()).await;
        assert_eq!(put.map(|_| ()), Err(refusal.into()), "{new:?}");
    }
    for number in 0..20 {
        let name = HookName::new(&format!("hook-{number}")).unwrap();
        chat.put_webhook(&setup.script, name, good.clone()).await.unwrap();
    }
    let one_more = chat.put_webhook(&setup.script, orders(), good).await;
    assert_eq!(one_more.map(|_| ()), Err(Refusal::TooManyWebhooks.into()));
    assert_eq!(chat.webhooks(&setup.script).await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_page_switches_a_webhook_and_changes_nothing_else_and_keeps_why_it_was_stopped() {
    let setup = Setup::new().await;
    let chat = &setup.node.chat;
    let built_in = chat.applications(&Caller::operator(), None).await.unwrap().items.remove(0).public_id;
    let page = chat.for_application(&Caller::operator(), built_in).await.unwrap();
    let conversations = vec![format!("id:{}", setup.group)];
    let new = NewWebhook { conversations: conversations.clone(), ..to("https://shop.example/") };
    let (made, _) = chat.create_webhook(&page, "Orders", new).await.unwrap();
    assert_eq!((made.webhook.name.clone(), made.webhook.state), (orders(), WebhookState::Active));
    // A group that is gone does not keep it from being switched.
    chat.delete_group(&setup.wanjiru, setup.group, "茶").await.unwrap();
    for (on, state) in [(false, WebhookState::Off), (false, WebhookState::Off), (true, WebhookState::Active)]
    {
        chat.switch_webhook(&page, &orders(), on).await.unwrap();
        let webhook = setup.status().await.webhook;
        assert_eq!((webhook.state, webhook.conversations), (state, made.webhook.conversations.clone()));
    }
    // A title that is taken gets a number, and one without a letter is refused.
    let (second, _) = chat.create_webhook(&page, "ORDERS!", to("https://shop.example/")).await.unwrap();
    assert_eq!(second.webhook.name.as_str(), "orders-2");
    let nameless = chat.create_webhook(&page, " ", to("https://shop.example/")).await;
    assert_eq!(nameless.map(|_| ()), Err(Refusal::NameEmpty.into()));
    // Users, even of this application, are not the owner.
    let refused = chat.for_application(&setup.wanjiru.caller(), built_in).await;
    assert_eq!(refused.map(|_| ()), Err(Refusal::NotOperator.into()));
}
