//! The data folders of these tests, and those of killed servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chat::store::{BodyHash, Commit, Draft, Range, Sender};
use chat::{OsRandom, Store};
use store::{Backup, BackupRequest, SqliteStore};
use tempfile::TempDir;
use wire::{ApplicationId, Epoch, Json, SendId, Seq, Timestamp, Topic};

/// The environment variables for the process that is going to be killed: its folder, and the number of its messages.
pub const FOLDER: &str = "HUBBUB_TEST_SERVES_IN";
pub const COUNT: &str = "HUBBUB_TEST_SAYS";

/// A data folder in a temporary folder.
pub struct Data(TempDir);

impl Data {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn path(&self) -> PathBuf {
        self.at("data")
    }

    pub fn open(&self) -> SqliteStore {
        self.open_at("data")
    }

    pub fn open_at(&self, name: &str) -> SqliteStore {
        SqliteStore::open(&self.at(name), &OsRandom).unwrap()
    }

    /// Serves, sends this many messages, and stops.
    pub async fn say(&self, count: u64) -> Epoch {
        let store = self.open();
        say(&store, count).await;
        store.close().await.unwrap();
        store.epoch()
    }

    pub fn backup(&self, name: &str, replace: bool) -> BackupRequest {
        BackupRequest { file: self.at(name), replace, backup: Backup::of_this_version(Timestamp(7)) }
    }

    pub fn copy_to(&self, name: &str) {
        self.wait_for_the_clock();
        copy(&self.path(), &self.at(name));
    }

    /// Waits until a new file has a later time than those of the folder. File clocks tick slowly.
    pub fn wait_for_the_clock(&self) {
        let newest = || fs::read_dir(self.path()).unwrap().map(|file| changed(&file.unwrap().path())).max();
        let (newest, scratch) = (newest().unwrap(), self.at("scratch"));
        while {
            fs::write(&scratch, "").unwrap();
            changed(&scratch) <= newest
        } {}
        fs::remove_file(scratch).unwrap();
    }
}

/// The folder of a killed server, with its write-ahead log.
pub struct Killed<'a>(&'a Data);

impl<'a> Killed<'a> {
    /// Has another process serve and send this many messages, and die without closing anything.
    pub fn with(data: &'a Data, count: u64) -> Self {
        let killed = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_server_that_is_going_to_be_killed"])
            .env(FOLDER, data.path())
            .env(COUNT, count.to_string())
            .output()
            .unwrap();
        assert!(!killed.status.success(), "it ended by itself");
        assert!(fs::metadata(data.path().join("hubbub.db-wal")).unwrap().len() > 0);
        Self(data)
    }

    pub fn path(&self) -> PathBuf {
        self.0.path()
    }

    pub fn open(&self) -> SqliteStore {
        self.0.open()
    }
}

#[cfg(unix)]
pub fn changed(path: &Path) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path).unwrap();
    (metadata.ctime(), metadata.ctime_nsec())
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

pub fn refuses(folder: &Path, says: &str, and: &str) {
    let refused = SqliteStore::open(folder, &OsRandom).err().expect("it is not served").to_string();
    assert!(refused.contains(says) && refused.contains(and) && !refused.contains('\n'), "{refused}");
}

pub async fn say(store: &SqliteStore, count: u64) {
    let head = head(store).await;
    for number in head + 1..=head + count {
        let draft = Draft {
            topic: news(),
            sender: Sender::Open,
            id: SendId::new(&format!("{:x}-{number}", store.epoch().0)).unwrap(),
            body: BodyHash([1; 16]),
            data: Json::of(&number),
            at: Timestamp(1),
            right: None,
            about: None,
            counts: false,
            is_row: false,
            mentions: chat::store::Mentions::default(),
            ends: chat::store::Ends::Nobody,
        };
        let commit = Commit { application: ApplicationId::BUILT_IN, write: draft.into() };
        store.commit(vec![commit], wire::Seq(u64::MAX)).await.unwrap();
    }
}

pub async fn head(store: &SqliteStore) -> u64 {
    let all = Range { after: Some(Seq::ZERO), before: None, limit: usize::MAX };
    let page = store.reader(ApplicationId::BUILT_IN).page(&news(), all).await.unwrap();
    assert_eq!(page.entries.len() as u64, page.head.0);
    page.head.0
}

pub fn news() -> Topic {
    Topic::new("news").unwrap()
}
