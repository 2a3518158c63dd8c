//! Arguments of the commands about imports. Doc comments here are the `--help` text.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use wire::PublicId;

use super::settings::ServerSettings;
use crate::ops::{Import, ImportFormat};

/// The commands of `hubbub import`.
#[derive(Debug, Subcommand)]
pub(super) enum ImportCommand {
    /// Import the export of a Slack workspace, a ZIP file
    Slack(ImportArgs),
    /// Import Mattermost's bulk export: a file of JSON Lines, or a ZIP file with it
    Mattermost(ImportArgs),
    /// Import an archive that `hubbub export` has written
    Hubbub(ImportArgs),
    /// Make a link by which an imported user chooses a password, and print it; valid for a day, and once
    Link {
        /// Their key, such as import/slack/U024BE7LH, or their name
        user: String,
        #[command(flatten)]
        settings: ServerSettings,
    },
    /// Print how far the import has come, and what it left out
    Status(OfImport),
    /// End the import; what it has written stays, and another one goes on from there
    Cancel(OfImport),
}

/// An archive to be imported.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The archive, which the server must be able to read
    file: PathBuf,
    #[command(flatten)]
    of: OfImport,
}

/// The application of an import.
#[derive(Debug, Args)]
pub(super) struct OfImport {
    /// The id of the application [default: that of the pages]
    #[arg(long, value_name = "ID")]
    application: Option<PublicId>,
    #[command(flatten)]
    settings: ServerSettings,
}

impl ImportCommand {
    pub(super) fn task(&self) -> Import {
        match self {
            Self::Slack(args) => args.task(ImportFormat::Slack),
            Self::Mattermost(args) => args.task(ImportFormat::Mattermost),
            Self::Hubbub(args) => args.task(ImportFormat::Hubbub),
            Self::Link { user, .. } => Import::Link { user: user.clone() },
            Self::Status(of) => Import::Status { application: of.application },
            Self::Cancel(of) => Import::Cancel { application: of.application },
        }
    }

    pub(super) fn settings(self) -> ServerSettings {
        match self {
            Self::Slack(args) | Self::Mattermost(args) | Self::Hubbub(args) => args.of.settings,
            Self::Link { settings, .. } => settings,
            Self::Status(of) | Self::Cancel(of) => of.settings,
        }
    }
}

impl ImportArgs {
    fn task(&self, format: ImportFormat) -> Import {
        Import::Start { format, file: self.file.clone(), application: self.of.application }
    }
}
