//! A data folder that is copied, set back or put together by hand is noticed: its readers load anew, or it is not served
//! and the operator is told what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chat::store::{BodyHash, Draft, Range, Sender, Write};
use chat::testing::Node;
use chat::{Caller, LocalBus, OsChance, Store};
use proptest::prelude::*;
use store::{Backup, BackupRequest, SqliteStore, restore};
use tempfile::TempDir;
use wire::{Epoch, Json, SendId, Seq, Timestamp, Topic};

/// Tells the process that is going to be killed its folder, and how much it says.
const FOLDER: &str = "HUBBUB_TEST_SERVES_IN";
const COUNT: &str = "HUBBUB_TEST_SAYS";

#[tokio::test]
async fn a_folder_that_was_copied_while_it_was_stopped_serves_under_a_new_epoch() {
    let data = Data::new();
    let before = data.say(5).await;
    data.copy_to("backup");
    assert_eq!(data.say(10).await, before, "the original goes on in the same life");
    fs::remove_dir_all(data.path()).unwrap();
    copy(&data.at("backup"), &data.path());
    let restored = data.open();
    assert_eq!(head(&restored).await, 5);
    assert_ne!(restored.epoch(), before);
    let epoch = restored.epoch();
    restored.close().await.unwrap();
    assert_eq!(data.open().epoch(), epoch, "it is new only once");
}

#[tokio::test]
async fn a_copy_that_serves_while_the_original_is_kept_has_an_epoch_of_its_own() {
    let data = Data::new();
    let original = data.say(5).await;
    data.copy_to("copy");
    assert_ne!(data.open_at("copy").epoch(), original);
    assert_eq!(data.open().epoch(), original);
}

#[tokio::test]
async fn an_older_copy_over_a_newer_folder_serves_under_a_new_epoch() {
    let data = Data::new();
    let before = data.say(5).await;
    data.copy_to("backup");
    data.say(10).await;
    copy(&data.at("backup"), &data.path());
    let restored = data.open();
    assert_eq!(head(&restored).await, 5);
    assert_ne!(restored.epoch(), before);
}

#[tokio::test]
async fn a_copy_of_a_folder_in_use_is_whole_and_has_a_new_epoch() {
    let data = Data::new();
    let before = data.say(5).await;
    let running = data.open();
    say(&running, 3).await;
    data.copy_to("copy");
    let copied = data.open_at("copy");
    assert_eq!(head(&copied).await, 8);
    assert_ne!(copied.epoch(), before);
    assert_eq!(running.epoch(), before);
}

#[tokio::test]
async fn a_folder_that_moves_is_no_copy() {
    let data = Data::new();
    let before = data.say(5).await;
    fs::rename(data.path(), data.at("moved")).unwrap();
    assert_eq!(data.open_at("moved").epoch(), before);
}

#[tokio::test]
async fn after_a_kill_it_is_the_same_life() {
    let data = Data::new();
    let before = data.say(5).await;
    let killed = Killed::with(&data, 4);
    assert_eq!(killed.open().epoch(), before);
    assert_eq!(head(&data.open()).await, 9);
}

#[tokio::test]
async fn a_lone_database_of_a_running_server_is_not_served_as_an_empty_one() {
    let data = Data::new();
    let running = data.open();
    let node = Node::over(Arc::new(running));
    node.introduce("سارا").await;
    fs::create_dir(data.at("other")).unwrap();
    fs::copy(data.path().join("hubbub.db"), data.at("other/hubbub.db")).unwrap();
    refuses(&data.at("other"), "hubbub.db stands there without hubbub.life", "hubbub restore ");
    assert!(!data.at("other/hubbub.life").exists(), "nothing was made");
}

#[tokio::test]
async fn a_folder_that_lacks_a_part_is_not_served() {
    for (part, says) in [
        ("hubbub.db", "hubbub.db is missing"),
        ("hubbub.life", "hubbub.db stands there without hubbub.life"),
        (
            "hubbub.db-wal",
            "hubbub.db is an older state than this folder has had, or lacks its write-ahead log",
        ),
    ] {
        let data = Data::new();
        data.say(5).await;
        let killed = Killed::with(&data, 4);
        fs::remove_file(killed.path().join(part)).unwrap();
        refuses(&killed.path(), says, "hubbub restore ");
        refuses(&killed.path(), says, "hubbub restore ");
    }
}

#[tokio::test]
async fn an_older_database_in_a_newer_folder_is_not_served() {
    let data = Data::new();
    data.say(5).await;
    fs::copy(data.path().join("hubbub.db"), data.at("old.db")).unwrap();
    data.say(10).await;
    fs::copy(data.at("old.db"), data.path().join("hubbub.db")).unwrap();
    refuses(&data.path(), "hubbub.db is an older state", "hubbub restore FILE");
}

#[tokio::test]
async fn an_old_copy_beside_a_write_ahead_log_that_was_left_is_neither_undone_nor_mixed() {
    for keeps_time in [false, true] {
        let data = Data::new();
        data.say(5).await;
        let (database, old) = (data.path().join("hubbub.db"), data.at("old.db"));
        fs::copy(&database, &old).unwrap();
        let killed = Killed::with(&data, 10);
        let time = fs::metadata(&database).unwrap().modified().unwrap();
        data.wait_for_the_clock();
        fs::copy(&old, killed.path().join("hubbub.db")).unwrap();
        if keeps_time {
            fs::File::options().append(true).open(&database).unwrap().set_modified(time).unwrap();
        }
        let log = fs::read(killed.path().join("hubbub.db-wal")).unwrap();
        refuses(&killed.path(), "hubbub.db was replaced", "hubbub restore FILE");
        assert_eq!(fs::read(killed.path().join("hubbub.db-wal")).unwrap(), log, "nothing was changed");
        // What the sentence says helps.
        restore(&killed.path(), &old, true, &OsChance).unwrap();
        assert_eq!(head(&killed.open()).await, 5);
    }
}

#[tokio::test]
async fn a_database_of_another_server_is_not_served() {
    let (ours, theirs) = (Data::new(), Data::new());
    ours.say(5).await;
    theirs.say(5).await;
    fs::copy(theirs.path().join("hubbub.db"), ours.path().join("hubbub.db")).unwrap();
    refuses(&ours.path(), "from two different servers", "hubbub restore FILE");
}

#[tokio::test]
async fn an_emptied_database_is_not_served() {
    let data = Data::new();
    data.say(5).await;
    fs::write(data.path().join("hubbub.db"), "").unwrap();
    refuses(&data.path(), "hubbub.db is empty", "hubbub restore FILE");
}

#[tokio::test]
async fn a_damaged_identity_is_not_served() {
    let data = Data::new();
    data.say(5).await;
    fs::write(data.path().join("hubbub.life"), "{").unwrap();
    refuses(&data.path(), "hubbub.life is damaged", "hubbub restore ");
    restore(&data.path(), &data.path().join("hubbub.db"), true, &OsChance).unwrap();
    assert_eq!(head(&data.open()).await, 5);
}

#[tokio::test]
async fn a_server_that_was_killed_while_it_made_its_folder_goes_on_there() {
    let data = Data::new();
    data.say(1).await;
    let life = data.path().join("hubbub.life");
    let text = fs::read_to_string(&life).unwrap();
    fs::write(&life, text.replace("\"new\":false", "\"new\":true")).unwrap();
    assert_eq!(head(&data.open()).await, 1);
    // The same before there was a database.
    let text = fs::read_to_string(&life).unwrap();
    fs::write(&life, text.replace("\"new\":false", "\"new\":true")).unwrap();
    fs::remove_file(data.path().join("hubbub.db")).unwrap();
    assert_eq!(head(&data.open()).await, 0);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_on_the_machine_can_read_what_people_said() {
    use std::os::unix::fs::PermissionsExt;

    let modes = |path: &Path| {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let mut modes = vec![(".".to_owned(), mode(path))];
        for file in fs::read_dir(path).unwrap() {
            let file = file.unwrap();
            modes.push((file.file_name().into_string().unwrap(), mode(&file.path())));
        }
        modes
    };
    let data = Data::new();
    let store = data.open();
    say(&store, 3).await;
    let while_served = modes(&data.path());
    assert_eq!(while_served.len(), 6, "{while_served:?}");
    assert!(
        while_served.iter().all(|(file, mode)| *mode == if file == "." { 0o700 } else { 0o600 }),
        "{while_served:?}"
    );
    let epoch = store.epoch();
    store.close().await.unwrap();

    // An older version, or an operator, has left them open.
    for (file, _) in modes(&data.path()) {
        let open = if file == "." { 0o755 } else { 0o644 };
        fs::set_permissions(data.path().join(file), fs::Permissions::from_mode(open)).unwrap();
    }
    drop(data.open());
    let made_private = modes(&data.path());
    assert!(
        made_private.iter().all(|(file, mode)| *mode == if file == "." { 0o700 } else { 0o600 }),
        "{made_private:?}"
    );
    let settled = data.open().epoch();
    assert_eq!(
        data.open().epoch(),
        settled,
        "and from then on it is no copy, whatever it was before: {epoch:?}"
    );
}

#[tokio::test]
async fn a_backup_that_is_made_while_people_write_is_one_moment_and_comes_back() {
    let data = Data::new();
    let node = Node::start(Arc::new(data.open()), Arc::new(LocalBus::default()), Node::patient(), 1);
    let (ann, token) = node.chat.introduce(&Caller::default(), "أحمد").await.unwrap();
    let group = node.group(&ann, "茶").await;
    node.say(&ann, group, "before").await;
    node.chat.shut_down().await.unwrap();

    let store = Arc::new(data.open());
    let node =
        Node::start(Arc::clone(&store) as Arc<dyn Store>, Arc::new(LocalBus::default()), Node::patient(), 2);
    let (made, ()) = tokio::join!(store.back_up(data.backup("backup.db", false)), async {
        for _ in 0..20 {
            node.say(&ann, group, "meanwhile").await;
        }
    });
    let made = made.unwrap();
    assert_eq!((made.schema, made.people, made.accounts), (11, 1, 0));
    let epoch = node.epoch();
    node.chat.shut_down().await.unwrap();

    let restored = restore(&data.at("restored"), &data.at("backup.db"), false, &OsChance).unwrap();
    assert_eq!(restored, made);
    assert_eq!(restored.backup.unwrap().at, Timestamp(7));
    let node = Node::over(Arc::new(data.open_at("restored")));
    assert_ne!(node.epoch(), epoch);
    assert_eq!(node.chat.recognise(&token).await.unwrap(), Some(ann.clone()));
    let page = node
        .chat
        .history(
            &Caller { me: Some(ann), ..Caller::default() },
            &Topic::group(group),
            Range { limit: 100, ..Range::default() },
        )
        .await
        .unwrap();
    assert_eq!(page.entries.len() as u64, page.head.0);
}

#[tokio::test]
async fn a_backup_takes_no_place_and_leaves_nothing_half_done() {
    let data = Data::new();
    let store = data.open();
    say(&store, 3).await;
    let there = || {
        let mut files: Vec<_> = fs::read_dir(data.at(""))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        files
    };
    fs::write(data.at("notes.txt"), "mine").unwrap();
    let refused = store.back_up(data.backup("notes.txt", false)).await.unwrap_err().to_string();
    assert!(
        refused.ends_with("notes.txt is there already; choose another name, or add --force"),
        "{refused}"
    );
    assert_eq!(fs::read(data.at("notes.txt")).unwrap(), b"mine");
    for ours in ["hubbub.db", "hubbub.db-wal", "hubbub.life"] {
        let refused =
            store.back_up(data.backup(&format!("data/{ours}"), true)).await.unwrap_err().to_string();
        assert!(refused.contains("is a file of the server itself"), "{refused}");
    }
    let refused = store.back_up(data.backup("nowhere/b.db", false)).await.unwrap_err().to_string();
    assert!(refused.contains("cannot be written"), "{refused}");
    assert_eq!(there(), ["data", "notes.txt"]);
    store.back_up(data.backup("notes.txt", true)).await.unwrap();
    assert_eq!(there(), ["data", "notes.txt"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(data.at("notes.txt")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_restore_never_goes_over_people_a_server_or_a_file_that_is_not_whole() {
    let data = Data::new();
    let store = data.open();
    say(&store, 3).await;
    store.back_up(data.backup("backup.db", false)).await.unwrap();
    let restore = |from: &str, replace| {
        restore(&data.path(), &data.at(from), replace, &OsChance).map_err(|f| f.to_string())
    };
    assert!(restore("backup.db", true).unwrap_err().contains("another process has the folder"));
    store.close().await.unwrap();
    assert!(restore("backup.db", false).unwrap_err().ends_with("or add --force to replace what it has"));

    let good = fs::read(data.at("backup.db")).unwrap();
    let broken = |name: &str, sql: &str| {
        fs::write(data.at(name), &good).unwrap();
        rusqlite::Connection::open(data.at(name)).unwrap().execute_batch(sql).unwrap();
    };
    broken("hole.db", "DELETE FROM entries WHERE seq = 2");
    broken("tail.db", "DELETE FROM entries WHERE seq = 3");
    broken("older.db", "PRAGMA user_version = 9");
    broken("newer.db", "PRAGMA user_version = 99");
    fs::write(data.at("half.db"), &good[..good.len() / 2]).unwrap();
    fs::write(data.at("empty.db"), "").unwrap();
    fs::write(data.at("text.db"), "no database".repeat(1_000)).unwrap();
    for (from, says) in [
        ("hole.db", "has come to place 3, but only 2 of its entries are there"),
        ("tail.db", "has come to place 3, but only 2 of its entries are there"),
        ("older.db", "from before the first release (schema 9)"),
        ("newer.db", "from a newer version (schema 99"),
        ("half.db", "half.db: "),
        ("empty.db", "it is empty"),
        ("text.db", "file is not a database"),
        ("nowhere.db", "nowhere.db: "),
    ] {
        let refused = restore(from, true).unwrap_err();
        assert!(refused.starts_with("nothing was restored: ") && refused.contains(says), "{from}: {refused}");
        assert_eq!(head(&data.open()).await, 3, "{from}: the folder is as it was");
    }
    let before = data.open().epoch();
    restore("backup.db", true).unwrap();
    assert_ne!(data.open().epoch(), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// However far the log had come when it was saved, and when it was set back, and whichever way: no reader of the time
    /// between goes on as if nothing had happened.
    #[test]
    fn readers_of_any_two_points_are_reset_after_a_restore(
        saved in 0_u64..6,
        lost in 0_u64..6,
        after in 0_u64..8,
        way in 0_u8..3,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let data = Data::new();
            let before = data.say(saved).await;
            let store = data.open();
            store.back_up(data.backup("backup.db", false)).await.unwrap();
            store.close().await.unwrap();
            data.copy_to("copy");
            assert_eq!(data.say(lost).await, before);
            match way {
                0 => {
                    restore(&data.path(), &data.at("backup.db"), true, &OsChance).unwrap();
                }
                1 => copy(&data.at("copy"), &data.path()),
                _ => {
                    fs::remove_dir_all(data.path()).unwrap();
                    fs::rename(data.at("copy"), data.path()).unwrap();
                }
            }
            let restored = data.open();
            assert_eq!(head(&restored).await, saved);
            say(&restored, after).await;
            assert_ne!(restored.epoch(), before, "a reader at {} would not notice", saved + lost);
        });
    }
}

/// The other process. Without the name of a folder there is nothing to do.
#[tokio::test]
async fn the_server_that_is_going_to_be_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = SqliteStore::open(Path::new(&folder), &OsChance).unwrap();
    say(&store, std::env::var(COUNT).unwrap().parse().unwrap()).await;
    std::process::abort();
}

/// A data folder, and room beside it.
struct Data(TempDir);

impl Data {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn path(&self) -> PathBuf {
        self.at("data")
    }

    fn open(&self) -> SqliteStore {
        self.open_at("data")
    }

    fn open_at(&self, name: &str) -> SqliteStore {
        SqliteStore::open(&self.at(name), &OsChance).unwrap()
    }

    /// Serves for so many messages, and stops.
    async fn say(&self, count: u64) -> Epoch {
        let store = self.open();
        say(&store, count).await;
        store.close().await.unwrap();
        store.epoch()
    }

    fn backup(&self, name: &str, replace: bool) -> BackupRequest {
        BackupRequest { file: self.at(name), replace, backup: Backup::of_this_version(Timestamp(7)) }
    }

    fn copy_to(&self, name: &str) {
        self.wait_for_the_clock();
        copy(&self.path(), &self.at(name));
    }

    /// Until a file that is written now has a later time than those of the folder. Clocks of files tick slowly.
    fn wait_for_the_clock(&self) {
        let newest = || fs::read_dir(self.path()).unwrap().map(|file| changed(&file.unwrap().path())).max();
        let (newest, scratch) = (newest().unwrap(), self.at("scratch"));
        while {
            fs::write(&scratch, "").unwrap();
            changed(&scratch) <= newest
        } {}
        fs::remove_file(scratch).unwrap();
    }
}

/// The folder of a server that was killed, with its write-ahead log.
struct Killed<'a>(&'a Data);

impl<'a> Killed<'a> {
    /// Another process serves for so many messages, and dies without closing anything.
    fn with(data: &'a Data, count: u64) -> Self {
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

    fn path(&self) -> PathBuf {
        self.0.path()
    }

    fn open(&self) -> SqliteStore {
        self.0.open()
    }
}

#[cfg(unix)]
fn changed(path: &Path) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt;

    let metadata = fs::metadata(path).unwrap();
    (metadata.ctime(), metadata.ctime_nsec())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

fn refuses(folder: &Path, says: &str, and: &str) {
    let refused = SqliteStore::open(folder, &OsChance).err().expect("it is not served").to_string();
    assert!(refused.contains(says) && refused.contains(and) && !refused.contains('\n'), "{refused}");
}

async fn say(store: &SqliteStore, count: u64) {
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
        };
        store.commit(Arc::new([Write::Post(draft)])).await.unwrap();
    }
}

async fn head(store: &SqliteStore) -> u64 {
    let page =
        store.page(&news(), Range { after: Some(Seq::ZERO), before: None, limit: usize::MAX }).await.unwrap();
    assert_eq!(page.entries.len() as u64, page.head.0);
    page.head.0
}

fn news() -> Topic {
    Topic::new("news").unwrap()
}
