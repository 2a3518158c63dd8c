//! Listing the blobs of a folder.

use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use chat::{BlobId, BlobKey, ListedBlob};
use wire::Timestamp;

use crate::place;

/// Returns the blobs of a folder, for the operator: nothing is created or changed. None if there is no such folder.
///
/// # Errors
/// If it cannot be read.
pub fn list_folder(root: &Path) -> io::Result<Vec<ListedBlob>> {
    list(root, None, usize::MAX)
}

/// Lists blobs, a folder of them at a time.
pub(crate) fn list(root: &Path, after: Option<BlobKey>, limit: usize) -> io::Result<Vec<ListedBlob>> {
    let mut listed = Vec::new();
    let first = after.map(|after| (after.application, after.id.0[0]));
    for application in names(root, place::application)? {
        let of_application = root.join(application.to_string());
        for part in names(&of_application, place::part)? {
            if first.is_some_and(|first| (application, part) < first) {
                continue;
            }
            let folder = of_application.join(format!("{part:02x}"));
            for id in names(&folder, place::id)? {
                let key = BlobKey { application, id };
                if after.is_some_and(|after| key <= after) {
                    continue;
                }
                listed.extend(listed_blob(&folder, key, id)?);
                if listed.len() >= limit {
                    return Ok(listed);
                }
            }
        }
    }
    Ok(listed)
}

/// Returns a blob of a folder; none if it was removed meanwhile.
fn listed_blob(folder: &Path, key: BlobKey, id: BlobId) -> io::Result<Option<ListedBlob>> {
    let found = match fs::metadata(folder.join(id.to_string())) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let since = found.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    Ok(Some(ListedBlob { key, bytes: found.len(), at }))
}

/// Returns what is in a folder under names of ours, in order; nothing if there is no such folder.
fn names<T: Ord>(folder: &Path, read: impl Fn(&str) -> Option<T>) -> io::Result<Vec<T>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().to_str().and_then(&read));
    }
    names.sort_unstable();
    Ok(names)
}
