//! `SQLite` keeps the contract of every store, and what only a durable one can promise.

use std::cell::RefCell;
use std::sync::Arc;

use chat::store::{BodyHash, Draft, Outcome, Range, Sender, Write};
use chat::testing::SeededChance;
use chat::{OsChance, Store};
use store::SqliteStore;
use tempfile::TempDir;
use wire::{Json, SendId, Seq, Timestamp, Topic};

chat::store_contract!(Arc::new(fresh()));

thread_local! {
    /// The folders of the contract's stores: they go when the test's thread does.
    static FOLDERS: RefCell<Vec<TempDir>> = const { RefCell::new(Vec::new()) };
}

fn fresh() -> SqliteStore {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    FOLDERS.with_borrow_mut(|folders| folders.push(folder));
    store
}

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(folder.path(), &SeededChance::new(1)).unwrap()
}

fn post(id: &str) -> Write {
    Write::Post(Draft {
        topic: topic(),
        sender: Sender::Open,
        id: SendId::new(id).unwrap(),
        body: BodyHash([1; 16]),
        data: Json::of(&id),
        at: Timestamp(1),
        seat: None,
    })
}

fn topic() -> Topic {
    Topic::new("a").unwrap()
}

async fn commit(store: &SqliteStore, ids: &[&str]) -> Result<Vec<Outcome>, chat::Fault> {
    store.commit(ids.iter().map(|id| post(id)).collect()).await
}

async fn ids(store: &SqliteStore) -> Vec<String> {
    let page = store.page(&topic(), Range { limit: 99, ..Range::default() }).await.unwrap();
    page.entries.iter().map(|entry| entry.id.to_string()).collect()
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart_in_the_same_life_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &OsChance).unwrap();
    let epoch = store.epoch();
    commit(&store, &["1", "2"]).await.unwrap();
    store.close().await.unwrap();
    drop(store);

    let store = SqliteStore::open(folder.path(), &OsChance).unwrap();
    assert_eq!(store.epoch(), epoch);
    assert_eq!(ids(&store).await, ["1", "2"]);
    let again = Outcome::Repeated { seq: Seq(2), at: Timestamp(1) };
    assert_eq!(commit(&store, &["2", "3"]).await.unwrap(), [again, Outcome::Posted { seq: Seq(3) }]);
}

#[tokio::test]
async fn a_folder_has_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let second = SqliteStore::open(folder.path(), &OsChance).err().unwrap();
    assert!(second.to_string().contains("another process has the folder"), "{second}");
    drop(store);
    assert!(SqliteStore::open(folder.path(), &OsChance).is_ok());
}

#[tokio::test]
async fn data_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(&folder));
    let file = rusqlite::Connection::open(folder.path().join("hubbub.db")).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    let newer = SqliteStore::open(folder.path(), &OsChance).err().unwrap();
    assert!(newer.to_string().contains("a newer version has written this data"), "{newer}");
}

#[tokio::test]
async fn a_store_that_cannot_write_says_so_still_reads_and_writes_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    commit(&store, &["1"]).await.unwrap();
    // Somebody else holds the file, as a full disk or a broken one would.
    let other = rusqlite::Connection::open(folder.path().join("hubbub.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(commit(&store, &["2"]).await.is_err());
    assert_eq!(ids(&store).await, ["1"], "reads go on");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(commit(&store, &["2"]).await.unwrap(), [Outcome::Posted { seq: Seq(2) }]);
}
