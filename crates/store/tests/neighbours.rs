//! The store beside other processes that have its file open, such as a backup or a shell.

use std::path::Path;

use chat::Store;
use chat::store::{BodyHash, Commit, Draft, LogOutcome, Outcome, Range, Sender};
use chat::testing::SeededChance;
use rusqlite::Connection;
use store::SqliteStore;
use wire::{ApplicationId, Json, SendId, Seq, Timestamp, Topic};

#[tokio::test]
async fn while_another_writes_sends_fail_and_reads_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    send(&store, 1).await.unwrap();
    let other = neighbour(folder.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(send(&store, 2).await.is_err());
    assert_eq!(head(&store).await, 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(send(&store, 2).await.unwrap(), [posted(Seq(2))]);
}

#[tokio::test]
async fn the_write_ahead_log_does_not_grow_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut longest = 0;
    for number in 1..=400 {
        send(&store, number).await.unwrap();
        assert_eq!(head(&store).await, number);
        longest = longest.max(log_bytes(folder.path()));
    }
    // Four hundred messages of 300 KB went through it.
    assert!(longest < 80 << 20, "it was {longest} bytes long");
}

#[tokio::test]
async fn a_neighbour_who_reads_for_long_stops_nobody_and_sees_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    send(&store, 1).await.unwrap();
    let other = neighbour(folder.path());
    other.execute_batch("BEGIN").unwrap();
    let count = || other.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, u64>(0)).unwrap();
    assert_eq!(count(), 1);
    for number in 2..=40 {
        send(&store, number).await.unwrap();
    }
    assert_eq!((count(), head(&store).await), (1, 40));
    let held = log_bytes(folder.path());
    assert!(held > 8 << 20, "what the neighbour reads is kept for it");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(count(), 40);
    for number in 41..=42 {
        send(&store, number).await.unwrap();
    }
    drop(other);
    store.close().await.unwrap();
    assert_eq!(log_bytes(folder.path()), 0);
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, &SeededChance::new(1)).unwrap()
}

fn neighbour(folder: &Path) -> Connection {
    Connection::open(folder.join("hubbub.db")).unwrap()
}

fn log_bytes(folder: &Path) -> u64 {
    folder.join("hubbub.db-wal").metadata().map_or(0, |file| file.len())
}

/// Sends a message of 300 KB.
async fn send(store: &SqliteStore, number: u64) -> Result<Vec<Outcome>, chat::Fault> {
    let draft = Draft {
        topic: news(),
        sender: Sender::Open,
        id: SendId::new(&number.to_string()).unwrap(),
        body: BodyHash([1; 16]),
        data: Json::of(&"long ".repeat(60_000)),
        at: Timestamp(1),
        right: None,
        about: None,
        counts: false,
        is_row: false,
        mentions: chat::store::Mentions::default(),
        ends: chat::store::Ends::Nobody,
    };
    store
        .commit(
            vec![Commit { application: ApplicationId::BUILT_IN, write: draft.into() }],
            wire::Seq(u64::MAX),
        )
        .await
        .map(|committed| committed.outcomes)
}

async fn head(store: &SqliteStore) -> u64 {
    store.reader(ApplicationId::BUILT_IN).page(&news(), Range::default()).await.unwrap().head.0
}

fn news() -> Topic {
    Topic::new("news").unwrap()
}

const fn posted(seq: Seq) -> Outcome {
    Outcome::Log(LogOutcome::Posted { seq })
}
