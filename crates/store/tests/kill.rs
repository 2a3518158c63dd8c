//! A killed process: it loses nothing that it has acknowledged.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use chat::store::Range;
use chat::testing::{Node, SeededChance};
use chat::{LocalBus, Store};
use store::SqliteStore;
use tokio::task::JoinSet;
use wire::{ApplicationId, Seq, Topic};

/// The environment variable with the folder of the process that is going to be killed.
const FOLDER: &str = "HUBBUB_TEST_KILLED_IN";
/// The acknowledgements after which the process is killed, one number for each round.
const KILLS: [usize; 4] = [1, 40, 400, 1_500];

#[tokio::test]
async fn everything_acknowledged_before_a_kill_is_there_and_dense() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = vec![];
    let mut epochs = vec![];
    for kill_after in KILLS {
        acknowledged.extend(kill(publisher(folder.path()), kill_after));
        let store = SqliteStore::open(folder.path(), &SeededChance::new(1)).unwrap();
        epochs.push(store.epoch());
        let range = Range { limit: usize::MAX, ..Range::default() };
        let page = store.reader(ApplicationId::BUILT_IN).page(&news(), range).await.unwrap();
        let kept: Vec<(u64, String)> =
            page.entries.iter().map(|entry| (entry.seq.0, entry.id.to_string())).collect();
        let dense: Vec<u64> = (1..=page.head.0).collect();
        assert_eq!(kept.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), dense);
        for (seq, id) in &acknowledged {
            let place = usize::try_from(*seq).unwrap() - 1;
            assert_eq!(kept.get(place).map(|(_, id)| id), Some(id), "entry {seq} was acknowledged");
        }
        assert_eq!(page.begins, Seq(1));
        store.close().await.unwrap();
    }
    epochs.dedup();
    assert_eq!(epochs.len(), 1, "it is one life of the log");
}

/// The other process: many tasks publish at once, and each acknowledgement is printed. Without the name of a folder it
/// does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_going_to_be_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(Path::new(&folder), &SeededChance::new(1)).unwrap());
    let page = store.reader(ApplicationId::BUILT_IN).page(&news(), Range::default()).await.unwrap();
    // A seed of its own, or its ids would repeat those of the previous process.
    let node = Arc::new(Node::start(store, Arc::new(LocalBus::default()), Node::patient(), page.head.0));
    let mut publishing = JoinSet::<()>::new();
    for _ in 0..20 {
        let node = Arc::clone(&node);
        publishing.spawn(async move {
            loop {
                let ack = node.publish(&news(), 1).await;
                println!("acknowledged {} {}", ack.seq, ack.id);
            }
        });
    }
    // None of them ever ends, unless it panics.
    publishing.join_next().await.unwrap().unwrap();
}

/// Starts this test binary again, with only the test that is going to be killed.
fn publisher(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_going_to_be_killed", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills it after this many acknowledgements; returns them all, including those that came before it died.
fn kill(mut publisher: Child, after: usize) -> Vec<(u64, String)> {
    let mut acknowledged = vec![];
    let mut killed = false;
    for line in BufReader::new(publisher.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The last line may be cut off: then its acknowledgement was not received.
        let Some((_, told)) = line.split_once("acknowledged ") else { continue };
        let Some((seq, id)) = told.split_once(' ') else { continue };
        if id.len() == 16 {
            acknowledged.push((seq.parse().unwrap(), id.to_owned()));
        }
        if acknowledged.len() >= after && !killed {
            publisher.kill().unwrap();
            killed = true;
        }
    }
    publisher.wait().unwrap();
    assert!(killed, "it ended by itself");
    acknowledged
}

fn news() -> Topic {
    Topic::new("news").unwrap()
}
