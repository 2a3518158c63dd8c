//! The file `moved.txt`: a data folder whose data has been moved to PostgreSQL, so that no server continues the old
//! data by mistake.

use std::io::{ErrorKind, Write};

use chat::Fault;

use super::folder::{Folder, private, sync_folder};

/// Refuses a folder whose data was moved.
pub(super) fn check(folder: &Folder) -> Result<(), Fault> {
    let file = folder.moved();
    let text = match std::fs::read_to_string(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => error.to_string(),
        Ok(text) => text.lines().next().unwrap_or_default().to_owned(),
    };
    let (shown, file) = (folder.path().display(), file.display());
    Err(Fault::unlogged(format!(
        "the folder {shown} is not served, because its data was moved ({text}): start the servers with --store and that \
         address. To go back to the old data all the same, which lacks everything since, remove {file}"
    )))
}

/// Marks a folder as moved, durably. Should a server be started on it again, it has a new epoch, as a copy has: both data
/// have the same one until then, and would give the same places to other messages.
pub(super) fn write(folder: &Folder, text: &str) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".hubbub-moved-").tempfile_in(folder.path())?;
    writeln!(file, "{text}")?;
    file.as_file().sync_all()?;
    file.persist(folder.moved()).map_err(|error| error.error)?;
    let lock = private().create(true).truncate(false).write(true).open(folder.lock_file())?;
    // The time of the last change moves on, whatever the mode was.
    lock.set_permissions(lock.metadata()?.permissions())?;
    lock.sync_all()?;
    sync_folder(folder.path())
}

/// Takes the mark away, after a move that failed.
pub(super) fn remove(folder: &Folder) -> std::io::Result<()> {
    std::fs::remove_file(folder.moved())?;
    sync_folder(folder.path())
}
