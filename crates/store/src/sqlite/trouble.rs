//! Failures of the disk, injected where the writer gets its connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use chat::store::{BodyHash, Commit, Draft, LogOutcome, Outcome, Range, Sender};
use chat::testing::{ManualClock, SeededChance};
use chat::{Clock, Fault, Store};
use tempfile::TempDir;
use wire::{ApplicationId, Json, SendId, Seq, Topic};

use super::folder::Folder;
use super::open::SharedIndex;
use super::{SqliteStore, life, open};

/// A disk that fails on demand.
#[derive(Default)]
struct DiskFault {
    /// The most pages of the file; 0 for no limit. Takes effect with the next connection.
    pages: AtomicU32,
    /// True if a commit fails after everything is written and before it is flushed.
    flush_fails: Arc<AtomicBool>,
    /// True if opening the file fails.
    gone: AtomicBool,
    /// The number of connections so far.
    connections: AtomicU32,
}

impl DiskFault {
    fn store(self: &Arc<Self>, folder: &TempDir) -> SqliteStore {
        let folder = Folder::new(folder.path());
        let (disk, file) = (Arc::clone(self), folder.database());
        let connect = move || {
            disk.connections.fetch_add(1, Ordering::Relaxed);
            if disk.gone.load(Ordering::Relaxed) {
                return Err(Fault::new("store", "no such disk"));
            }
            let mut db = open::connection(&file, SharedIndex::Processes)?;
            let flush_fails = Arc::clone(&disk.flush_fails);
            db.commit_hook(Some(move || flush_fails.load(Ordering::Relaxed))).unwrap();
            match disk.pages.load(Ordering::Relaxed) {
                0 => {}
                pages => {
                    db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
                }
            }
            Ok(db)
        };
        let (lock, found) = (folder.lock().unwrap(), life::examine(&folder).unwrap());
        SqliteStore::start(folder, lock, found, Arc::new(connect), &SeededChance::new(1)).unwrap()
    }

    fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn on_a_full_disk_sends_fail_and_reads_go_on_until_there_is_room() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), Arc::new(DiskFault::default()));
    disk.pages.store(128, Ordering::Relaxed);
    let store = disk.store(&folder);
    let mut kept = 0;
    while send(&store, kept + 1).await.is_ok() {
        kept += 1;
        assert!(kept < 128, "a disk of 128 pages has taken {kept} large messages");
    }
    assert!(kept > 0);
    for again in 0..3 {
        assert!(send(&store, kept + 1).await.is_err(), "try {again}");
        assert_eq!(seqs(&store).await, (1..=kept).collect::<Vec<_>>(), "reads go on");
    }
    disk.pages.store(1_000_000, Ordering::Relaxed);
    for number in kept + 1..=kept + 5 {
        assert_eq!(send(&store, number).await.unwrap(), [posted(Seq(number))]);
    }
    store.close().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn where_the_disk_has_no_room_for_another_file_a_server_starts_reads_and_writes() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(folder.path(), &SeededChance::new(1)).unwrap();
    let store = open();
    for number in 1..=3 {
        send(&store, number).await.unwrap();
    }
    let epoch = store.epoch();
    store.close().await.unwrap();
    // The index of the write-ahead log cannot be created.
    let in_the_way = folder.path().join("hubbub.db-shm");
    std::os::unix::fs::symlink("nowhere", &in_the_way).unwrap();
    let store = open();
    assert_eq!((store.epoch(), seqs(&store).await), (epoch, vec![1, 2, 3]));
    send(&store, 4).await.unwrap();
    store.close().await.unwrap();
    std::fs::remove_file(in_the_way).unwrap();
    assert_eq!(seqs(&open()).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn after_a_failed_flush_nothing_is_acknowledged_before_the_file_was_opened_anew() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), Arc::new(DiskFault::default()));
    let store = disk.store(&folder);
    send(&store, 1).await.unwrap();
    let before = disk.connections();

    disk.flush_fails.store(true, Ordering::Relaxed);
    assert!(send(&store, 2).await.is_err());
    assert_eq!(disk.connections(), before, "nothing is opened before it is needed");
    assert!(send(&store, 2).await.is_err());
    assert_eq!(disk.connections(), before + 1);
    assert_eq!(seqs(&store).await, [1], "of a failed batch nothing shows");

    disk.flush_fails.store(false, Ordering::Relaxed);
    assert_eq!(send(&store, 2).await.unwrap(), [posted(Seq(2))]);
    assert_eq!(disk.connections(), before + 2);
    assert_eq!(send(&store, 3).await.unwrap(), [posted(Seq(3))]);
    assert_eq!(disk.connections(), before + 2, "a connection that works is kept");
}

#[tokio::test]
async fn while_the_file_cannot_be_opened_again_every_send_fails() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), Arc::new(DiskFault::default()));
    let store = disk.store(&folder);
    send(&store, 1).await.unwrap();
    disk.flush_fails.store(true, Ordering::Relaxed);
    disk.gone.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        assert!(send(&store, 2).await.is_err());
    }
    disk.flush_fails.store(false, Ordering::Relaxed);
    assert!(send(&store, 2).await.is_err(), "the old connection is not used again");
    disk.gone.store(false, Ordering::Relaxed);
    assert_eq!(send(&store, 2).await.unwrap(), [posted(Seq(2))]);
    store.close().await.unwrap();
}

/// Sends a message larger than a few pages, under an id made of its number.
async fn send(store: &SqliteStore, number: u64) -> Result<Vec<Outcome>, Fault> {
    let draft = Draft {
        topic: topic(),
        sender: Sender::Open,
        id: SendId::new(&number.to_string()).unwrap(),
        body: BodyHash([1; 16]),
        data: Json::of(&"long ".repeat(3_000)),
        at: ManualClock::default().now(),
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

async fn seqs(store: &SqliteStore) -> Vec<u64> {
    let reader = store.reader(ApplicationId::BUILT_IN);
    let page = reader.page(&topic(), Range { limit: usize::MAX, ..Range::default() }).await.unwrap();
    assert_eq!(page.head.0, page.entries.len() as u64);
    page.entries.iter().map(|entry| entry.seq.0).collect()
}

fn topic() -> Topic {
    Topic::new("news").unwrap()
}

const fn posted(seq: Seq) -> Outcome {
    Outcome::Log(LogOutcome::Posted { seq })
}
