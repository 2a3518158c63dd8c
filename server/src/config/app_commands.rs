//! Arguments of the commands about applications and tokens. Doc comments here are the `--help` text.

use std::num::NonZeroU32;

use clap::{Args, Subcommand};
use wire::PublicId;

use super::settings::ServerSettings;
use crate::ops::Manage;

/// The commands of `hubbub app`.
#[derive(Debug, Subcommand)]
pub(super) enum AppCommand {
    /// Create an application; prints its id, and its first token and signing key, which are shown only now
    Create {
        /// The title, 1 to 80 characters
        title: String,
        /// A description, at most 500 characters
        #[arg(long, default_value = "")]
        description: String,
        #[command(flatten)]
        settings: ServerSettings,
    },
    /// List the applications
    List(ServerSettings),
    /// Change settings of an application; prints them
    Set {
        /// The id of the application
        app: PublicId,
        /// True if the first message to a key that names no conversation creates one
        #[arg(long, value_name = "BOOL")]
        implicit_creation: Option<bool>,
        /// True if users create conversations through the API, and not only the application
        #[arg(long, value_name = "BOOL")]
        user_conversations: Option<bool>,
        /// True if users find each other without a conversation that they share
        #[arg(long, value_name = "BOOL")]
        directory: Option<bool>,
        /// True if a user token creates its user if there is none
        #[arg(long, value_name = "BOOL")]
        token_sign_up: Option<bool>,
        #[command(flatten)]
        settings: ServerSettings,
    },
    /// Create another token of an application
    Token(NewToken),
    /// Create a token of an application and revoke all others; their connections end
    Rotate(NewToken),
    /// List the tokens of an application with their ids
    Tokens {
        /// The id of the application
        app: PublicId,
        #[command(flatten)]
        settings: ServerSettings,
    },
    /// Revoke one token of an application; its connections end
    Revoke {
        /// The id of the application
        app: PublicId,
        /// The id of the token, as `hubbub app tokens` lists it
        token: String,
        #[command(flatten)]
        settings: ServerSettings,
    },
    /// Delete an application and everything in it; its connections end
    Delete {
        /// The id of the application
        app: PublicId,
        /// The title of the application, to confirm
        #[arg(long, value_name = "TITLE")]
        confirm: String,
        #[command(flatten)]
        settings: ServerSettings,
    },
}

/// A token of an application to be created.
#[derive(Debug, Args)]
pub(super) struct NewToken {
    /// The id of the application
    app: PublicId,
    /// A name for the token, at most 80 characters
    #[arg(long, default_value = "")]
    label: String,
    /// The days after which it no longer works [default: never]
    #[arg(long, value_name = "DAYS")]
    days: Option<NonZeroU32>,
    #[command(flatten)]
    settings: ServerSettings,
}

/// The commands of `hubbub token`.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Create a token of the operator, for programs that manage applications
    Operator {
        /// A name for the token, at most 80 characters
        #[arg(long, default_value = "")]
        label: String,
        /// The days after which it no longer works [default: never]
        #[arg(long, value_name = "DAYS")]
        days: Option<NonZeroU32>,
        /// Revoke all other tokens of the operator
        #[arg(long)]
        rotate: bool,
        #[command(flatten)]
        settings: ServerSettings,
    },
}

impl AppCommand {
    pub(super) fn task(&self) -> Manage {
        match self {
            Self::Create { title, description, .. } => {
                Manage::Create { title: title.clone(), description: description.clone() }
            }
            Self::List(_) => Manage::List,
            Self::Set { app, implicit_creation, user_conversations, directory, token_sign_up, .. } => {
                Manage::Set {
                    app: *app,
                    implicit_creation: *implicit_creation,
                    user_conversations: *user_conversations,
                    directory: *directory,
                    token_sign_up: *token_sign_up,
                }
            }
            Self::Token(new) => new.task(false),
            Self::Rotate(new) => new.task(true),
            Self::Tokens { app, .. } => Manage::Tokens { app: *app },
            Self::Revoke { app, token, .. } => Manage::Revoke { app: *app, token: token.clone() },
            Self::Delete { app, confirm, .. } => Manage::Delete { app: *app, confirm: confirm.clone() },
        }
    }

    pub(super) fn settings(self) -> ServerSettings {
        match self {
            Self::Create { settings, .. }
            | Self::Set { settings, .. }
            | Self::Token(NewToken { settings, .. })
            | Self::Rotate(NewToken { settings, .. })
            | Self::Tokens { settings, .. }
            | Self::Revoke { settings, .. }
            | Self::Delete { settings, .. }
            | Self::List(settings) => settings,
        }
    }
}

impl NewToken {
    fn task(&self, rotate: bool) -> Manage {
        let Self { app, label, days, .. } = self;
        Manage::Token { app: Some(*app), label: label.clone(), days: days.map(NonZeroU32::get), rotate }
    }
}

impl TokenCommand {
    pub(super) fn task(&self) -> Manage {
        let Self::Operator { label, days, rotate, .. } = self;
        Manage::Token { app: None, label: label.clone(), days: days.map(NonZeroU32::get), rotate: *rotate }
    }

    pub(super) fn settings(self) -> ServerSettings {
        let Self::Operator { settings, .. } = self;
        settings
    }
}
