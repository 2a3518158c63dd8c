//! The data folder of a node whose facts are in PostgreSQL: files that it makes for itself, and perhaps the master
//! secret.

use std::path::Path;

use chat::{Fault, MasterSecret, RandomSource};

use crate::sqlite::{Folder, FolderLock, secret};

/// A data folder that this process holds until it is dropped. Facts are elsewhere: it has the search index and, unless the
/// settings have it, the file `secret.key`.
#[derive(Debug)]
pub struct NodeFolder {
    folder: Folder,
    _lock: FolderLock,
}

impl NodeFolder {
    /// Creates the folder if it is missing, and locks it.
    ///
    /// # Errors
    /// If it cannot be written, or another process holds it.
    pub fn lock(path: &Path) -> Result<Self, Fault> {
        let folder = Folder::new(path);
        let lock = folder.lock()?;
        folder.make_private();
        if folder.database().exists() {
            tracing::warn!("{} is not used: the data is in PostgreSQL", folder.database().display());
        }
        Ok(Self { folder, _lock: lock })
    }

    /// Returns the master secret of the folder; makes one if there is none. Returns true with one that was just made: it
    /// is of no use for a database that has another one already.
    ///
    /// # Errors
    /// If the file cannot be read or written, or has something else in it.
    pub fn master_secret(&self, chance: &dyn RandomSource) -> Result<(MasterSecret, bool), Fault> {
        let is_new = secret::read(&self.folder)?.is_none();
        Ok((secret::read_or_make(&self.folder, chance)?, is_new))
    }

    /// Removes the master secret, which the database was found not to have.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub fn remove_master_secret(&self) -> Result<(), Fault> {
        let file = self.folder.secret();
        std::fs::remove_file(&file)
            .map_err(|error| Fault::unlogged(format!("{} cannot be removed: {error}", file.display())))
    }
}
