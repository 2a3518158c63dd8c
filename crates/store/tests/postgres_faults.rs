//! Faults of the database and of the way to it, while two nodes send: whatever was acknowledged is there once, at its
//! place, and nothing has a hole.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use chat::store::{Commit, LogOutcome, LogWrite, Range, Sender, TypedWrite as _};
use chat::testing::store::draft;
use chat::{MasterSecret, OsRandom, Store};
use services::{Link, Mode, Postgres};
use store::{PostgresConfig, PostgresStore};
use tempfile::TempDir;
use wire::{ApplicationId, Seq, Topic};

/// The senders on each node, and the entries that each sends.
const SENDERS: usize = 4;
const ENTRIES: usize = 120;

/// A node, with the folder of its derived files.
struct Node {
    store: Arc<PostgresStore>,
    _folder: TempDir,
}

impl Node {
    fn open(url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = PostgresConfig::new(url, None, folder.path().to_owned()).unwrap();
        let secret = MasterSecret::from_bytes([7; 32]);
        let store = PostgresStore::open(config.with_connections(2, 3), &secret, &OsRandom).unwrap();
        Self { store: Arc::new(store), _folder: folder }
    }
}

fn topic(number: usize) -> Topic {
    Topic::new(&format!("room-{number}")).unwrap()
}

fn commit(topic: &Topic, id: &str) -> Commit {
    let draft = draft(topic, Sender::Open, id, id);
    Commit { application: ApplicationId::BUILT_IN, write: LogWrite::Post(draft).into() }
}

/// Sends entries to two logs that all senders share, each again with the same id until it is acknowledged. Returns the
/// acknowledged Seqs by topic and id, and the number of sends that were refused.
async fn send(nodes: &[Node; 2]) -> (BTreeMap<(usize, String), Seq>, u32) {
    let refused = Arc::new(AtomicU32::new(0));
    let senders = nodes.iter().enumerate().flat_map(|(node, Node { store, .. })| {
        let refused = Arc::clone(&refused);
        (0..SENDERS).map(move |sender| {
            let (store, refused) = (Arc::clone(store), Arc::clone(&refused));
            tokio::spawn(async move {
                let mut acked = Vec::new();
                for number in 0..ENTRIES {
                    let (place, id) = (number % 2, format!("{node}-{sender}-{number}"));
                    let seq = loop {
                        match store.commit(vec![commit(&topic(place), &id)], Seq::ZERO).await {
                            Ok(committed) => {
                                match LogWrite::outcome(committed.outcomes[0].clone()).unwrap() {
                                    LogOutcome::Posted { seq } | LogOutcome::Repeated { seq, .. } => {
                                        break seq;
                                    }
                                    other => panic!("{id}: {other:?}"),
                                }
                            }
                            Err(_) => {
                                refused.fetch_add(1, Ordering::Relaxed);
                                tokio::time::sleep(Duration::from_millis(20)).await;
                            }
                        }
                    };
                    acked.push(((place, id), seq));
                }
                acked
            })
        })
    });
    let mut acked = BTreeMap::new();
    for sender in senders.collect::<Vec<_>>() {
        acked.extend(sender.await.unwrap());
    }
    (acked, refused.load(Ordering::Relaxed))
}

/// Compares the logs with the acknowledgements.
async fn check(node: &Node, acked: BTreeMap<(usize, String), Seq>) {
    assert_eq!(acked.len(), 2 * SENDERS * ENTRIES);
    let mut found = BTreeMap::new();
    for place in 0..2 {
        let range = Range { limit: usize::MAX, ..Range::default() };
        let page = node.store.reader(ApplicationId::BUILT_IN).page(&topic(place), range).await.unwrap();
        assert!(page.entries.iter().map(|entry| entry.seq.0).eq(1..=page.head.0), "a hole");
        found
            .extend(page.entries.into_iter().map(|entry| ((place, entry.id.as_str().to_owned()), entry.seq)));
    }
    assert_eq!(found, acked);
}

/// Repeats a fault until `stop` is set, at most `most` times. Returns the number of times.
async fn repeat(stop: Arc<AtomicBool>, most: u32, mut fault: impl FnMut() + Send + 'static) -> u32 {
    let repeating = tokio::task::spawn_blocking(move || {
        let mut times = 0;
        while times < most && !stop.load(Ordering::Relaxed) {
            fault();
            times += 1;
        }
        times
    });
    repeating.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn connections_that_the_server_ends_lose_and_double_nothing() {
    let Some(server) = services::postgres() else { return };
    let url = server.database();
    let nodes = [Node::open(&url), Node::open(&url)];
    let stop = Arc::new(AtomicBool::new(false));
    let ending = tokio::spawn(repeat(Arc::clone(&stop), 200, move || {
        let database = url.rsplit('/').next().unwrap();
        server.run(
            database,
            "SELECT pg_terminate_backend(pid) FROM (
                 SELECT pid FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'hubbub' ORDER BY random() LIMIT 3) AS chosen",
        );
        std::thread::sleep(Duration::from_millis(30));
    }));
    let (acked, refused) = send(&nodes).await;
    stop.store(true, Ordering::Relaxed);
    let times = ending.await.unwrap();
    assert!(times > 3, "only {times} times");
    println!("connections ended {times} times, {refused} sends refused");
    check(&nodes[1], acked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_killed_loses_and_doubles_nothing() {
    let Some(server) = Postgres::start() else { return };
    let server = Arc::new(server);
    let url = server.database();
    let nodes = [Node::open(&url), Node::open(&url)];
    let stop = Arc::new(AtomicBool::new(false));
    let killing = tokio::spawn(repeat(Arc::clone(&stop), 5, {
        let server = Arc::clone(&server);
        move || {
            std::thread::sleep(Duration::from_millis(300));
            server.kill();
            std::thread::sleep(Duration::from_millis(100));
            server.start();
        }
    }));
    let (acked, refused) = send(&nodes).await;
    stop.store(true, Ordering::Relaxed);
    let times = killing.await.unwrap();
    println!("killed {times} times, {refused} sends refused");
    assert!(times > 0);
    check(&nodes[0], acked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_that_are_lost_on_the_way_lose_and_double_nothing() {
    let Some(server) = services::postgres() else { return };
    let url = server.database();
    let link = Arc::new(Link::to(server.address()).await);
    let through = url.replace(&server.address().to_string(), &link.address().to_string());
    let nodes = [Node::open(&through), Node::open(&url)];
    let stop = Arc::new(AtomicBool::new(false));
    // A commit arrives, its answer does not, and then the connection is gone.
    let losing = tokio::spawn(repeat(Arc::clone(&stop), 60, {
        let link = Arc::clone(&link);
        move || {
            for (mode, millis) in [(Mode::Pass, 60), (Mode::OneWay, 15), (Mode::Cut, 10)] {
                link.set(mode);
                std::thread::sleep(Duration::from_millis(millis));
            }
            link.set(Mode::Pass);
        }
    }));
    let (acked, refused) = send(&nodes).await;
    stop.store(true, Ordering::Relaxed);
    let times = losing.await.unwrap();
    assert!(times > 3, "only {times} times");
    println!("answers lost {times} times, {refused} sends refused");
    check(&nodes[1], acked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_stands_still_refuses_sends_and_goes_on_afterwards() {
    let Some(server) = Postgres::start() else { return };
    let node = Node::open(&server.database());
    let first = node.store.commit(vec![commit(&topic(0), "first")], Seq::ZERO).await.unwrap();
    assert_eq!(LogWrite::outcome(first.outcomes[0].clone()), Ok(LogOutcome::Posted { seq: Seq(1) }));
    server.pause();
    let refused = node.store.commit(vec![commit(&topic(0), "second")], Seq::ZERO).await;
    server.resume();
    let refused = refused.err().unwrap().to_string();
    assert!(!refused.is_empty());
    // Its own retry finds it, or sends it.
    let seq = loop {
        let Ok(again) = node.store.commit(vec![commit(&topic(0), "second")], Seq::ZERO).await else {
            continue;
        };
        match LogWrite::outcome(again.outcomes[0].clone()).unwrap() {
            LogOutcome::Posted { seq } | LogOutcome::Repeated { seq, .. } => break seq,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(seq, Seq(2));
}
