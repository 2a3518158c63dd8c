//! A data folder that is copied, set back or put together by hand is detected: its subscribers are reset, or it is not
//! served and the operator is told what to do.

mod backups;
mod copies;
mod data;
mod privacy;
mod refused;

use std::path::Path;

use chat::OsRandom;
use store::SqliteStore;

use crate::data::{COUNT, FOLDER, say};

/// The other process. Without the name of a folder it does nothing.
#[tokio::test]
async fn the_server_that_is_going_to_be_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = SqliteStore::open(Path::new(&folder), &OsRandom).unwrap();
    say(&store, std::env::var(COUNT).unwrap().parse().unwrap()).await;
    std::process::abort();
}
