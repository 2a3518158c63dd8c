//! Positions: each entry of the whole store has one, and none is used twice.

use std::path::Path;

use chat::store::{BodyHash, Commit, Draft, Fact, GroupChange, LogWrite, Mentions, Sender, Version, Write};
use chat::{OsRandom, Store};
use rusqlite::Connection;
use store::{Backup, BackupRequest, SqliteStore, restore};
use wire::{
    ApplicationId, Description, GroupId, GroupName, JoinPolicy, Json, SendId, Settings, Timestamp, Topic,
};

/// A store, and the greatest position that an entry has had.
struct Positions {
    store: SqliteStore,
    greatest: i64,
}

impl Positions {
    fn open(folder: &Path) -> Self {
        Self { store: open(folder), greatest: 0 }
    }

    /// Commits a batch, after which the entries of the folder must have these many new positions, all greater.
    async fn commit(&mut self, folder: &Path, writes: Vec<Write>, new: usize) {
        let commits: Vec<Commit> = writes.into_iter().map(commit).collect();
        self.store.commit(commits, wire::Seq(u64::MAX)).await.unwrap();
        let grown: Vec<i64> =
            positions(folder).into_iter().filter(|position| *position > self.greatest).collect();
        assert_eq!(grown.len(), new, "after {}: {grown:?}", self.greatest);
        self.greatest = grown.last().copied().unwrap_or(self.greatest);
    }

    /// Says something in a new group of application 1, and deletes the group with everything in it.
    async fn say_and_delete(&mut self, folder: &Path, name: u8) {
        let group = GroupId::from_bytes([name; 10]);
        let said = vec![
            change(group, None, Fact::Created { settings: settings(), at: Timestamp(1) }),
            post(&Topic::new("news").unwrap(), &format!("{name}-other")),
            post(&Topic::group(group), &format!("{name}-1")),
            post(&Topic::new("news").unwrap(), &format!("{name}-another")),
            post(&Topic::group(group), &format!("{name}-2")),
        ];
        self.commit(folder, said, 4).await;
        let before = positions(folder).len();
        self.commit(folder, vec![change(group, Some(Version(1)), Fact::Deleted)], 0).await;
        assert_eq!(positions(folder).len(), before - 2, "the newest entry is gone");
    }

    async fn say(&mut self, folder: &Path) {
        let id = format!("say-{}", self.greatest);
        self.commit(folder, vec![post(&Topic::new("news").unwrap(), &id)], 1).await;
    }
}

#[tokio::test]
async fn positions_only_grow_whatever_is_deleted_closed_or_restored() {
    let house = tempfile::tempdir().unwrap();
    let folder = house.path().join("data");
    let mut all = Positions::open(&folder);
    all.say(&folder).await;
    all.say_and_delete(&folder, 1).await;
    all.say(&folder).await;

    all.say_and_delete(&folder, 2).await;
    all.store.close().await.unwrap();
    all.store = open(&folder);
    all.say(&folder).await;

    all.say_and_delete(&folder, 3).await;
    let file = house.path().join("backup.db");
    let request =
        BackupRequest { file: file.clone(), replace: false, backup: Backup::of_this_version(Timestamp(7)) };
    all.store.back_up(request).await.unwrap();
    all.store.close().await.unwrap();
    let restored = house.path().join("restored");
    restore(&restored, &file, false, &OsRandom).unwrap();
    all.store = open(&restored);
    all.say(&restored).await;
    all.store.close().await.unwrap();
}

#[tokio::test]
async fn a_group_that_comes_and_goes_in_one_batch_uses_its_positions_up() {
    let folder = tempfile::tempdir().unwrap();
    let group = GroupId::from_bytes([1; 10]);
    let mut all = Positions::open(folder.path());
    let news = Topic::new("news").unwrap();
    let batch = vec![
        change(group, None, Fact::Created { settings: settings(), at: Timestamp(1) }),
        post(&news, "1"),
        post(&Topic::group(group), "2"),
        post(&news, "3"),
        change(group, Some(Version(1)), Fact::Deleted),
        post(&news, "4"),
    ];
    all.commit(folder.path(), batch, 3).await;
    assert_eq!(positions(folder.path()), [1, 3, 4]);
    drop(all);
    assert_eq!(kept(folder.path()), 3, "the greatest one when entries were deleted");
}

#[tokio::test]
async fn after_a_batch_that_failed_the_next_one_has_greater_positions() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Positions::open(folder.path());
    all.say(folder.path()).await;
    let other = Connection::open(folder.path().join("hubbub.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let failed = commit(post(&Topic::new("news").unwrap(), "failed"));
    assert!(all.store.commit(vec![failed], wire::Seq(u64::MAX)).await.is_err());
    // Another program has added an entry, whose position is not known here.
    other
        .execute_batch(
            "INSERT INTO entries (position, log, seq, application, sender, send_id, body_hash, at, data)
             SELECT 40, log, seq + 1, application, sender, 'other', body_hash, at, data FROM entries;
             UPDATE logs SET head = head + 1;
             COMMIT",
        )
        .unwrap();
    all.greatest = 40;
    all.say(folder.path()).await;
}

#[tokio::test]
async fn a_message_that_is_sent_again_gets_no_second_position() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Positions::open(folder.path());
    let news = Topic::new("news").unwrap();
    all.commit(folder.path(), vec![post(&news, "1")], 1).await;
    all.commit(folder.path(), vec![post(&news, "1")], 0).await;
    all.commit(folder.path(), vec![post(&news, "2")], 1).await;
    assert_eq!(positions(folder.path()).len(), 2);
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, &OsRandom).unwrap()
}

/// Returns the positions of all entries, in order.
fn positions(folder: &Path) -> Vec<i64> {
    let db = Connection::open(folder.join("hubbub.db")).unwrap();
    let mut select = db.prepare("SELECT position FROM entries ORDER BY position").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Returns the position that the database keeps beside its entries.
fn kept(folder: &Path) -> i64 {
    let db = Connection::open(folder.join("hubbub.db")).unwrap();
    db.query_row("SELECT position FROM meta", [], |row| row.get(0)).unwrap()
}

/// Makes a commit: what is said in groups is said in application 1, and news are news of application 2.
fn commit(write: Write) -> Commit {
    let application = match &write {
        Write::Log(LogWrite::Post(draft)) if draft.topic.conversation().is_none() => ApplicationId(2),
        _ => ApplicationId(1),
    };
    Commit { application, write }
}

fn change(group: GroupId, version: Option<Version>, fact: Fact) -> Write {
    GroupChange { group, version, facts: vec![fact], news: vec![] }.into()
}

fn post(topic: &Topic, id: &str) -> Write {
    Write::from(Draft {
        topic: topic.clone(),
        sender: Sender::Open,
        id: SendId::new(id).unwrap(),
        body: BodyHash([1; 16]),
        data: Json::of(&id),
        at: Timestamp(1),
        right: None,
        about: None,
        counts: false,
        is_row: false,
        mentions: Mentions::default(),
        ends: chat::store::Ends::Nobody,
    })
}

fn settings() -> Settings {
    Settings {
        name: GroupName::new("茶").unwrap(),
        description: Description::default(),
        limit: 9,
        join_policy: JoinPolicy::Open,
        announcing: false,
        slow_s: 0,
        archived: false,
    }
}
