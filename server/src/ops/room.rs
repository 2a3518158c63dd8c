//! Free disk space of a folder.

use std::path::Path;

/// Free bytes below which a disk counts as full: a commit needs some.
const FULL: u64 = 64 * 1_024;

/// Returns the bytes available on the disk of a folder; none if that is unknown.
#[cfg(unix)]
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
pub(super) fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Returns true if the disk of a folder is full.
pub(crate) fn is_full(folder: &Path) -> bool {
    free_bytes(folder).is_some_and(|free| free < FULL)
}
