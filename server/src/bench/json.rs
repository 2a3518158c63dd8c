use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::config::ConfigError;

/// A file that will have the figures. It is opened before anything is measured, so that they are not lost at the end;
/// what it had stays until then, and if it was not there and nothing comes of it, it goes.
#[derive(Debug)]
pub(super) struct JsonFile {
    path: PathBuf,
    file: File,
    /// Whether it is ours to take away.
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
        // A pipe has nothing that could be cut off.
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        writeln!(self.file, "{text}")
    }
}

impl Drop for JsonFile {
    fn drop(&mut self) {
        if self.empty {
            // Who stops a measurement is not helped by an error about an empty file.
            let _ = fs::remove_file(&self.path);
        }
    }
}
