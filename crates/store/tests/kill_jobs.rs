//! A killed process with jobs: whatever it was doing, every broadcast that it acknowledged is sent whole, once, and in
//! the order of its targets.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chat::testing::{Node, SeededChance, User};
use chat::{Audience, Caller, LocalBus, OsRandom, SendResult, Store};
use rusqlite::Connection;
use store::SqliteStore;
use wire::{JoinPolicy, SendId, Seq};

/// The environment variable with the folder of the process that is going to be killed.
const FOLDER: &str = "HUBBUB_TEST_JOBS_KILLED_IN";
/// The environment variable that asks for the long form of tests.
const LONG: &str = "HUBBUB_TEST_LONG";
/// More than two slices.
const GROUPS: usize = 230;
const PASSWORD: &str = "one pot of oolong";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broadcast_acknowledged_before_a_kill_is_sent_whole_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path()).await;
    let rounds = if std::env::var_os(LONG).is_some() { 200 } else { 8 };
    let mut acknowledged = Vec::new();
    for round in 0..rounds {
        // From before the first slice to after the last one.
        acknowledged.extend(kill(sender(folder.path(), round), Duration::from_millis(1 + 13 * (round % 12))));
    }
    assert!(!acknowledged.is_empty(), "no broadcast was acknowledged");
    let node = node(folder.path(), 1_000).await;
    let (owner, _) = node.chat.sign_in(&Caller::default(), "Ngũgĩ", PASSWORD).await.unwrap();
    let owner = User::from(owner);
    let db = Connection::open(folder.path().join("hubbub.db")).unwrap();
    // Those that were committed and not acknowledged, too.
    let mut committed =
        db.prepare("SELECT seq FROM entries WHERE send_id GLOB 'r*n*' AND NOT is_row").unwrap();
    let committed: Vec<Seq> =
        committed.query_map([], |row| row.get(0).map(Seq)).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(acknowledged.iter().all(|seq| committed.contains(seq)));
    for seq in &committed {
        until_sent(&node, &owner, *seq).await;
    }
    node.chat.shut_down().await.unwrap();
    let mut sent = db
        .prepare(
            "SELECT send_id FROM entries WHERE is_row AND counts AND send_id LIKE '%/%' ORDER BY position",
        )
        .unwrap();
    let sent: Vec<String> = sent.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut broadcasts = std::collections::BTreeMap::<&str, Vec<usize>>::new();
    for id in &sent {
        let (broadcast, number) = id.rsplit_once('/').unwrap();
        broadcasts.entry(broadcast).or_default().push(number.parse().unwrap());
    }
    assert_eq!(broadcasts.len(), committed.len());
    let all: Vec<usize> = (0..GROUPS).collect();
    for (broadcast, numbers) in broadcasts {
        assert_eq!(numbers, all, "broadcast {broadcast}");
    }
    let left: i64 =
        db.query_row("SELECT count(*) FROM jobs WHERE kind = 'broadcast'", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0, "no job is left over");
}

/// The other process: it sends broadcasts, one after the other, and prints each that is acknowledged. Without the name
/// of a folder it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_with_jobs_that_is_going_to_be_killed() {
    let Ok(told) = std::env::var(FOLDER) else { return };
    let (round, folder) = told.split_once(' ').unwrap();
    let node = node(Path::new(folder), round.parse().unwrap()).await;
    let (owner, _) = node.chat.sign_in(&Caller::default(), "Ngũgĩ", PASSWORD).await.unwrap();
    let owner = User::from(owner);
    for number in 0.. {
        let id = SendId::new(&format!("r{round}n{number}")).unwrap();
        let sent = node.chat.broadcast(&owner, id, "again", Audience::MyGroups).await.unwrap();
        println!("acknowledged {} end", sent.seq);
    }
}

async fn node(folder: &Path, seed: u64) -> Node {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, &OsRandom).unwrap());
    // A seed of its own, or its ids would repeat those of the previous process.
    Node::start(store, Arc::new(LocalBus::default()), Node::patient(), 77 + seed)
}

/// Makes an account that is in many groups.
async fn prepare(folder: &Path) {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, &SeededChance::new(1)).unwrap());
    let node = Node::start(store, Arc::new(LocalBus::default()), Node::patient(), 1);
    let owner = node.introduce("Ngũgĩ").await;
    node.chat.create_account(&owner, PASSWORD).await.unwrap();
    for number in 0..GROUPS {
        node.chat.create_group(&owner, &format!("Group {number}"), JoinPolicy::Open).await.unwrap();
    }
    node.chat.shut_down().await.unwrap();
}

/// Waits until a broadcast is sent whole; nobody may have refused it.
async fn until_sent(node: &Node, owner: &User, seq: Seq) {
    node.until_sent(owner, seq).await;
    let mut from = Some(0);
    while let Some(begin) = from {
        let part = node.chat.broadcast_results(owner, seq, begin).await.unwrap();
        assert!(part.results.iter().all(|sent| matches!(sent.result, SendResult::Sent(_))), "{seq}");
        from = part.next;
    }
}

/// Starts this test binary again, with only the test that is going to be killed.
fn sender(folder: &Path, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_with_jobs_that_is_going_to_be_killed", "--nocapture"])
        .env(FOLDER, format!("{round} {}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills it some time after it has acknowledged its first broadcast of the round; returns all that it has acknowledged.
fn kill(mut sender: Child, after: Duration) -> Vec<Seq> {
    let mut acknowledged = vec![];
    let mut is_killed = false;
    for line in BufReader::new(sender.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((_, told)) = line.split_once("acknowledged ") else { continue };
        // The end of the line proves that it was not cut off.
        let Some(seq) = told.strip_suffix(" end") else { continue };
        acknowledged.push(Seq(seq.parse().unwrap()));
        if !is_killed {
            // The next broadcast is being sent meanwhile.
            std::thread::sleep(after);
            sender.kill().unwrap();
            is_killed = true;
        }
    }
    sender.wait().unwrap();
    assert!(is_killed, "it ended by itself");
    acknowledged
}
