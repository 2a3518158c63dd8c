//! The data folder of the benchmark's servers.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempDir};

use super::args::BenchArgs;
use crate::config::{Config, ConfigError, StoreChoice};

/// Makes a temporary folder for the servers that are measured, on the disk that has the operator's data.
pub(super) fn make(config: &Config, args: &BenchArgs) -> Result<TempDir, ConfigError> {
    let beside = beside(config, args)?;
    Builder::new().prefix(".hubbub-bench-").tempdir_in(&beside).map_err(|error| {
        let right = "name with --data a folder that you may write to";
        ConfigError(format!("the folder {} cannot be written ({error}); {right}", beside.display()))
    })
}

/// Returns the folder to make it in. Before the first start there is no data folder: then the place where it would be
/// counts.
fn beside(config: &Config, args: &BenchArgs) -> Result<PathBuf, ConfigError> {
    let (named, data) = (args.names_data(), &config.data);
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
        Err(ConfigError(format!("{} is a file; name with --data the folder for the data", data.display())))
    }
}

fn real(folder: &Path) -> Result<PathBuf, ConfigError> {
    fs::canonicalize(folder).map_err(|error| {
        let right = "make it, or name with --data a folder on the disk that is meant";
        ConfigError(format!("the folder {} cannot be used ({error}); {right}", folder.display()))
    })
}
