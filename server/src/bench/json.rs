//! The JSON file that `hubbub bench --json` writes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::config::ConfigError;

/// A file for the figures. It is opened before the first measurement, so that they are not lost at the end. Its old
/// content stays until they are written; a new file without figures is removed.
#[derive(Debug)]
pub(super) struct JsonFile {
    path: PathBuf,
    file: File,
    /// True if the file is new and may be removed.
    empty: bool,
}

impl JsonFile {
    pub(super) fn open(path: &Path) -> Result<Self, ConfigError> {
        let empty = !path.exists();
        let file = File::options().create(true).write(true).truncate(false).open(path).map_err(|error| {
            let right = "name a file in a folder that you may write to";
            ConfigError(format!("--json {} cannot be written ({error}); {right}", path.display()))
        })?;
        Ok(Self { path: path.to_owned(), file, empty })
    }

    pub(super) fn write(&mut self, text: &str) -> Result<(), ConfigError> {
        let written = self.replace(text);
        self.empty &= written.is_err();
        written.map_err(|error| {
            let right = "the figures stand above; make room, or name another file";
            ConfigError(format!("--json {} could not be written ({error}); {right}", self.path.display()))
        })
    }

    fn replace(&mut self, text: &str) -> io::Result<()> {
        // A pipe cannot be truncated.
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        writeln!(self.file, "{text}")
    }
}

impl Drop for JsonFile {
    fn drop(&mut self) {
        if self.empty {
            // An error about an empty file would not help after a cancelled benchmark.
            let _ = fs::remove_file(&self.path);
        }
    }
}
