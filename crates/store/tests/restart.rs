//! Restarts: committed data is there when the store is opened again, and only one process may open it.

use std::path::Path;
use std::sync::Arc;

use chat::store::{BodyHash, Commit, Draft, LogOutcome, LogWrite, Range, Sender, TypedWrite, Write};
use chat::testing::{Node, SeededChance, guest};
use chat::{Caller, OsRandom, Store};
use store::SqliteStore;
use tempfile::TempDir;
use wire::{ApplicationId, GroupView, Json, SendId, Seq, Timestamp, Topic};

#[tokio::test]
async fn a_log_goes_on_after_a_restart_in_the_same_life() {
    let folder = folder();
    let before = open(folder.path());
    let written = [send(&before, "1").await, send(&before, "2").await];
    assert_eq!(written, [LogOutcome::Posted { seq: Seq(1) }, LogOutcome::Posted { seq: Seq(2) }]);
    let (epoch, page) = (before.epoch(), whole(&before).await);
    before.close().await.unwrap();

    let after = open(folder.path());
    assert_eq!(after.epoch(), epoch);
    assert_eq!(whole(&after).await, page);
    let repeated = LogOutcome::Repeated { seq: Seq(2), at: Timestamp(1) };
    assert_eq!(send(&after, "2").await, repeated, "the ids of old are still known");
    assert_eq!(send(&after, "3").await, LogOutcome::Posted { seq: Seq(3) });
}

#[tokio::test]
async fn a_store_that_nobody_closed_has_everything_too() {
    let folder = folder();
    let before = open(folder.path());
    send(&before, "1").await;
    drop(before);
    assert_eq!(send(&open(folder.path()), "1").await, LogOutcome::Repeated { seq: Seq(1), at: Timestamp(1) });
}

#[tokio::test]
async fn people_groups_and_sessions_come_back() {
    let folder = folder();
    let node = Node::over(Arc::new(open(folder.path())));
    let (ann, token) = guest(&node.chat, "ann").await;
    let ben = node.introduce("ben").await;
    let group = node.group(&ann, "tea").await;
    node.chat.join(&ben, group, None).await.unwrap();
    let ack = node.say(&ben, group, "*hello*").await;
    let view = node.chat.open_group(&ben, group, wire::PageStart::Newest, None).await.unwrap();
    node.chat.shut_down().await.unwrap();

    let node =
        Node::start(Arc::new(open(folder.path())), Arc::new(chat::LocalBus::default()), Node::patient(), 2);
    let session = node.chat.authenticate(&token).await.unwrap();
    assert_eq!(session.map(|session| session.person), Some(ann.person()));
    assert_eq!(node.chat.open_group(&ben, group, wire::PageStart::Newest, None).await.unwrap(), view);
    assert!(matches!(view, GroupView::Inside(page) if page.page.head == ack.seq));
    let again = node.chat.post(&ben, ack.topic, ack.id, "*hello*", None).await.unwrap();
    assert!(again.duplicate);
}

#[tokio::test]
async fn words_that_were_edited_or_deleted_are_in_no_file_after_a_sweep() {
    let folder = folder();
    let node = Node::over(Arc::new(open(folder.path())));
    let ann = node.introduce("ann").await;
    let group = node.group(&ann, "tea").await;
    let said = |what: &str| format!("my password is {}", what.repeat(300));
    let edited = node.say(&ann, group, &said("hunter2")).await;
    let deleted = node.say(&ann, group, &said("swordfish")).await;
    let topic = Topic::group(group);
    for (ack, change) in
        [(edited, wire::Amendment::Edit("nothing".into())), (deleted, wire::Amendment::Delete)]
    {
        node.chat.amend(&ann, &topic, node.chat.new_send_id(), ack.seq, change).await.unwrap();
    }
    let left = || -> Vec<String> {
        let files = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|file| std::fs::read(file.unwrap().path()).unwrap());
        let files: Vec<u8> = files.flatten().collect();
        let has = |word: &&str| files.windows(word.len()).any(|part| part == word.as_bytes());
        ["hunter2", "swordfish"].iter().filter(|word| has(word)).map(|word| (*word).to_owned()).collect()
    };
    assert_eq!(left(), ["hunter2", "swordfish"], "they are in the write-ahead log");
    node.chat.sweep().await.unwrap();
    // The next commit waits until the write-ahead log was truncated.
    node.say(&ann, group, "hello").await;
    assert_eq!(left(), Vec::<String>::new());
    node.chat.shut_down().await.unwrap();
}

#[tokio::test]
async fn two_folders_have_two_lives() {
    let (ours, theirs) = (folder(), folder());
    let (ours, theirs) =
        (SqliteStore::open(ours.path(), &OsRandom), SqliteStore::open(theirs.path(), &OsRandom));
    assert_ne!(ours.unwrap().epoch(), theirs.unwrap().epoch());
}

#[tokio::test]
async fn a_folder_is_made_if_it_is_not_there_and_left_tidy() {
    let folder = folder();
    let data = folder.path().join("a/b/data");
    let store = open(&data);
    send(&store, "1").await;
    store.close().await.unwrap();
    let files = std::fs::read_dir(&data).unwrap().map(|file| file.unwrap().file_name());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert_eq!(
        files,
        ["hubbub.db", "hubbub.life", "hubbub.lock"],
        "the write-ahead log has gone into the file"
    );
}

#[tokio::test]
async fn who_comes_second_is_told_which_folder_is_taken() {
    let folder = folder();
    let first = open(folder.path());
    let second = SqliteStore::open(folder.path(), &OsRandom).err().unwrap().to_string();
    let name = folder.path().display();
    assert_eq!(
        second,
        format!("another process has the folder {name}: stop it first, or choose another folder with --data")
    );
    assert_eq!(send(&first, "1").await, LogOutcome::Posted { seq: Seq(1) }, "the first is not disturbed");
    first.close().await.unwrap();
    assert!(SqliteStore::open(folder.path(), &OsRandom).is_ok(), "closing is enough, the rest may linger");
}

#[tokio::test]
async fn a_closed_store_takes_and_gives_nothing() {
    let folder = folder();
    let store = open(folder.path());
    store.close().await.unwrap();
    store.close().await.unwrap();
    assert!(store.commit(vec![write("1")], wire::Seq(u64::MAX)).await.is_err());
    assert!(store.reader(ApplicationId::BUILT_IN).page(&news(), Range::default()).await.is_err());
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = folder();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "in the way").unwrap();
    let fault = SqliteStore::open(&file.join("data"), &OsRandom).err().unwrap().to_string();
    assert!(fault.contains("a-file/data cannot be made"), "{fault}");
}

#[tokio::test]
async fn data_of_a_newer_version_is_left_alone() {
    let folder = folder();
    open(folder.path()).close().await.unwrap();
    let file = rusqlite::Connection::open(folder.path().join("hubbub.db")).unwrap();
    let known: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    let newer = SqliteStore::open(folder.path(), &OsRandom).err().unwrap().to_string();
    assert!(newer.starts_with("hubbub.db is from a newer version (schema 99; this one knows "), "{newer}");
    file.pragma_update(None, "user_version", known).unwrap();
    assert!(SqliteStore::open(folder.path(), &OsRandom).is_ok());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = folder();
    let file = folder.path().join("hubbub.db");
    let text = "not a database, and longer than the header of one would be".repeat(100);
    std::fs::write(&file, &text).unwrap();
    let fault = SqliteStore::open(folder.path(), &OsRandom).err().unwrap().to_string();
    assert!(fault.contains("hubbub.db cannot be opened"), "{fault}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn open_topics_are_read_back_through_the_domain() {
    let folder = folder();
    let node = Node::over(Arc::new(open(folder.path())));
    for number in 0..120 {
        node.publish(&news(), number).await;
    }
    node.chat.shut_down().await.unwrap();
    let node = Node::over(Arc::new(open(folder.path())));
    let caller = Caller { open_topics: true, ..Caller::default() };
    let range = Range { after: Some(Seq(100)), before: None, limit: 50 };
    let page = node.chat.history(&caller, &news(), range).await.unwrap();
    let data: Vec<String> = page.entries.iter().map(|entry| entry.data.as_str().to_owned()).collect();
    assert_eq!(data, (100..120).map(|number| number.to_string()).collect::<Vec<_>>());
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, &SeededChance::new(1)).unwrap()
}

async fn send(store: &SqliteStore, id: &str) -> LogOutcome {
    let committed = store.commit(vec![write(id)], wire::Seq(u64::MAX)).await.unwrap();
    LogWrite::outcome(committed.outcomes[0].clone()).unwrap()
}

fn write(id: &str) -> Commit {
    let write = Write::from(Draft {
        topic: news(),
        sender: Sender::Open,
        id: SendId::new(id).unwrap(),
        body: BodyHash([1; 16]),
        data: Json::of(&id),
        at: Timestamp(1),
        right: None,
        about: None,
        counts: false,
        is_row: false,
        mentions: chat::store::Mentions::default(),
        ends: chat::store::Ends::Nobody,
    });
    Commit { application: ApplicationId::BUILT_IN, write }
}

async fn whole(store: &SqliteStore) -> wire::Page<Json> {
    let reader = store.reader(ApplicationId::BUILT_IN);
    reader.page(&news(), Range { limit: usize::MAX, ..Range::default() }).await.unwrap()
}

fn news() -> Topic {
    Topic::new("news").unwrap()
}
