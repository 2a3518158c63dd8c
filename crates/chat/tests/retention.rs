//! Retention at the level of the domain: what is trimmed, and what readers hear of it.

use std::sync::Arc;
use std::time::Duration;

use chat::rules::RetentionDays;
use chat::store::{Commit, Range, Retention, RetentionConfig, RetentionRule, Trim};
use chat::testing::{Heard, Listener, Node, SeededChance, User, for_all};
use chat::{ApplicationChange, Caller, Error, Limits, LocalBus, MemoryStore, Store, Window};
use proptest::collection::vec;
use proptest::prelude::*;
use wire::{Amendment, ApplicationId, Cursor, Json, Refusal, ResetReason, Seq, Topic};

const DAY_MS: i64 = 86_400_000;

fn news() -> Topic {
    Topic::new("news").unwrap()
}

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()))
}

fn days(days: u32) -> Retention {
    Retention { days: Some(days), ..Retention::default() }
}

/// Returns a node without a rate limit for programs.
fn node_for_programs() -> Node {
    Node::limited(store(), Limits { token_send_burst: u32::MAX, ..Node::patient() })
}

async fn until(is: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it never comes");
}

/// Returns the oldest and the newest Seq of a topic that a caller reads.
async fn bounds(node: &Node, caller: &Caller, topic: &Topic) -> (u64, u64) {
    let page = node.chat.history(caller, topic, Range { limit: 1, ..Range::default() }).await.unwrap();
    (page.begins.0, page.head.0)
}

/// Trims a topic of the built-in application, as the job does.
async fn trim(store: &dyn Store, topic: &Topic, before: u64) {
    let write = Trim { topic: topic.clone(), before: Seq(before) };
    let commit = Commit { application: ApplicationId::BUILT_IN, write: write.into() };
    store.commit(vec![commit], Seq(u64::MAX)).await.unwrap();
}

#[tokio::test]
async fn old_messages_go_and_new_ones_stay_as_they_are() {
    let retention = RetentionDays { messages: Some(30), user_logs: Some(90), audit: None };
    let node = Node::limited(store(), Limits { retention, ..Node::patient() });
    let (ngugi, zoe) = (node.introduce("Ngũgĩ").await, node.introduce("Zoë").await);
    let group = node.group(&ngugi, "茶").await;
    node.chat.join(&zoe, group, None).await.unwrap();
    let topic = Topic::group(group);
    let old = node.say(&ngugi, group, "a secret").await.seq;
    let (chat, quote) = (&node.chat, node.chat.new_send_id());
    node.clock.advance(20 * DAY_MS);
    let answer = chat.post(&zoe, topic.clone(), quote, "really?", Some(old)).await.unwrap().seq;
    assert_eq!(chat.apply_retention().await.unwrap(), 0, "nothing is 30 days old");
    node.clock.advance(11 * DAY_MS);
    chat.apply_retention().await.unwrap();
    assert_eq!(bounds(&node, &zoe, &topic).await, (answer.0, answer.0));
    let page = chat.history(&zoe, &topic, Range { limit: 9, ..Range::default() }).await.unwrap();
    assert!(!page.entries[0].data.as_str().contains("a secret"), "{page:?}");
    assert_eq!(chat.apply_retention().await.unwrap(), 0);

    let gone =
        |outcome: Result<_, Error>| assert_eq!(outcome.map(|_: chat::Ack| ()), Err(Refusal::NotFound.into()));
    gone(chat.post(&zoe, topic.clone(), chat.new_send_id(), "and?", Some(old)).await);
    gone(chat.amend(&ngugi, &topic, chat.new_send_id(), old, Amendment::Edit("harmless".into())).await);
    gone(chat.amend(&zoe, &topic, chat.new_send_id(), old, Amendment::Pin(true)).await);
    let overview = chat.overview(&ngugi).await.unwrap();
    assert_eq!((overview.mine[0].unread, overview.mine[0].head), (1, answer));
    // Their own logs and the audit log are kept for longer.
    assert_eq!(bounds(&node, &ngugi, &Topic::user(ngugi.id)).await.0, 1);
    node.clock.advance(60 * DAY_MS);
    chat.apply_retention().await.unwrap();
    let own = bounds(&node, &ngugi, &Topic::user(ngugi.id)).await;
    assert_eq!(own.0, own.1 + 1, "the own log is empty after 91 days");
    assert_eq!(bounds(&node, &ngugi, &Topic::audit(group)).await.0, 1);
}

#[tokio::test]
async fn a_clock_that_is_set_to_next_year_trims_nothing() {
    let node = Node::volatile();
    let ann = node.introduce("ann").await;
    let group = node.group(&ann, "tea").await;
    node.clock.step(700 * DAY_MS);
    assert_eq!(node.chat.apply_retention().await.unwrap(), 0);
    assert_eq!(bounds(&node, &ann, &Topic::audit(group)).await.0, 1);
}

#[tokio::test]
async fn every_hour_the_logs_of_all_applications_are_trimmed_to_their_bounds() {
    let node = node_for_programs();
    let created = node.chat.create_application(&Caller::operator(), "Shop", "").await.unwrap();
    let shop = node.chat.authenticate_api_token(&created.token).await.unwrap().unwrap();
    let rule = |prefix: &str, retention| RetentionRule { prefix: prefix.into(), retention };
    let few = Retention { entries: Some(3), ..Retention::default() };
    let retention = RetentionConfig { default: few, rules: vec![rule("orders/", days(7))] };
    let change = ApplicationChange { retention: Some(retention), ..ApplicationChange::default() };
    node.chat.change_application(&shop, change, None).await.unwrap();
    let (orders, own) = (Topic::new("orders/eu").unwrap(), Topic::new("own").unwrap());
    let publish = async |topic: &Topic, number: u64| {
        node.chat.publish(&shop, topic.clone(), None, Json::of(&number)).await.unwrap();
    };
    // More than one slice.
    for number in 0..1_203 {
        publish(&news(), number).await;
    }
    for number in 0..5 {
        publish(&orders, number).await;
        publish(&own, number).await;
    }
    let mine = Retention { bytes: Some(2), ..Retention::default() };
    node.chat.set_retention(&shop, &own, Some(mine)).await.unwrap();
    node.clock.advance(61 * 60 * 1_000);
    until(async || bounds(&node, &shop, &own).await == (4, 5)).await;
    until(async || bounds(&node, &shop, &news()).await == (1_201, 1_203)).await;
    assert_eq!(bounds(&node, &shop, &orders).await, (1, 5), "a week is not over");
    let (log, keep) = node.chat.topic_usage(&shop, &own).await.unwrap();
    assert_eq!((log.entries(), log.bytes, keep, log.retention), (2, 2, mine, Some(mine)));
    node.chat.set_retention(&shop, &own, None).await.unwrap();
    assert_eq!(node.chat.topic_usage(&shop, &own).await.unwrap().1, few);

    let ann = node.introduce("ann").await.caller();
    let zero = Some(Retention { entries: Some(0), ..Retention::default() });
    let wrong = node.chat.set_retention(&shop, &own, zero).await.unwrap_err();
    assert!(matches!(wrong, Error::Refusal(Refusal::FieldWrong { .. })), "{wrong:?}");
    let none = Topic::new("none").unwrap();
    assert_eq!(node.chat.set_retention(&shop, &none, None).await, Err(Refusal::NotFound.into()));
    let open = Caller { open_topics: true, ..ann };
    assert_eq!(node.chat.set_retention(&open, &own, None).await, Err(Refusal::NotApplication.into()));
}

#[tokio::test]
async fn a_program_deletes_all_entries_of_a_topic_and_publishes_on() {
    let node = node_for_programs();
    let created = node.chat.create_application(&Caller::operator(), "Shop", "").await.unwrap();
    let shop = node.chat.authenticate_api_token(&created.token).await.unwrap().unwrap();
    let publish =
        async |number: u64| node.chat.publish(&shop, news(), None, Json::of(&number)).await.unwrap().seq;
    assert_eq!(node.chat.clear_topic(&shop, &news()).await, Err(Refusal::NotFound.into()));
    for number in 0..700 {
        publish(number).await;
    }
    let mut listener = Listener::of(&node.chat, shop.clone());
    listener.subscribe(&news(), None).await.unwrap();
    assert_eq!(node.chat.clear_topic(&shop, &news()).await, Ok(Seq(700)));
    let later = publish(700).await;
    until(async || bounds(&node, &shop, &news()).await == (701, 701)).await;
    assert_eq!(later, Seq(701));
    publish(701).await;
    listener.take_all().await;
    assert_eq!(listener.seqs(&news()), [701, 702], "a subscriber goes on");
    let ann = Caller { open_topics: true, ..node.introduce("ann").await.caller() };
    assert_eq!(node.chat.clear_topic(&ann, &news()).await, Err(Refusal::NotApplication.into()));
}

/// One step in the history of a log and a connection.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// A number of entries are published.
    Publish(u64),
    /// The log is trimmed, all but about this many entries.
    Trim(u64),
    /// The connection takes about this many bytes.
    Take(usize),
    /// The connection is cut, and resumes with its cursor, at this one of the nodes.
    Cut(usize),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_misses_trimmed_entries_hears_of_it_on_every_node() {
    let turn = prop_oneof![
        3 => (1..9u64).prop_map(Turn::Publish),
        1 => (0..12u64).prop_map(Turn::Trim),
        2 => (1..900usize).prop_map(Turn::Take),
        2 => (0..2usize).prop_map(Turn::Cut),
    ];
    for_all(64, (1..1_500usize, vec(turn, 1..40)), |(log_bytes, turns)| async move {
        let (store, bus) = (store(), Arc::new(LocalBus::default()));
        let limits = Limits { topic_log_bytes: log_bytes, ..Node::patient() };
        let nodes = [1, 2].map(|seed| Node::start(Arc::clone(&store), Arc::clone(&bus) as _, limits, seed));
        let mut reader = Reader { listener: Listener::new(&nodes[0].chat, None), last: 0, begins: 1 };
        reader.listener.subscribe(&news(), None).await.unwrap();
        let mut head = 0;
        for turn in turns {
            match turn {
                Turn::Publish(count) => {
                    for _ in 0..count {
                        head = nodes[0].publish(&news(), 7).await.seq.0;
                    }
                }
                Turn::Trim(kept) => {
                    reader.begins = reader.begins.max((head + 1).saturating_sub(kept)).min(head + 1);
                    trim(&*store, &news(), reader.begins).await;
                }
                Turn::Take(max_bytes) => {
                    reader.listener.take(max_bytes).await;
                }
                Turn::Cut(node) => reader.resume(&nodes[node]).await,
            }
        }
        reader.resume(&nodes[1]).await;
        reader.finish(head).await;
        for node in nodes {
            node.chat.shut_down().await.unwrap();
        }
    })
    .await;
}

/// A connection that notes the last Seq that it has, or was told to skip to.
struct Reader {
    listener: Listener,
    last: u64,
    /// The oldest entry of the log.
    begins: u64,
}

impl Reader {
    /// Checks what came: no entry is missing unless a reset told of it.
    fn note(&mut self) {
        for heard in self.listener.heard() {
            match heard {
                Heard::Entry(entry) => {
                    assert_eq!(entry.seq.0, self.last + 1, "a hole that nobody was told of")
                }
                Heard::Reset { reason, cursor, .. } => {
                    assert_eq!(*reason, ResetReason::Trimmed);
                    assert!(cursor.seq.0 >= self.last && self.begins > self.last + 1);
                }
                Heard::Ended { .. } => panic!("the topic is open"),
            }
            self.last = match heard {
                Heard::Entry(entry) => entry.seq.0,
                Heard::Reset { cursor, .. } => cursor.seq.0,
                Heard::Ended { .. } => self.last,
            };
        }
    }

    async fn resume(&mut self, node: &Node) {
        self.note();
        self.listener = Listener::new(&node.chat, None);
        let since = Cursor { epoch: node.epoch(), seq: Seq(self.last) };
        let begun = self.listener.subscribe(&news(), Some(since)).await.unwrap();
        assert_eq!(begun.reset.is_some(), self.begins > self.last + 1);
        assert!(begun.reset.is_none_or(|reason| reason == ResetReason::Trimmed));
        self.last = begun.cursor.seq.0;
    }

    async fn finish(&mut self, head: u64) {
        if self.last < head {
            let reached = |heard: &[Heard]| {
                heard.iter().any(|heard| match heard {
                    Heard::Entry(entry) => entry.seq.0 == head,
                    Heard::Reset { cursor, .. } => cursor.seq.0 == head,
                    Heard::Ended { .. } => false,
                })
            };
            self.listener.until(reached).await;
        }
        self.note();
        assert_eq!(self.last, head);
    }
}

#[tokio::test]
async fn a_broadcast_is_forgotten_with_the_senders_log() {
    let node = Node::volatile();
    let ann: User = node.introduce("ann").await;
    let group = node.group(&ann, "tea").await;
    let id = node.chat.new_send_id();
    let sent = node.chat.broadcast(&ann, id, "hello", chat::Audience::MyGroups).await.unwrap().seq;
    node.until_sent(&ann, sent).await;
    node.clock.advance(91 * DAY_MS);
    node.chat.apply_retention().await.unwrap();
    assert!(node.chat.broadcast_results(&ann, sent, 0).await.is_err());
    assert_eq!(bounds(&node, &ann, &Topic::group(group)).await.0, 1, "the messages themselves stay");
}
