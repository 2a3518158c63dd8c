//! Backups and restores.

use std::fs;
use std::sync::Arc;

use chat::store::Range;
use chat::testing::{Node, guest};
use chat::{LocalBus, OsRandom, Store};
use proptest::prelude::*;
use store::restore;
use wire::{Timestamp, Topic};

use crate::data::{Data, copy, head, say};

#[tokio::test]
async fn a_backup_that_is_made_while_people_write_is_one_moment_and_comes_back() {
    let data = Data::new();
    let node = Node::start(Arc::new(data.open()), Arc::new(LocalBus::default()), Node::patient(), 1);
    let (ann, token) = guest(&node.chat, "أحمد").await;
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
    assert_eq!((made.schema, made.people, made.accounts), (21, 1, 0));
    let epoch = node.epoch();
    node.chat.shut_down().await.unwrap();

    let restored = restore(&data.at("restored"), &data.at("backup.db"), false, &OsRandom).unwrap();
    assert_eq!(restored, made);
    assert_eq!(restored.backup.unwrap().at, Timestamp(7));
    let node = Node::over(Arc::new(data.open_at("restored")));
    assert_ne!(node.epoch(), epoch);
    let session = node.chat.authenticate(&token).await.unwrap();
    assert_eq!(session.map(|session| session.person), Some(ann.person()));
    let page = node
        .chat
        .history(&ann.caller(), &Topic::group(group), Range { limit: 100, ..Range::default() })
        .await
        .unwrap();
    assert_eq!(page.entries.len() as u64, page.head.0);
}

#[tokio::test]
async fn a_secret_stays_the_same_and_comes_back_with_a_backup() {
    let data = Data::new();
    let store = data.open();
    let secret = store.master_secret(&OsRandom).unwrap();
    assert_eq!(store.master_secret(&OsRandom).unwrap(), secret);
    store.back_up(data.backup("backup.db", false)).await.unwrap();
    store.close().await.unwrap();

    restore(&data.at("restored"), &data.at("backup.db"), false, &OsRandom).unwrap();
    let restored = data.open_at("restored");
    assert_eq!(restored.master_secret(&OsRandom).unwrap(), secret);
    restored.close().await.unwrap();
    let database = rusqlite::Connection::open(data.at("restored").join("hubbub.db")).unwrap();
    let kept: Option<Vec<u8>> =
        database.query_row("SELECT backup_secret FROM meta", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, None, "only a backup has it in its database");

    fs::write(data.path().join("secret.key"), "half of i").unwrap();
    let wrong = data.open().master_secret(&OsRandom).unwrap_err();
    assert!(wrong.to_string().contains("secret.key"), "{wrong}");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_the_secret() {
    use std::os::unix::fs::PermissionsExt;

    let data = Data::new();
    let store = data.open();
    store.master_secret(&OsRandom).unwrap();
    let mode = fs::metadata(data.path().join("secret.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    store.close().await.unwrap();
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
        restore(&data.path(), &data.at(from), replace, &OsRandom).map_err(|f| f.to_string())
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

    /// Whatever the length of the log when it was saved and when it was set back, and in whichever way: no subscriber
    /// from the time in between continues as if nothing had happened.
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
                    restore(&data.path(), &data.at("backup.db"), true, &OsRandom).unwrap();
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
