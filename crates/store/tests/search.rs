//! The search index on the disk: whatever happens to its file, messages are found again.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chat::search::SearchQuery;
use chat::search_index::CandidateRequest;
use chat::store::Position;
use chat::testing::{Node, SeededChance, User};
use chat::{Caller, LocalBus, OsRandom, SearchRequest, Store};
use rusqlite::Connection;
use store::{Backup, BackupRequest, SqliteStore, restore};
use wire::{ApplicationId, Conversation, GroupId, JoinPolicy, Timestamp};

/// The environment variable with the folder of the process that is going to be killed.
const FOLDER: &str = "HUBBUB_TEST_SEARCH_KILLED_IN";
/// The environment variable that asks for the long form of tests.
const LONG: &str = "HUBBUB_TEST_LONG";
const PASSWORD: &str = "one pot of oolong";

/// A node over a folder, with the owner and their group.
struct Home {
    store: Arc<dyn Store>,
    node: Node,
    owner: User,
    group: GroupId,
}

impl Home {
    /// Opens a folder; the first time with a new account and a group.
    async fn open(folder: &Path, seed: u64) -> Self {
        let is_new = !folder.join("hubbub.db").exists();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder, &OsRandom).unwrap());
        let node = Node::start(Arc::clone(&store), Arc::new(LocalBus::default()), Node::patient(), 77 + seed);
        if is_new {
            let owner = node.introduce("Ngũgĩ").await;
            node.chat.create_account(&owner, PASSWORD).await.unwrap();
            node.chat.create_group(&owner, "Tea", JoinPolicy::Open).await.unwrap();
        }
        let (owner, _) = node.chat.sign_in(&Caller::default(), "Ngũgĩ", PASSWORD).await.unwrap();
        let owner = User::from(owner);
        let mine = node.chat.overview(&owner).await.unwrap().mine;
        let group = mine[0].what.topic().conversation().unwrap();
        let wire::Conversation::Group(group) = group else { panic!("it is a group") };
        Self { store, node, owner, group }
    }

    async fn say(&self, texts: &[&str]) {
        for text in texts {
            self.node.say(&self.owner, self.group, text).await;
        }
    }

    /// Waits until the index is up to date, and returns the texts that a query finds.
    async fn found(&self, query: &str) -> Vec<String> {
        self.until_indexed().await;
        let query = SearchQuery::parse(query).unwrap();
        let mut request = SearchRequest { query, limit: 20, ..SearchRequest::default() };
        let mut found = Vec::new();
        loop {
            let page = self.node.chat.search(&self.owner, &request).await.unwrap();
            assert!(!page.is_partial);
            found.extend(page.hits.iter().map(|hit| hit.excerpt.plain()));
            match page.next {
                Some(next) => request.cursor = Some(next),
                None => return found,
            }
        }
    }

    async fn until_indexed(&self) {
        let indexed = async {
            while !self.is_indexed().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), indexed).await.expect("it is indexed in the end");
    }

    async fn is_indexed(&self) -> bool {
        let Ok(position) = self.store.search_index().position().await else { return false };
        let tail = self.store.message_tail(position, 1).await.unwrap();
        tail.position == position && self.node.chat.index_progress().is_complete()
    }

    async fn close(self) -> u64 {
        let rebuilds = self.node.chat.index_rebuilds();
        self.node.chat.shut_down().await.unwrap();
        rebuilds
    }
}

#[tokio::test]
async fn an_index_is_there_after_a_restart_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open(folder.path(), 0).await;
    home.say(&["black tea"]).await;
    assert_eq!(home.found("tea").await, ["black tea"]);
    assert_eq!(home.close().await, 1, "it was made");
    let home = Home::open(folder.path(), 1).await;
    assert_eq!(home.found("tea").await, ["black tea"]);
    home.say(&["green tea"]).await;
    assert_eq!(home.found("tea").await, ["green tea", "black tea"]);
    assert_eq!(home.close().await, 0, "it was there");
}

/// Does something to a file.
type Spoil = fn(&Path);

#[tokio::test]
async fn an_index_that_is_lost_damaged_or_old_is_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("search.db");
    let home = Home::open(folder.path(), 0).await;
    home.say(&["black tea", "green tea"]).await;
    home.until_indexed().await;
    home.close().await;
    let spoil: [(&str, Spoil); 6] = [
        ("lost", |file| fs::remove_file(file).unwrap()),
        ("empty", |file| fs::write(file, "").unwrap()),
        ("no database", |file| fs::write(file, "x".repeat(20_000)).unwrap()),
        ("of other terms", |file| {
            Connection::open(file).unwrap().pragma_update(None, "user_version", 999).unwrap();
        }),
        ("of another epoch", |file| {
            Connection::open(file).unwrap().execute("UPDATE state SET epoch = x'00'", []).unwrap();
        }),
        ("without a table", |file| {
            Connection::open(file).unwrap().execute_batch("DROP TABLE state").unwrap()
        }),
    ];
    for (seed, (how, spoil)) in (1..).zip(spoil) {
        spoil(&file);
        let home = Home::open(folder.path(), seed).await;
        assert_eq!(home.found("tea").await, ["green tea", "black tea"], "{how}");
        assert_eq!(home.close().await, 1, "{how}");
    }
}

#[tokio::test]
async fn an_index_that_is_damaged_while_it_is_served_is_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::open(folder.path(), 0).await;
    home.say(&["black tea", "green tea"]).await;
    assert_eq!(home.found("green").await, ["green tea"]);
    Connection::open(folder.path().join("search.db")).unwrap().execute_batch("DROP TABLE state").unwrap();
    home.say(&["red tea"]).await;
    assert_eq!(home.found("tea").await, ["red tea", "green tea", "black tea"]);
    assert_eq!(home.close().await, 2);
}

#[tokio::test]
async fn an_index_whose_pages_are_damaged_is_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("search.db");
    let home = Home::open(folder.path(), 0).await;
    for number in 0..200 {
        home.say(&[&format!("a pot of tea, the number {number}")]).await;
    }
    home.until_indexed().await;
    let group = Conversation::Group(home.group);
    home.close().await;
    damage(&file);
    // A search notices it first, and then an update.
    let store = SqliteStore::open(folder.path(), &OsRandom).unwrap();
    let index = store.search_index();
    assert_ne!(index.position().await.unwrap(), Position(0));
    let request = CandidateRequest {
        application: ApplicationId::BUILT_IN,
        conversations: vec![group],
        directs_of: None,
        copies_of: None,
        authors: None,
        from: None,
        to: None,
        query: SearchQuery::parse("199").unwrap(),
        is_broad: false,
        before: None,
        limit: 20,
    };
    assert!(index.candidates(request.clone()).await.is_err());
    assert_eq!((index.position().await.unwrap(), index.rebuilds()), (Position(0), 1));
    assert_eq!(index.candidates(request).await.unwrap(), []);
    store.close().await.unwrap();
    damage(&file);
    let home = Home::open(folder.path(), 1).await;
    assert_eq!(home.found("199").await, ["a pot of tea, the number 199"]);
    home.close().await;
}

/// Overwrites all pages but those of the schema and the state.
fn damage(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    assert!(bytes.len() > 4 * 4_096, "{}", bytes.len());
    bytes[2 * 4_096..].fill(0xa5);
    fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn a_restored_backup_is_searched_and_nothing_of_the_replaced_data_is_left() {
    let house = tempfile::tempdir().unwrap();
    let folder = house.path().join("data");
    let home = Home::open(&folder, 0).await;
    home.say(&["black tea"]).await;
    home.until_indexed().await;
    home.close().await;
    let store = SqliteStore::open(&folder, &OsRandom).unwrap();
    let file = house.path().join("backup.db");
    let request =
        BackupRequest { file: file.clone(), replace: false, backup: Backup::of_this_version(Timestamp(7)) };
    store.back_up(request).await.unwrap();
    store.close().await.unwrap();
    let home = Home::open(&folder, 1).await;
    home.say(&["green tea"]).await;
    home.until_indexed().await;
    home.close().await;
    restore(&folder, &file, true, &SeededChance::new(3)).unwrap();
    assert!(!folder.join("search.db").exists());
    let home = Home::open(&folder, 2).await;
    assert_eq!(home.found("tea").await, ["black tea"]);
    home.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_index() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let home = Home::open(folder.path(), 0).await;
    home.say(&["black tea"]).await;
    home.until_indexed().await;
    let modes = SqliteStore::modes(folder.path());
    for name in ["search.db", "search.db-wal", "search.db-shm"] {
        let path = folder.path().join(name);
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
        assert!(modes.contains(&(path, 0o600)), "{name}");
    }
    home.close().await;
}

#[tokio::test]
async fn messages_go_on_while_the_index_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    // A folder in its place cannot be replaced.
    fs::create_dir_all(folder.path().join("search.db/in the way")).unwrap();
    let home = Home::open(folder.path(), 0).await;
    home.say(&["black tea"]).await;
    let query = SearchQuery::parse("tea").unwrap();
    let request = SearchRequest { query, limit: 20, ..SearchRequest::default() };
    assert!(matches!(home.node.chat.search(&home.owner, &request).await, Err(chat::Error::Fault(_))));
    home.say(&["green tea"]).await;
    assert!(home.node.chat.write_fault().is_none());
    fs::remove_dir_all(folder.path().join("search.db")).unwrap();
    assert_eq!(home.found("tea").await, ["green tea", "black tea"]);
    home.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_acknowledged_before_a_kill_is_found_after_the_restart() {
    let folder = tempfile::tempdir().unwrap();
    Home::open(folder.path(), 0).await.close().await;
    let rounds = if std::env::var_os(LONG).is_some() { 60 } else { 4 };
    let mut acknowledged = Vec::new();
    for round in 1..=rounds {
        acknowledged.extend(kill_sender(folder.path(), round));
    }
    let home = Home::open(folder.path(), 1_000).await;
    home.until_indexed().await;
    assert!(acknowledged.len() > 4, "{acknowledged:?}");
    for text in acknowledged {
        assert_eq!(home.found(&text).await, [text]);
    }
    home.close().await;
}

/// The other process: it sends messages, each with a word of its own, and prints each that is acknowledged. Without the
/// name of a folder it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_with_an_index_that_is_going_to_be_killed() {
    let Ok(told) = std::env::var(FOLDER) else { return };
    let (round, folder) = told.split_once(' ').unwrap();
    let home = Home::open(Path::new(folder), round.parse().unwrap()).await;
    for number in 0.. {
        let text = format!("round{round}number{number}end");
        home.say(&[&text]).await;
        println!("acknowledged {text} end");
    }
}

/// Lets a process send until it has acknowledged some messages, kills it, and returns them.
fn kill_sender(folder: &Path, round: usize) -> Vec<String> {
    let mut sender = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_with_an_index_that_is_going_to_be_killed", "--nocapture"])
        .env(FOLDER, format!("{round} {}", folder.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    // From before the first update of the index to amid later ones.
    let last = 3 + round % 7 * 40;
    for line in BufReader::new(sender.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some((_, told)) = line.split_once("acknowledged ") else { continue };
        let Some(text) = told.strip_suffix(" end") else { continue };
        acknowledged.push(text.to_owned());
        if acknowledged.len() == last {
            sender.kill().unwrap();
        }
    }
    sender.wait().unwrap();
    acknowledged
}
