use std::path::Path;

/// Below so many free bytes a disk counts as full: a commit needs some.
const FULL: u64 = 64 * 1_024;

/// The bytes that are free for us on the disk of a folder; none if that cannot be found out.
#[cfg(unix)]
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
pub(super) fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Whether the disk of a folder has no room.
pub(crate) fn is_full(folder: &Path) -> bool {
    free_bytes(folder).is_some_and(|free| free < FULL)
}
