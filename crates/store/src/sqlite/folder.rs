//! The data folder: its files, their modes, and the lock that one process holds.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use chat::Fault;

use super::search;

/// The files of a data folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// The lock of a data folder. It is released when this is dropped, even while a process that was just started still has
/// a copy of the descriptor.
#[derive(Debug)]
pub(crate) struct FolderLock(File);

impl Drop for FolderLock {
    fn drop(&mut self) {
        // After an error the lock is released with the last descriptor.
        let _ = self.0.unlock();
    }
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("hubbub.db")
    }

    /// Returns the path of the write-ahead log.
    pub(super) fn log(&self) -> PathBuf {
        self.0.join("hubbub.db-wal")
    }

    /// Returns the path of the write-ahead log's index, in shared memory.
    pub(super) fn shared_memory(&self) -> PathBuf {
        self.0.join("hubbub.db-shm")
    }

    /// Returns the path of the file of [`Life`](super::life::Life).
    pub(super) fn life(&self) -> PathBuf {
        self.0.join("hubbub.life")
    }

    /// Returns the path of the search index, which is made from the database.
    pub(super) fn search(&self) -> PathBuf {
        self.0.join("search.db")
    }

    /// Returns the path of the master secret.
    pub(crate) fn secret(&self) -> PathBuf {
        self.0.join("secret.key")
    }

    /// Returns the path of the file that says that the data was moved.
    pub(super) fn moved(&self) -> PathBuf {
        self.0.join("moved.txt")
    }

    pub(super) fn lock_file(&self) -> PathBuf {
        self.0.join("hubbub.lock")
    }

    /// Creates the folder if it is missing, and locks it for this process.
    pub(crate) fn lock(&self) -> Result<FolderLock, Fault> {
        let shown = self.0.display();
        let fault = |what: &str, error: io::Error| {
            Fault::new("store", format!("the folder {shown} cannot be {what}: {error}"))
        };
        create_private_folder(&self.0).map_err(|error| fault("made", error))?;
        let file = private().create(true).truncate(false).write(true).open(self.lock_file());
        let file = file.map_err(|error| fault("written", error))?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock(file)),
            Err(TryLockError::WouldBlock) => Err(Fault::unlogged(format!(
                "another process has the folder {shown}: stop it first, or choose another folder with --data"
            ))),
            Err(TryLockError::Error(error)) => Err(fault("locked", error)),
        }
    }

    /// Restricts the folder and its files to their owner; returns true if it changed any mode.
    ///
    /// SQLite gives the files beside the database the database's own mode.
    #[cfg(unix)]
    pub(crate) fn make_private(&self) -> bool {
        use std::os::unix::fs::PermissionsExt;

        let mut changed = false;
        for (path, mode) in self.modes() {
            let Ok(metadata) = fs::metadata(&path) else { continue };
            // Setting the same mode again would look like a change of the file.
            if metadata.permissions().mode() & 0o7777 == mode {
                continue;
            }
            match fs::set_permissions(&path, fs::Permissions::from_mode(mode)) {
                Ok(()) => changed = true,
                // A volume may belong to another user; it is served all the same.
                Err(error) => {
                    let path = path.display();
                    tracing::warn!(%path, %error, "others may be able to read this; make it private, mode {mode:o}");
                }
            }
        }
        changed
    }

    #[cfg(not(unix))]
    pub(crate) fn make_private(&self) -> bool {
        false
    }

    /// Returns the folder and every file of ours, with the mode that each should have.
    pub(super) fn modes(&self) -> impl Iterator<Item = (PathBuf, u32)> {
        let files = [
            self.database(),
            self.log(),
            self.shared_memory(),
            self.life(),
            self.secret(),
            self.lock_file(),
            self.moved(),
        ];
        let files = files.into_iter().chain(search::files(&self.search()));
        [(self.0.clone(), 0o700)].into_iter().chain(files.map(|file| (file, 0o600)))
    }
}

/// Creates a folder that only its owner may read, and its missing parents with the default mode.
fn create_private_folder(path: &Path) -> io::Result<()> {
    if let Some(above) = path.parent() {
        fs::create_dir_all(above)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    match builder.create(path) {
        Err(_) if path.is_dir() => Ok(()),
        made => made,
    }
}

/// Returns options for files that only their owner may read.
pub(super) fn private() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Makes creations, renames and removals in a folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Returns the length of a file; 0 if there is none.
pub(super) fn length(path: &Path) -> io::Result<u64> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_free_again_while_a_starting_process_still_has_a_copy_of_the_descriptor() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::new(&home.path().join("data"));
        let lock = folder.lock().unwrap();
        let copy = lock.0.try_clone().unwrap();
        assert!(folder.lock().is_err(), "it is taken");
        drop(lock);
        drop(folder.lock().unwrap());
        drop(copy);
    }
}
