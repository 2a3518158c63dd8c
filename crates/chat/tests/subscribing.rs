//! Live delivery through a [`Chat`]: its beginning, resuming after a disconnect, and resets.

use std::sync::Arc;

use chat::store::Range;
use chat::testing::{Gate, Heard, Listener, Node, SeededChance, User, for_all};
use chat::{Caller, Error, Limits, MemoryStore, Window};
use proptest::collection::vec;
use proptest::prelude::*;
use wire::limits::{REPLAY_ENTRIES, SUBSCRIPTIONS};
use wire::{Cursor, Epoch, Refusal, ResetReason, Seq, Topic};

/// Returns a node whose broker keeps so few frames that most subscribers need recovery.
fn forgetful(window: Window) -> Node {
    let store = MemoryStore::new(&SeededChance::new(0), window);
    Node::limited(Arc::new(store), Limits { topic_log_bytes: 400, ..Node::patient() })
}

/// One step in the history of ben's connection.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// A number of entries are published.
    Publish(u64),
    /// He takes about this many bytes.
    Take(usize),
    /// His connection is cut, and he reconnects with his cursor.
    Cut,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_ben_is_cut_off_he_gets_the_rest_and_nothing_twice() {
    let turn =
        prop_oneof![(1..9u64).prop_map(Turn::Publish), (1..900usize).prop_map(Turn::Take), Just(Turn::Cut)];
    for_all(64, (1..1_500usize, vec(turn, 1..40)), |(log_bytes, turns)| async move {
        let store = MemoryStore::new(&SeededChance::new(0), Window::default());
        let node = Node::limited(Arc::new(store), Limits { topic_log_bytes: log_bytes, ..Node::patient() });
        let mut ben = Listener::new(&node.chat, None);
        ben.subscribe(&news(), None).await.unwrap();
        let (mut head, mut got) = (0, vec![]);
        for turn in turns {
            match turn {
                Turn::Publish(count) => {
                    publish(&node, count).await;
                    head += count;
                }
                Turn::Take(max_bytes) => {
                    ben.take(max_bytes).await;
                }
                Turn::Cut => {
                    got.extend(ben.seqs(&news()));
                    ben = resumed(&node, got.last().copied().unwrap_or_default(), head).await;
                }
            }
        }
        ben.take_all().await;
        got.extend(ben.seqs(&news()));
        assert_eq!(got, (1..=head).collect::<Vec<_>>());
        assert!(ben.heard().iter().all(|heard| matches!(heard, Heard::Entry(_))), "nothing was reset");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ben_comes_and_goes_while_ann_publishes_and_misses_nothing() {
    let node = forgetful(Window::default());
    let publisher = node.chat.clone();
    let publishing = tokio::spawn(async move {
        let caller = Caller { open_topics: true, ..Caller::default() };
        for number in 0..400u64 {
            publisher.publish(&caller, news(), None, wire::Json::of(&number)).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let mut got: Vec<u64> = vec![];
    while got.len() < 400 {
        let at = got.last().copied().unwrap_or_default();
        let mut ben = Listener::new(&node.chat, None);
        ben.subscribe(&news(), cursor(&node, at)).await.unwrap();
        ben.until_seq(&news(), (at + 7).min(400)).await;
        got.extend(ben.seqs(&news()));
    }
    assert_eq!(got, (1..=400).collect::<Vec<_>>());
    publishing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn those_who_come_back_together_share_what_they_read_from_the_store() {
    let gate = Gate::before(Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default())));
    let node = Node::limited(gate.clone(), Limits { topic_log_bytes: 400, ..Node::patient() });
    publish(&node, 250).await;
    let mut all = tokio::task::JoinSet::new();
    for number in 0..100 {
        let (chat, since) = (node.chat.clone(), cursor(&node, number));
        all.spawn(async move {
            let mut ben = Listener::new(&chat, None);
            ben.subscribe(&news(), since).await.unwrap();
            ben.take_all().await;
            assert_eq!(ben.seqs(&news()), (number + 1..=250).collect::<Vec<_>>());
        });
    }
    while let Some(ended) = all.join_next().await {
        ended.unwrap();
    }
    let pages = gate.pages();
    assert!(pages <= 3, "a page each, read once, unless it is in memory: {pages}");
    // Later entries are not in the shared pages, but in memory.
    let mut ben = Listener::new(&node.chat, None);
    publish(&node, 30).await;
    ben.subscribe(&news(), cursor(&node, 210)).await.unwrap();
    ben.take_all().await;
    assert_eq!(ben.seqs(&news()), (211..=280).collect::<Vec<_>>());
    assert_eq!(gate.pages(), pages);
}

#[tokio::test]
async fn without_a_cursor_delivery_begins_at_the_head() {
    let node = Node::volatile();
    publish(&node, 5).await;
    let mut ben = Listener::new(&node.chat, None);
    let begun = ben.subscribe(&news(), None).await.unwrap();
    assert_eq!((begun.cursor.seq, begun.head, begun.begins, begun.reset), (Seq(5), Seq(5), Seq(1), None));
    publish(&node, 2).await;
    ben.take_all().await;
    assert_eq!(ben.seqs(&news()), [6, 7]);
}

#[tokio::test]
async fn subscribing_again_begins_anew() {
    let node = Node::volatile();
    publish(&node, 3).await;
    let mut ben = Listener::new(&node.chat, None);
    for _ in 0..2 {
        ben.subscribe(&news(), cursor(&node, 1)).await.unwrap();
        ben.take_all().await;
    }
    publish(&node, 1).await;
    ben.take_all().await;
    assert_eq!(ben.seqs(&news()), [2, 3, 2, 3, 4]);
}

#[tokio::test]
async fn a_gap_that_cannot_be_replayed_is_a_reset_with_its_reason() {
    let node = forgetful(Window { entries: 1_200, ..Window::default() });
    let head = REPLAY_ENTRIES + 500;
    publish(&node, head).await;
    let epoch = cursor(&node, 0).unwrap().epoch;
    for (since, reason) in [
        (Cursor { epoch: Epoch(epoch.0 ^ 1), seq: Seq(head) }, ResetReason::EpochChanged),
        (Cursor { epoch, seq: Seq(head + 1) }, ResetReason::Ahead),
        (Cursor { epoch, seq: Seq(u64::MAX) }, ResetReason::Ahead),
        (Cursor { epoch, seq: Seq(0) }, ResetReason::Trimmed),
        (Cursor { epoch, seq: Seq(head - REPLAY_ENTRIES - 1) }, ResetReason::TooFarBehind),
    ] {
        let mut ben = Listener::new(&node.chat, None);
        let begun = ben.subscribe(&news(), Some(since)).await.unwrap();
        assert_eq!(begun.reset, Some(reason));
        assert_eq!((begun.cursor, begun.head), (Cursor { epoch, seq: Seq(head) }, Seq(head)));
        assert_eq!(begun.begins, Seq(head - 1_199));
        ben.take_all().await;
        assert_eq!(ben.heard(), [], "nothing before the head is delivered");
    }
    // One entry less, and everything is replayed.
    let mut ben = Listener::new(&node.chat, None);
    let since = Cursor { epoch, seq: Seq(head - REPLAY_ENTRIES) };
    assert_eq!(ben.subscribe(&news(), Some(since)).await.unwrap().reset, None);
    ben.take_all().await;
    assert_eq!(ben.seqs(&news()), (head - REPLAY_ENTRIES + 1..=head).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_falls_behind_a_little_is_brought_along_and_who_falls_behind_far_is_reset() {
    let node = forgetful(Window::default());
    let (mut ann, mut ben) = (Listener::new(&node.chat, None), Listener::new(&node.chat, None));
    for listener in [&mut ann, &mut ben] {
        listener.subscribe(&news(), None).await.unwrap();
    }
    publish(&node, REPLAY_ENTRIES).await;
    ann.take_all().await;
    assert_eq!(ann.seqs(&news()), (1..=REPLAY_ENTRIES).collect::<Vec<_>>());
    publish(&node, 1).await;
    ben.take_all().await;
    let at = cursor(&node, REPLAY_ENTRIES + 1).unwrap();
    let reset = Heard::Reset { topic: news(), reason: ResetReason::TooFarBehind, cursor: at };
    assert_eq!(ben.heard(), std::slice::from_ref(&reset));
    publish(&node, 2).await;
    for listener in [&mut ann, &mut ben] {
        listener.take_all().await;
    }
    assert_eq!(ann.seqs(&news()).len() as u64, REPLAY_ENTRIES + 3);
    assert_eq!(ben.seqs(&news()), [REPLAY_ENTRIES + 2, REPLAY_ENTRIES + 3]);
}

#[tokio::test]
async fn who_falls_behind_what_is_kept_at_all_is_reset() {
    let node = forgetful(Window { entries: 10, ..Window::default() });
    let mut ben = Listener::new(&node.chat, None);
    ben.subscribe(&news(), None).await.unwrap();
    publish(&node, 50).await;
    ben.take_all().await;
    let at = cursor(&node, 50).unwrap();
    assert_eq!(ben.heard(), [Heard::Reset { topic: news(), reason: ResetReason::Trimmed, cursor: at }]);
}

#[tokio::test]
async fn nobody_reads_what_is_not_for_them() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let group = node.group(&ann, "tea").await;
    let no_group = wire::GroupId::from_bytes([0; wire::ID_BYTES]);
    for (who, topic, refusal) in [
        (None, Topic::group(group), Refusal::SignInNeeded),
        (Some(&ben), Topic::group(group), Refusal::NotMember),
        (Some(&ann), Topic::group(no_group), Refusal::NotFound),
        (Some(&ben), Topic::user(ann.id), Refusal::NotFound),
        (None, Topic::user(ann.id), Refusal::SignInNeeded),
        (Some(&ann), Topic::new("direct/x").unwrap(), Refusal::NotFound),
    ] {
        let mut listener = Listener::new(&node.chat, who);
        let refused = Err(Error::Refusal(refusal));
        assert_eq!(listener.subscribe(&topic, None).await, refused, "{who:?} {topic}");
        let caller = Caller { open_topics: true, ..who.map(User::caller).unwrap_or_default() };
        let page = node.chat.history(&caller, &topic, Range::default()).await;
        assert_eq!(page.err(), refused.err());
        node.say(&ann, group, "among us").await;
        listener.take_all().await;
        assert_eq!(listener.heard(), []);
    }
    assert_eq!(node.chat.broker().topics(), 0, "who was refused has left nothing behind");
}

#[tokio::test]
async fn a_connection_has_a_bounded_number_of_subscriptions() {
    let node = Node::volatile();
    let mut ben = Listener::new(&node.chat, None);
    let topic = |number: usize| Topic::new(&format!("news/{number}")).unwrap();
    for number in 0..SUBSCRIPTIONS {
        ben.subscribe(&topic(number), None).await.unwrap();
    }
    let refused = Err(Error::Refusal(Refusal::TooManySubscriptions));
    assert_eq!(ben.subscribe(&topic(SUBSCRIPTIONS), None).await, refused);
    assert!(ben.subscribe(&topic(0), None).await.is_ok(), "what one has counts once");
}

/// Returns ben's new connection, which resumes after `at`.
async fn resumed(node: &Node, at: u64, head: u64) -> Listener {
    let mut ben = Listener::new(&node.chat, None);
    let begun = ben.subscribe(&news(), cursor(node, at)).await.unwrap();
    assert_eq!((begun.cursor.seq, begun.head, begun.reset), (Seq(at), Seq(head), None));
    ben
}

fn cursor(node: &Node, at: u64) -> Option<Cursor> {
    Some(Cursor { epoch: node.epoch(), seq: Seq(at) })
}

async fn publish(node: &Node, count: u64) {
    for number in 0..count {
        node.publish(&news(), number).await;
    }
}

fn news() -> Topic {
    Topic::new("news").unwrap()
}
