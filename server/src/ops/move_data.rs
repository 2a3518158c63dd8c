//! The command `hubbub move`: from a data folder to PostgreSQL.

use std::path::PathBuf;

use chat::{Clock, OsRandom, SystemClock};
use store::{MoveRequest, Moved};

use super::backup::counted;
use crate::config::{Config, ConfigError};

/// The arguments of `hubbub move`. The database is the store of the configuration.
#[derive(Clone, Debug)]
pub struct MoveArgs {
    /// The data folder, if it is not that of the settings.
    pub from: Option<PathBuf>,
    /// True if damaged rows are left out.
    pub skip_damaged: bool,
}

/// Moves the data of a folder into an empty PostgreSQL database; returns sentences that say so, and what to do next.
/// `progress` gets a line for each step.
///
/// # Errors
/// The reason that nothing was moved.
pub fn move_data(
    config: &Config,
    args: &MoveArgs,
    progress: &mut dyn FnMut(&str),
) -> Result<String, ConfigError> {
    let wrong = |fault: chat::Fault| ConfigError(fault.to_string());
    let MoveArgs { from, skip_damaged } = args;
    let Some(to) = config.store.postgres() else {
        let right = "it is the address of a database, such as postgres://hubbub@127.0.0.1:5432/hubbub";
        return Err(ConfigError(format!("--to is not right; {right}")));
    };
    let from = from.as_ref().unwrap_or(&config.data);
    let from =
        std::path::absolute(from).map_err(|error| ConfigError(format!("{}: {error}", from.display())))?;
    let request = MoveRequest {
        from: from.clone(),
        to: to.clone(),
        secret: config.secret.clone(),
        skip_damaged: *skip_damaged,
        at: SystemClock.now(),
    };
    let Moved { verified, rows, left_out, place } =
        store::move_to_postgres(request, &OsRandom, progress).map_err(wrong)?;
    let written: u64 = rows.iter().map(|(_, count)| count).sum();
    let mut said = format!(
        "The data of {} is in {place}, compared row by row: {} with {} and {}, {} in all.",
        from.display(),
        counted(verified.people, "person", "people"),
        counted(verified.accounts, "account", "accounts"),
        counted(verified.entries, "entry", "entries"),
        counted(written, "row", "rows"),
    );
    let secret = match &config.secret {
        Some(_) => "the HUBBUB_SECRET that this command had".to_owned(),
        None => format!(
            "HUBBUB_SECRET set to the content of {}, or a copy of that file in its data folder",
            from.join("secret.key").display()
        ),
    };
    said.push_str(&format!(
        "\nEvery server needs --store with the address of the database, and {secret}.\nThe folder is as it was, and \
         has a file moved.txt, so that no server starts on it by mistake. Keep it until the new servers have run for a \
         while."
    ));
    let blobs = from.join("blobs");
    if blobs.exists() {
        said.push_str(&format!(
            "\nUploaded files are still in {}: copy that folder to one that every server mounts, and name it with \
             --blobs.",
            blobs.display()
        ));
    }
    if !left_out.is_empty() {
        said.push_str(&format!(
            "\nLeft out: {}",
            counted(left_out.len() as u64, "damaged row", "damaged rows")
        ));
        for row in &left_out {
            said.push_str("\n  ");
            said.push_str(row);
        }
    }
    Ok(said)
}
