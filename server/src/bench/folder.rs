use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempDir};

use super::wish::Wish;
use crate::config::{Config, StoreChoice, Wrong};

/// A new folder for the data of the servers that are measured, on the disk that the operator's server has its own on.
pub(super) fn make(config: &Config, wish: &Wish) -> Result<TempDir, Wrong> {
    let beside = beside(config, wish)?;
    Builder::new().prefix(".hubbub-bench-").tempdir_in(&beside).map_err(|error| {
        let right = "name with --data a folder that you may write to";
        Wrong(format!("the folder {} cannot be written ({error}); {right}", beside.display()))
    })
}

/// Where it is made. Who has not served yet has no folder: then the place where it would be is meant.
fn beside(config: &Config, wish: &Wish) -> Result<PathBuf, Wrong> {
    let (named, data) = (wish.names_data(), &config.data);
    if config.store == StoreChoice::Memory && !named {
        return Ok(env::temp_dir());
    }
    if !named && data == Path::new("./data") && !data.exists() {
        return real(Path::new("."));
    }
    let found = real(data)?;
    if found.is_dir() {
        Ok(found)
    } else {
        Err(Wrong(format!("{} is a file; name with --data the folder for the data", data.display())))
    }
}

fn real(folder: &Path) -> Result<PathBuf, Wrong> {
    fs::canonicalize(folder).map_err(|error| {
        let right = "make it, or name with --data a folder on the disk that is meant";
        Wrong(format!("the folder {} cannot be used ({error}); {right}", folder.display()))
    })
}
