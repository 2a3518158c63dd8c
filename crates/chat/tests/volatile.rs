//! The volatile store keeps the contract of the port, and no more history than its window allows.

use std::sync::Arc;

use chat::store::{BodyHash, Commit, Draft, LogOutcome, LogWrite, Range, Sender, TypedWrite};
use chat::testing::SeededChance;
use chat::{MemoryStore, Store, Window};
use wire::{ApplicationId, Json, SendId, Seq, Timestamp, Topic};

mod contract {
    use super::*;

    fn fresh() -> Arc<dyn Store> {
        Arc::new(store(Window::default()))
    }

    chat::store_contract!(fresh);
}

#[tokio::test]
async fn a_log_keeps_its_newest_entries_and_tells_where_it_begins() {
    let store = store(Window { entries: 3, ..Window::default() });
    for number in 1..=10 {
        assert_eq!(send(&store, "news", number).await, LogOutcome::Posted { seq: Seq(number) });
    }
    assert_eq!(kept(&store, "news", Range::default()).await, (8, vec![], 10));
    let all = Range { limit: 100, ..Range::default() };
    assert_eq!(kept(&store, "news", all).await, (8, vec![8, 9, 10], 10));
    let after = Range { after: Some(Seq(2)), ..all };
    assert_eq!(kept(&store, "news", after).await, (8, vec![8, 9, 10], 10), "the page says that it leaps");
    let before = Range { before: Some(Seq(9)), ..all };
    assert_eq!(kept(&store, "news", before).await, (8, vec![8], 10));
}

#[tokio::test]
async fn an_id_is_known_as_long_as_its_entry_is_kept() {
    let store = store(Window { entries: 2, ..Window::default() });
    for number in 1..=3 {
        send(&store, "news", number).await;
    }
    let repeated = LogOutcome::Repeated { seq: Seq(2), at: Timestamp(0) };
    assert_eq!(send(&store, "news", 2).await, repeated);
    assert_eq!(send(&store, "news", 1).await, LogOutcome::Posted { seq: Seq(4) }, "nobody remembers it");
}

#[tokio::test]
async fn when_memory_is_short_the_log_that_was_quiet_longest_forgets_first() {
    // Room for about ten entries with their overhead.
    let store = store(Window { entries: 100, bytes: 2_100 });
    for number in 1..=5 {
        send(&store, "quiet", number).await;
        send(&store, "loud", 100 + number).await;
    }
    let all = Range { limit: 100, ..Range::default() };
    for number in 6..=8 {
        send(&store, "loud", 100 + number).await;
    }
    assert_eq!(kept(&store, "quiet", all).await, (4, vec![4, 5], 5));
    assert_eq!(kept(&store, "loud", all).await, (1, (1..=8).collect(), 8));
    for number in 9..=40 {
        send(&store, "loud", 100 + number).await;
    }
    // A log that has lost all its entries still continues its Seqs.
    assert_eq!(kept(&store, "quiet", all).await, (6, vec![], 5));
    assert_eq!(kept(&store, "loud", all).await, (31, (31..=40).collect(), 40));
    assert_eq!(send(&store, "quiet", 6).await, LogOutcome::Posted { seq: Seq(6) });
    assert_eq!(kept(&store, "quiet", all).await, (6, vec![6], 6));
}

#[tokio::test]
async fn each_volatile_store_is_another_life_of_its_logs() {
    let epoch = |seed| MemoryStore::new(&SeededChance::new(seed), Window::default()).epoch();
    assert_ne!(epoch(1), epoch(2));
}

fn store(window: Window) -> MemoryStore {
    MemoryStore::new(&SeededChance::new(7), window)
}

async fn send(store: &MemoryStore, topic: &str, number: u64) -> LogOutcome {
    let draft = Draft {
        topic: Topic::new(topic).unwrap(),
        sender: Sender::Open,
        id: SendId::new(&number.to_string()).unwrap(),
        body: BodyHash([0; 16]),
        data: Json::of(&number),
        at: Timestamp(0),
        right: None,
        about: None,
        counts: false,
        is_row: false,
        mentions: chat::store::Mentions::default(),
        ends: chat::store::Ends::Nobody,
    };
    let commit = Commit { application: ApplicationId::BUILT_IN, write: draft.into() };
    let committed = store.commit(vec![commit], wire::Seq(u64::MAX)).await.unwrap();
    LogWrite::outcome(committed.outcomes[0].clone()).unwrap()
}

/// Returns the first Seq of the log, the Seqs of a page of it, and its head.
async fn kept(store: &MemoryStore, topic: &str, range: Range) -> (u64, Vec<u64>, u64) {
    let reader = store.reader(ApplicationId::BUILT_IN);
    let page = reader.page(&Topic::new(topic).unwrap(), range).await.unwrap();
    (page.begins.0, page.entries.iter().map(|entry| entry.seq.0).collect(), page.head.0)
}
