//! The storage backend, with the address and the password of a database.

use std::path::{Path, PathBuf};

use store::{Failover, PostgresConfig};

use super::ConfigError;
use super::choices::FailoverChoice;
use super::settings::ServerSettings;

/// A storage backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// One file in the data folder.
    Sqlite,
    /// Nothing on disk.
    Memory,
    /// A PostgreSQL database that several nodes share.
    Postgres(Box<PostgresConfig>),
}

impl StoreChoice {
    /// Returns the name that the operator writes; of an address only its beginning.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Memory => "memory",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Returns the database, if it is PostgreSQL.
    pub(crate) const fn postgres(&self) -> Option<&PostgresConfig> {
        match self {
            Self::Postgres(config) => Some(config),
            Self::Sqlite | Self::Memory => None,
        }
    }

    /// Checks the settings of the store. No error has a password in it.
    pub(super) fn of(settings: &ServerSettings, data: &Path) -> Result<Self, ConfigError> {
        let address = match settings.store.as_deref() {
            None | Some("sqlite") => return Ok(Self::Sqlite),
            Some("memory") => return Ok(Self::Memory),
            Some(address) if is_address(address) => address,
            // Not repeated: it may be an address that lacks its beginning.
            Some(_) => {
                let right =
                    "it is sqlite, memory, or an address such as postgres://hubbub@127.0.0.1:5432/hubbub";
                return Err(ConfigError(format!("store is not right; {right}")));
            }
        };
        let password = password(settings)?;
        let config = PostgresConfig::new(address, password.as_deref(), data.to_owned())
            .map_err(|fault| ConfigError(fault.to_string()))?;
        let count =
            |given: Option<std::num::NonZeroUsize>, usual| given.map_or(usual, std::num::NonZero::get);
        let failover = match settings.failover {
            None | Some(FailoverChoice::Epoch) => Failover::Epoch,
            Some(FailoverChoice::Lossless) => Failover::Lossless,
        };
        let config = config
            .with_connections(count(settings.readers, READERS), count(settings.writers, WRITERS))
            .with_node(&node_name(settings.node_name.as_deref())?)
            .with_failover(failover);
        Ok(Self::Postgres(Box::new(config)))
    }
}

/// The usual numbers of connections.
const READERS: usize = 8;
const WRITERS: usize = 4;
/// The longest name of a node.
const NAME_CHARS: usize = 64;

fn is_address(given: &str) -> bool {
    given.starts_with("postgres://") || given.starts_with("postgresql://")
}

fn password(settings: &ServerSettings) -> Result<Option<String>, ConfigError> {
    match (&settings.store_password, &settings.store_password_file) {
        (Some(_), Some(_)) => {
            Err(ConfigError("store_password and store_password_file are both set; set one of them".into()))
        }
        (Some(password), None) => Ok(Some(password.clone())),
        (None, Some(file)) => first_line("store_password_file", file).map(Some),
        (None, None) => Ok(None),
    }
}

/// Reads the first line of a file with a secret.
pub(super) fn first_line(setting: &str, file: &PathBuf) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        ConfigError(format!("{setting} = \"{}\" cannot be read: {error}", file.display()))
    })?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(ConfigError(format!("{setting} = \"{}\" has no first line", file.display()))),
    }
}

fn node_name(given: Option<&str>) -> Result<String, ConfigError> {
    let Some(name) = given else {
        let of_machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let of_machine = of_machine.trim();
        return Ok(if of_machine.is_empty() { "hubbub".into() } else { of_machine.to_owned() });
    };
    let is_right =
        !name.trim().is_empty() && name.chars().count() <= NAME_CHARS && !name.chars().any(char::is_control);
    if is_right {
        return Ok(name.to_owned());
    }
    Err(ConfigError(format!("node_name is not right; give 1 to {NAME_CHARS} characters, all in one line")))
}
