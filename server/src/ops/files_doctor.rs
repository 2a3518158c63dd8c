//! The part of `hubbub doctor` about uploaded files: whether the folder has what the database names.

use std::collections::HashSet;

use chat::{BlobKey, Clock, SystemClock};
use store::{PostgresStore, SqliteStore};

use super::backup::counted;
use super::doctor::Diagnosis;
use crate::config::{Config, StoreChoice};

/// The age from which a blob that no file names is left over, in milliseconds: newer ones may be of an upload.
const LEFT_OVER_MS: i64 = 24 * 60 * 60 * 1_000;

/// Returns the number of blobs that the database of a data folder names and the folder of files lacks.
pub(super) fn missing(config: &Config) -> usize {
    let named = SqliteStore::blob_names(&config.data).unwrap_or_default();
    let listed = blobs::list_folder(&config.blobs_folder()).unwrap_or_default();
    let there: HashSet<BlobKey> = listed.iter().map(|blob| blob.key).collect();
    named.iter().filter(|key| !there.contains(key)).count()
}

/// Compares the folder with the database, and adds the findings.
pub(super) fn examine(found: &mut Diagnosis, config: &Config) {
    // Before the folder is read: what is named was stored before.
    let named = match &config.store {
        StoreChoice::Memory => return,
        StoreChoice::Sqlite => SqliteStore::blob_names(&config.data).map_err(|fault| fault.to_string()),
        StoreChoice::Postgres(database) => {
            PostgresStore::blob_names(database).map_err(|error| error.to_string())
        }
    };
    let folder = config.blobs_folder();
    let shown = folder.display();
    let listed = match blobs::list_folder(&folder) {
        Ok(listed) => listed,
        Err(error) => return found.wrong("files", format!("{shown} cannot be read: {error}")),
    };
    // Why the database cannot be read, another check says.
    let Ok(named) = named else { return };
    let there: HashSet<BlobKey> = listed.iter().map(|blob| blob.key).collect();
    let missing = named.iter().filter(|key| !there.contains(key)).count();
    let named: HashSet<BlobKey> = named.into_iter().collect();
    let before = SystemClock.now().0 - LEFT_OVER_MS;
    let left_over = listed.iter().filter(|blob| blob.at.0 < before && !named.contains(&blob.key)).count();
    if missing > 0 {
        let says = format!(
            "{} in the database, but not in {shown}; copy the folder from its backup, or name the right one with --blobs",
            counted(missing as u64, "blob is", "blobs are"),
        );
        found.wrong("files", says);
    } else {
        found.ok("files", format!("{shown} has all {}", counted(named.len() as u64, "blob", "blobs")));
    }
    if left_over > 0 {
        let says = format!(
            "{} in {shown} that no file names; a running server removes them within a day",
            counted(left_over as u64, "blob is", "blobs are"),
        );
        found.look("files", says);
    }
}
