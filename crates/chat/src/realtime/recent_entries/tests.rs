//! Unit tests of the cache: its bounds, and what it leaves behind.

use wire::{ApplicationId, Json, SendId, Timestamp, Topic};

use super::*;
use crate::memory::{MemoryStore, Window};
use crate::ports::store::{BodyHash, Commit, Committed, Draft, Ends, Mentions, Sender};
use crate::testing::SeededChance;

const MAX_BYTES: usize = 256 * 1_024;
const NEWEST: Range = Range { after: None, before: None, limit: 10 };

fn key(number: usize) -> LogKey {
    LogKey::new(ApplicationId(7), Topic::new(&format!("حديقة/{number}")).unwrap())
}

fn draft(number: usize, id: usize) -> Draft {
    Draft {
        topic: key(number).topic,
        sender: Sender::Open,
        id: SendId::new(&format!("{number}-{id}")).unwrap(),
        body: BodyHash([0; 16]),
        data: Json::of(&"花".repeat(1_000)),
        at: Timestamp(1),
        right: None,
        about: None,
        counts: false,
        is_row: false,
        mentions: Mentions::default(),
        ends: Ends::Nobody,
    }
}

/// Commits an entry, and adds it.
async fn publish(store: &MemoryStore, recent: &RecentEntries, number: usize, id: usize) {
    let commit = Commit { application: ApplicationId(7), write: draft(number, id).into() };
    let committed = store.commit(vec![commit], Seq::ZERO).await.unwrap();
    let Committed { appended, rewritten, shortened, .. } = committed;
    let appended: Vec<_> = appended.iter().map(AppendedFrame::of).collect();
    recent.commit(&appended, rewritten, shortened);
}

async fn read(store: &MemoryStore, recent: &RecentEntries, number: usize) -> Option<usize> {
    let lookup = recent.lookup(&key(number), NEWEST)?;
    let page = store.reader(ApplicationId(7)).page(&key(number).topic, Range::default()).await.unwrap();
    let bounds = LogBounds { epoch: page.epoch, begins: page.begins, head: page.head };
    recent.read(store, &lookup, |log| log.slice(bounds, NEWEST)).await.unwrap().map(|frames| frames.len())
}

#[tokio::test]
async fn all_logs_together_have_a_bound_and_those_read_last_stay() {
    tokio::time::pause();
    let (store, recent) =
        (MemoryStore::new(&SeededChance::new(1), Window::default()), RecentEntries::bounded(MAX_BYTES));
    for number in 0..50 {
        for id in 0..5 {
            publish(&store, &recent, number, id).await;
        }
        assert_eq!(read(&store, &recent, number).await, None, "it is read once");
        assert_eq!(read(&store, &recent, number).await, Some(5));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(recent.metrics().bytes <= MAX_BYTES as u64, "{:?}", recent.metrics());
    }
    assert!(recent.metrics().bytes > MAX_BYTES as u64 / 2, "{:?}", recent.metrics());
    assert_eq!(read(&store, &recent, 49).await, Some(5));
    assert_eq!(read(&store, &recent, 0).await, None);
    // The committer adds to one log only.
    for id in 5..300 {
        publish(&store, &recent, 49, id).await;
        assert!(recent.metrics().bytes <= MAX_BYTES as u64, "{:?}", recent.metrics());
    }
}

#[tokio::test]
async fn nothing_is_kept_that_nobody_reads() {
    tokio::time::pause();
    let (store, recent) =
        (MemoryStore::new(&SeededChance::new(1), Window::default()), RecentEntries::bounded(MAX_BYTES));
    publish(&store, &recent, 1, 1).await;
    assert_eq!(recent.metrics().bytes, 0);
    for number in [1, 2] {
        read(&store, &recent, number).await;
        read(&store, &recent, number).await;
        publish(&store, &recent, number, 2).await;
    }
    assert!(recent.metrics().bytes > 3_000);
    recent.close(&key(2));
    tokio::time::advance(KEPT_FOR + Duration::from_secs(1)).await;
    recent.tidy();
    assert_eq!(recent.metrics().bytes, 0);
    assert_eq!(recent.count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_reader_who_goes_away_while_it_is_read_leaves_nothing_behind() {
    let (store, recent) =
        (MemoryStore::new(&SeededChance::new(1), Window::default()), RecentEntries::bounded(MAX_BYTES));
    publish(&store, &recent, 1, 1).await;
    read(&store, &recent, 1).await;
    let lookup = recent.lookup(&key(1), NEWEST).unwrap();
    recent.replace(&mut lookup.slot.state.lock(), State::Filling(Vec::new(), 0));
    for id in 2..9 {
        publish(&store, &recent, 1, id).await;
    }
    assert!(recent.metrics().bytes > 7 * 3_000, "they wait");
    assert_eq!(read(&store, &recent, 1).await, Some(8));
    recent.close(&key(1));
    assert_eq!(recent.metrics().bytes, 0);
}
