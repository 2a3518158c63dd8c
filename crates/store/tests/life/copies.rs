//! Folders that are copied, moved or set back as a whole.

use std::fs;

use chat::Store;

use crate::data::{Data, Killed, copy, head, say};

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
