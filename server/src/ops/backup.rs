//! The commands `hubbub backup` and `hubbub restore`.

use std::path::Path;

use chat::{Clock, OsRandom, Store, SystemClock};
use store::{Backup, BackupRequest, SqliteStore};
use wire::Timestamp;

use super::control::{self, Made, Reply, Request};
use super::files_doctor;
use crate::config::{Config, ConfigError, StoreChoice};

/// Writes a verified backup of the data to a file, also while a server is running; returns a sentence that confirms it.
///
/// # Errors
/// The reason that there is no backup; no file is left then.
pub async fn back_up(config: &Config, file: &Path, force: bool) -> Result<String, ConfigError> {
    check_data(config)?;
    if config.store.postgres().is_some() {
        return Err(of_database(config));
    }
    // The server's working directory may be another one.
    let file =
        std::path::absolute(file).map_err(|error| ConfigError(format!("{}: {error}", file.display())))?;
    let request = Request::Backup { file: file.clone(), force };
    let made = match control::ask(config, &request).await {
        Some(reply) => match reply? {
            Reply::Backup(made) => made,
            Reply::Wrong(wrong) => return Err(ConfigError(wrong)),
            other => return Err(ConfigError(format!("the server answered something else: {other:?}"))),
        },
        None => back_up_stopped(config, &file, force).await?,
    };
    let Made { people, accounts, entries } = made;
    let (file, data) = (file.display(), config.data.display());
    Ok(format!(
        "The backup is in {file}: {} with {}, and {}, all checked. To go back to it, stop the server and run: \
         hubbub restore {file} --data {data} --force{}",
        counted(people, "person", "people"),
        counted(accounts, "account", "accounts"),
        counted(entries, "entry", "entries"),
        beside(config),
    ))
}

/// Returns the sentence about uploaded files, if there are any.
fn beside(config: &Config) -> String {
    let folder = config.blobs_folder();
    match blobs::list_folder(&folder) {
        Ok(listed) if listed.is_empty() => String::new(),
        _ => format!(
            "\nUploaded files are not in it: now copy the folder {}, in which files are only added and removed, never \
             changed.",
            folder.display()
        ),
    }
}

async fn back_up_stopped(config: &Config, file: &Path, force: bool) -> Result<Made, ConfigError> {
    let wrong = |fault: chat::Fault| ConfigError(fault.to_string());
    let store = SqliteStore::open(&config.data, &OsRandom).map_err(wrong)?;
    let backup = Backup::of_this_version(SystemClock.now());
    let made = store.back_up(BackupRequest { file: file.to_owned(), replace: force, backup }).await;
    let closed = store.close().await;
    let made = made.map_err(wrong)?;
    closed.map_err(wrong)?;
    Ok(made.into())
}

/// Replaces the data of a folder with a backup; returns a sentence that confirms it.
///
/// # Errors
/// The reason for a refusal; the data is unchanged then.
pub fn restore(config: &Config, file: &Path, force: bool) -> Result<String, ConfigError> {
    if config.store == StoreChoice::Memory {
        return Err(ConfigError("a server that keeps everything in memory has nothing to restore".into()));
    }
    if let Some(database) = config.store.postgres() {
        let sentence = format!(
            "the data is in PostgreSQL, which its own programs restore: stop all nodes, and run: pg_restore --clean \
             --if-exists --no-owner --single-transaction --dbname='{}' {}; nodes notice it when they start, and give \
             it a new epoch",
            database.shown(),
            file.display()
        );
        return Err(ConfigError(sentence));
    }
    let restored = store::restore(&config.data, file, force, &OsRandom)
        .map_err(|fault| ConfigError(fault.to_string()))?;
    let of = match &restored.backup {
        Some(Backup { version, at }) => format!("It was made by Hubbub {version} on {}.", day_and_time(at.0)),
        None => "It is no backup but a database of a server: what that server wrote later is not in it."
            .to_owned(),
    };
    let newest = restored
        .newest
        .map_or(String::new(), |at| format!(" Its newest entry is of {}.", day_and_time(at.0)));
    let files = match files_doctor::missing(config) {
        0 => String::new(),
        missing => format!(
            "\n{} not in {}: copy that folder from its backup.",
            counted(missing as u64, "uploaded file is", "uploaded files are"),
            config.blobs_folder().display()
        ),
    };
    Ok(format!(
        "{} has {} with {}, and {}. {of}{newest} Pages that are open load anew when the server starts.{files}",
        config.data.display(),
        counted(restored.people, "person", "people"),
        counted(restored.accounts, "account", "accounts"),
        counted(restored.entries, "entry", "entries"),
    ))
}

/// Returns the refusal to back up a database, with the command that does.
pub(super) fn of_database(config: &Config) -> ConfigError {
    let address = config.store.postgres().map(store::PostgresConfig::shown).unwrap_or_default();
    ConfigError(format!(
        "the data is in PostgreSQL, which its own program backs up, while nodes serve: pg_dump --format=custom \
         --exclude-table-data=nodes --exclude-table-data=writers --file=hubbub.dump '{address}'; keep the master secret as well, which is not in it"
    ))
}

/// Refuses if there is no data, before the command would create an empty server.
pub(super) fn check_data(config: &Config) -> Result<(), ConfigError> {
    if config.store == StoreChoice::Memory {
        return Err(ConfigError("what is kept in memory is gone with its server".into()));
    }
    if config.store.postgres().is_some() {
        return Ok(());
    }
    if config.data.join("hubbub.db").exists() || config.data.join("hubbub.life").exists() {
        return Ok(());
    }
    Err(ConfigError(format!("there is no data in {}; name its folder with --data", config.data.display())))
}

/// Formats a count with its noun.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Formats a time in UTC, as `2026-11-28 23:05 UTC`.
pub(super) fn day_and_time(millis: i64) -> String {
    let ((year, month, day), minutes) = (Timestamp(millis).date(), millis.rem_euclid(86_400_000) / 60_000);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}
