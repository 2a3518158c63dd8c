//! Clock steps: when the machine's clock is set, nobody is signed out and no session lasts longer.

use std::sync::Arc;

use chat::testing::{ManualClock, Node, ScriptedHttpClient, SeededChance, guest};
use chat::{Chat, Clock, LocalBus, MasterSecret, MemoryBlobs, MemoryStore, Parts, Store, Token, Window};
use wire::{Person, Timestamp};

const DAY: i64 = 86_400_000;
const YEAR: i64 = 365 * DAY;

async fn recognised(node: &Node, token: &Token) -> Option<Person> {
    node.user_of(token).await
}

#[tokio::test]
async fn nobody_is_signed_out_by_a_clock_that_is_set_forward() {
    let node = Node::volatile();
    let (ann, token) = guest(&node.chat, "ann").await;
    for years in [1, 24, -25] {
        node.clock.step(years * YEAR);
        assert_eq!(recognised(&node, &token).await, Some(ann.person()), "{years}");
        assert_eq!(node.chat.sessions(&ann).await.unwrap().len(), 1);
        assert_eq!(node.chat.sweep().await.unwrap(), 0, "guests are not removed by it either");
    }
    node.clock.advance(29 * DAY);
    assert_eq!(recognised(&node, &token).await, Some(ann.person()));
}

#[tokio::test]
async fn no_session_lasts_longer_by_a_clock_that_is_set_back() {
    for years in [-1, 1] {
        let node = Node::volatile();
        let (ann, token) = guest(&node.chat, "ann").await;
        node.clock.step(years * YEAR);
        let (ben, other) = guest(&node.chat, "ben").await;
        node.clock.advance(20 * DAY);
        assert_eq!(recognised(&node, &token).await, Some(ann.person()));
        node.clock.step(-years * YEAR);
        assert_eq!(recognised(&node, &other).await, Some(ben.person()));
        node.clock.advance(30 * DAY);
        assert_eq!(
            [recognised(&node, &token).await, recognised(&node, &other).await],
            [None, None],
            "{years}"
        );
    }
}

#[tokio::test]
async fn a_session_that_began_by_a_clock_that_was_ahead_lasts_no_longer_than_others() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let ahead = Node::over(Arc::clone(&store));
    let (ann, token) = guest(&ahead.chat, "ann").await;
    // After a restart the clock is right.
    let clock = Arc::new(ManualClock::at(Timestamp(ahead.clock.now().0 - YEAR)));
    let (bus, chance) = (Arc::new(LocalBus::default()), Arc::new(SeededChance::new(2)));
    let limits = Node::patient();
    let secret = MasterSecret::from_bytes([7; 32]);
    let blobs = Arc::new(MemoryBlobs::default());
    let http = Arc::new(ScriptedHttpClient::default());
    let (of_blobs, of_http, of_clock) = (blobs.clone(), http.clone(), clock.clone());
    let parts = Parts {
        store,
        blobs: of_blobs,
        bus,
        http: of_http,
        clock: of_clock,
        chance,
        limits,
        secret,
        providers: Vec::new(),
    };
    let node = Node { chat: Chat::start(parts), clock, blobs, http };
    for day in (0..limits.session_days).step_by(10) {
        assert_eq!(recognised(&node, &token).await, Some(ann.person()), "day {day}");
        node.clock.advance(10 * DAY);
    }
    assert_eq!(recognised(&node, &token).await, None);
}
