//! A killed process that trims: whatever slice it was at, the next process goes on, and nothing newer is lost.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chat::rules::RetentionDays;
use chat::store::{BodyHash, Commit, Draft, Ends, Mentions, Position, Range, Sender, Trim, Write};
use chat::testing::{Node, SeededChance};
use chat::{Limits, LocalBus, OsRandom, Store};
use store::SqliteStore;
use wire::{ApplicationId, Event, GroupId, Json, Person, RichText, SendId, Seq, Timestamp, Topic};

/// The environment variable with the folder of the process that is going to be killed.
const FOLDER: &str = "HUBBUB_TEST_RETENTION_KILLED_IN";
/// The environment variable that asks for the long form of tests.
const LONG: &str = "HUBBUB_TEST_LONG";
/// Old entries, in several slices; the newest stay.
const OLD: u64 = 6_000;
const KEPT: u64 = 40;

fn topic() -> Topic {
    Topic::group(GroupId::from_bytes(*b"..tea....."))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trim_that_is_killed_goes_on_and_newer_entries_stay() {
    let rounds = if std::env::var_os(LONG).is_some() { 60 } else { 3 };
    let mut between = 0;
    for round in 0..rounds {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path()).await;
        kill(trimmer(folder.path()), Duration::from_millis(3 * (round % 20)));
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.path(), &OsRandom).unwrap());
        let (begins, entries) = log(&*store).await;
        // Each slice is there as a whole or not at all.
        assert_eq!(entries, (begins..=OLD + KEPT).collect::<Vec<_>>(), "round {round}");
        assert!(begins == OLD + 1 || (begins - 1) % 500 == 0, "{begins}");
        between += u32::from(begins > 1 && begins <= OLD);
        let node = node(Arc::clone(&store));
        node.chat.apply_retention().await.unwrap();
        assert_eq!(log(&*store).await, (OLD + 1, (OLD + 1..=OLD + KEPT).collect()));
        node.chat.shut_down().await.unwrap();
        let verified = SqliteStore::inspect(folder.path()).unwrap().verified.unwrap();
        assert!(verified.entries >= KEPT, "the data is whole");
        // A position is never used again, even if the newest entries were trimmed.
        let store = SqliteStore::open(folder.path(), &OsRandom).unwrap();
        let trim = Trim { topic: topic(), before: Seq(u64::MAX) };
        let last =
            store.reader(ApplicationId::BUILT_IN).position_of(&topic(), Seq(OLD + KEPT)).await.unwrap();
        commit(&store, vec![trim.into(), draft(OLD + KEPT + 1).into()]).await;
        let next = store.reader(ApplicationId::BUILT_IN).position_of(&topic(), Seq(OLD + KEPT + 1)).await;
        assert!(next.unwrap() > last && last > Some(Position(0)));
        store.close().await.unwrap();
    }
    assert!(between > 0, "no kill came between two slices");
}

/// The other process: it trims, and says so when it begins. Without the name of a folder it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_trims_and_is_going_to_be_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(Path::new(&folder), &OsRandom).unwrap());
    let node = node(Arc::clone(&store));
    let trimming = node.chat.apply_retention();
    let begun = async {
        while log(&*store).await.0 == 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        println!("it trims");
    };
    let _ = tokio::join!(trimming, begun);
    // Until it is killed.
    tokio::time::sleep(Duration::from_secs(600)).await;
}

fn node(store: Arc<dyn Store>) -> Node {
    let retention = RetentionDays { messages: Some(30), user_logs: None, audit: None };
    Node::start(store, Arc::new(LocalBus::default()), Limits { retention, ..Node::patient() }, 5)
}

/// Returns where the log begins, and the Seqs that it has.
async fn log(store: &dyn Store) -> (u64, Vec<u64>) {
    let range = Range { after: Some(Seq::ZERO), limit: usize::MAX, ..Range::default() };
    let page = store.reader(ApplicationId::BUILT_IN).page(&topic(), range).await.unwrap();
    (page.begins.0, page.entries.iter().map(|entry| entry.seq.0).collect())
}

fn draft(number: u64) -> Draft {
    let now = 1_795_234_657_250;
    let author: Person = chat::testing::person("李雷");
    let event = Event::message(author.clone(), "hello".into(), RichText::plain("hello"), None);
    Draft {
        topic: topic(),
        sender: Sender::User(author.id),
        id: SendId::new(&number.to_string()).unwrap(),
        body: BodyHash([0; 16]),
        data: Json::of(&event),
        at: Timestamp(if number <= OLD { now - 40 * 86_400_000 } else { now }),
        right: None,
        about: None,
        counts: true,
        is_row: true,
        mentions: Mentions::default(),
        ends: Ends::Nobody,
    }
}

async fn commit(store: &dyn Store, writes: Vec<Write>) {
    let commits = writes.into_iter().map(|write| Commit { application: ApplicationId::BUILT_IN, write });
    store.commit(commits.collect(), Seq(u64::MAX)).await.unwrap();
}

async fn fill(folder: &Path) {
    let store = SqliteStore::open(folder, &SeededChance::new(1)).unwrap();
    commit(&store, (1..=OLD + KEPT).map(|number| draft(number).into()).collect()).await;
    store.close().await.unwrap();
}

/// Starts this test binary again, with only the test that is going to be killed.
fn trimmer(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_trims_and_is_going_to_be_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills it some time after it has trimmed its first slice.
fn kill(mut trimmer: Child, after: Duration) {
    for line in BufReader::new(trimmer.stdout.take().unwrap()).lines() {
        if line.unwrap().contains("it trims") {
            std::thread::sleep(after);
            trimmer.kill().unwrap();
            break;
        }
    }
    assert!(!trimmer.wait().unwrap().success(), "it ended by itself");
}
