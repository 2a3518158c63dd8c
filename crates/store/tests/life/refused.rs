//! Folders that are put together by hand, or damaged: they are not served.

use std::fs;
use std::sync::Arc;

use chat::OsRandom;
use chat::testing::Node;
use store::restore;

use crate::data::{Data, Killed, head, refuses};

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
        // The remedy in the sentence works.
        restore(&killed.path(), &old, true, &OsRandom).unwrap();
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
    restore(&data.path(), &data.path().join("hubbub.db"), true, &OsRandom).unwrap();
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
