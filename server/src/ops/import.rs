//! The commands `hubbub import`: they ask the running server, which reads the archive itself.

use std::fmt::Write;
use std::path::PathBuf;

use chat::{Caller, Chat, Error, ImportCounts, ImportError, ImportLinkError, ImportRequest, ImportState};
use serde::{Deserialize, Serialize};
use wire::{PublicId, Refusal};

use super::backup::{counted, day_and_time};
use super::control::{self, Reply, Request};
use crate::config::{Config, ConfigError};

/// A command about imports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Import {
    /// Starts an import.
    Start {
        /// The format of the archive.
        format: ImportFormat,
        /// The archive.
        file: PathBuf,
        /// The application; none for that of the pages.
        application: Option<PublicId>,
    },
    /// Says how far the import of an application has come.
    Status {
        /// The application; none for that of the pages.
        application: Option<PublicId>,
    },
    /// Makes a link by which an imported user of the pages chooses a password.
    Link {
        /// Their key or their name.
        user: String,
    },
    /// Ends the import of an application.
    Cancel {
        /// The application; none for that of the pages.
        application: Option<PublicId>,
    },
}

/// The format of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportFormat {
    /// The export of a Slack workspace.
    Slack,
    /// Mattermost's bulk export.
    Mattermost,
    /// An archive of `hubbub export`.
    Hubbub,
}

/// Carries out a command by the running server; returns the text to print.
///
/// # Errors
/// The reason that nothing was done.
pub async fn import(config: &Config, command: Import) -> Result<String, ConfigError> {
    let command = match command {
        // The server's working directory may be another one.
        Import::Start { format, file, application } => {
            let file = std::path::absolute(&file)
                .map_err(|error| ConfigError(format!("{}: {error}", file.display())))?;
            Import::Start { format, file, application }
        }
        other => other,
    };
    match control::ask(config, &Request::Import(command)).await {
        Some(reply) => match reply? {
            Reply::Imported(text) => Ok(text),
            Reply::Wrong(wrong) => Err(ConfigError(wrong)),
            other => Err(ConfigError(format!("the server answered something else: {other:?}"))),
        },
        None => Err(ConfigError(format!(
            "no server with the data in {} is running; an import is work of the server, so start it first",
            config.data.display()
        ))),
    }
}

/// Carries out a command in the server.
pub(super) async fn carry_out(chat: &Chat, url: &str, command: Import) -> Result<String, ConfigError> {
    let operator = Caller::operator();
    match command {
        Import::Start { format, file, application } => {
            let shown = file.display().to_string();
            let format = match format {
                ImportFormat::Slack => chat::ArchiveFormat::Slack,
                ImportFormat::Mattermost => chat::ArchiveFormat::Mattermost,
                ImportFormat::Hubbub => chat::ArchiveFormat::Hubbub,
            };
            let request = ImportRequest { format, application, file };
            let started = chat.start_import(&operator, request).await.map_err(|no| refused(&shown, no))?;
            Ok(format!(
                "The import has begun: {}. `hubbub import status` says how far it is.",
                counts(&started.total)
            ))
        }
        Import::Status { application } => {
            let state = chat.import_state(&operator, application).await.map_err(service)?;
            Ok(state.map_or_else(|| "There is no import.".to_owned(), |state| status(&state)))
        }
        Import::Link { user } => {
            let made = chat.create_import_link(&operator, &user).await;
            let (person, token) = made.map_err(|no| no_link(&user, no))?;
            let link = super::reset_link::link(url, &token);
            Ok(format!("{link}\nGive it to {}, who chooses a password with it within a day.", person.name))
        }
        Import::Cancel { application } => {
            let is_cancelled = chat.cancel_import(&operator, application).await.map_err(service)?;
            let text = if is_cancelled {
                "The import is cancelled. What it has written stays; another import of the archive goes on from there."
            } else {
                "There is no import to cancel."
            };
            Ok(text.to_owned())
        }
    }
}

fn refused(file: &str, error: ImportError) -> ConfigError {
    match error {
        ImportError::Archive(error) => ConfigError(format!("{file}: {error}")),
        ImportError::Running => ConfigError(
            "another import of this application goes on; `hubbub import status` shows it, and `hubbub import cancel` \
             ends it"
                .into(),
        ),
        ImportError::Service(no) => service(no),
    }
}

fn no_link(user: &str, error: ImportLinkError) -> ConfigError {
    match error {
        ImportLinkError::Unknown => ConfigError(format!(
            "no imported user has the name or the key \"{user}\"; a key is as import/slack/U024BE7LH"
        )),
        ImportLinkError::Ambiguous(keys) => ConfigError(format!(
            "several imported users have the name \"{user}\"; give one of their keys: {}",
            keys.join(", ")
        )),
        ImportLinkError::NoOwner => ConfigError(
            "nobody has an account yet; create yours first, because the first account is the owner's".into(),
        ),
        ImportLinkError::Service(no) => service(no),
    }
}

pub(super) fn service(error: Error) -> ConfigError {
    match error {
        Error::Refusal(Refusal::NotFound) => {
            ConfigError("there is no such application; `hubbub app list` lists them".into())
        }
        Error::Refusal(refusal) => ConfigError(format!("the server refused it: {}", refusal.code())),
        Error::Fault(fault) => ConfigError(fault.to_string()),
    }
}

/// Returns the state of an import in words, with what it left out.
fn status(state: &ImportState) -> String {
    let mut text = match (&state.ended_at, &state.failed) {
        (None, _) => format!("The import of {} goes on.", state.file),
        (Some(at), None) => format!("The import of {} ended on {}.", state.file, day_and_time(at.0)),
        (Some(at), Some(failed)) => {
            format!("The import of {} failed on {}: {failed}", state.file, day_and_time(at.0))
        }
    };
    let _ = write!(text, "\nin the archive  {}", counts(&state.total));
    let _ = write!(text, "\nimported        {}", counts(&state.done));
    if state.left_out > 0 {
        let _ = write!(text, "\nleft out        {}", counted(state.left_out, "part", "parts"));
    }
    for (place, reason) in &state.reasons {
        let _ = write!(text, "\n  {place}: {reason}");
    }
    let more = state.left_out.saturating_sub(state.reasons.len() as u64);
    if more > 0 {
        let _ = write!(text, "\n  and {more} more");
    }
    text
}

pub(super) fn counts(counts: &ImportCounts) -> String {
    let ImportCounts { users, conversations, messages, files } = *counts;
    [
        counted(users, "user", "users"),
        counted(conversations, "conversation", "conversations"),
        counted(messages, "message", "messages"),
        counted(files, "file", "files"),
    ]
    .join(", ")
}
