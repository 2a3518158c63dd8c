//! The commands `hubbub app` and `hubbub token`.

use std::sync::Arc;

use chat::store::Application;
use chat::{ApiTokenRecord, ApplicationChange, Caller, Chat, Created, Error};
use serde::{Deserialize, Serialize};
use wire::{PublicId, Refusal, Timestamp};

use super::backup::{check_data, day_and_time};
use super::control::{self, Reply, Request};
use crate::config::{Config, ConfigError};
use crate::open::{self, Opened};

/// A command about applications or API tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manage {
    /// Creates an application.
    Create {
        /// Its title.
        title: String,
        /// Its description; perhaps empty.
        description: String,
    },
    /// Lists all applications.
    List,
    /// Changes settings of an application; what is none stays.
    Set {
        /// The application.
        app: PublicId,
        /// True if the first message to a key that names no conversation creates one.
        implicit_creation: Option<bool>,
        /// True if users create conversations through the API.
        user_conversations: Option<bool>,
        /// True if users find each other without a conversation that they share.
        directory: Option<bool>,
        /// True if user tokens create their users.
        token_sign_up: Option<bool>,
    },
    /// Creates an API token.
    Token {
        /// The application it belongs to; none for a token of the operator.
        app: Option<PublicId>,
        /// A name for it; perhaps empty.
        label: String,
        /// The days after which it no longer works.
        days: Option<u32>,
        /// True if the other tokens are revoked.
        rotate: bool,
    },
    /// Lists the API tokens of an application.
    Tokens {
        /// The application.
        app: PublicId,
    },
    /// Revokes one API token of an application.
    Revoke {
        /// The application.
        app: PublicId,
        /// The id of the token, as the list has it.
        token: String,
    },
    /// Deletes an application.
    Delete {
        /// The application.
        app: PublicId,
        /// Its title, as the operator typed it.
        confirm: String,
    },
}

const DAY_MS: i64 = 86_400_000;

/// Carries out a command, also while a server is running; returns the text to print.
///
/// # Errors
/// The reason that nothing was changed.
pub async fn manage(config: &Config, command: Manage) -> Result<String, ConfigError> {
    check_data(config)?;
    if let Some(reply) = control::ask(config, &Request::Manage(command.clone())).await {
        return match reply? {
            Reply::Managed(text) => Ok(text),
            Reply::Wrong(wrong) => Err(ConfigError(wrong)),
            other => Err(ConfigError(format!("the server answered something else: {other:?}"))),
        };
    }
    let Opened { chat, files: _files, .. } = open::open(config).await?;
    let done = carry_out(&chat, command).await;
    let closed = chat.shut_down().await;
    let text = done?;
    closed.map_err(|no| ConfigError(format!("the data could not be closed: {no:?}")))?;
    Ok(text)
}

/// Carries out a command on an open store.
pub(super) async fn carry_out(chat: &Arc<Chat>, command: Manage) -> Result<String, ConfigError> {
    let operator = Caller::operator();
    match command {
        Manage::Create { title, description } => {
            let created =
                chat.create_application(&operator, &title, &description).await.map_err(explained)?;
            let Created { application, token, signing_key } = created;
            let (id, token, key) = (application.public_id, token.reveal(), signing_key.reveal());
            let kid = signing_key.version();
            Ok(format!("application {id}\ntoken       {token}\nsigning key {key} (kid {kid})"))
        }
        Manage::List => list(chat, &operator).await,
        Manage::Set { app, implicit_creation, user_conversations, directory, token_sign_up } => {
            let change = ApplicationChange {
                implicit_creation,
                user_conversations,
                directory,
                token_sign_up,
                ..ApplicationChange::default()
            };
            let changed = chat.change_managed(&operator, app, change, None).await.map_err(explained)?;
            Ok(settings(&changed))
        }
        Manage::Token { app, label, days, rotate } => {
            let expires = days.map(|days| Timestamp(chat.now().0.saturating_add(i64::from(days) * DAY_MS)));
            let token = match app {
                Some(app) => chat.create_api_token(&operator, app, &label, expires, rotate).await,
                None => chat.create_operator_token(&operator, &label, expires, rotate).await,
            };
            Ok(token.map_err(explained)?.reveal().to_owned())
        }
        Manage::Tokens { app } => {
            let tokens = chat.api_tokens(&operator, app).await.map_err(explained)?;
            Ok(tokens.iter().map(token_line).collect::<Vec<_>>().join("\n"))
        }
        Manage::Revoke { app, token } => {
            chat.revoke_api_token(&operator, app, &token).await.map_err(|no| match no {
                Error::Refusal(Refusal::NotFound) => {
                    ConfigError(format!("there is no such token; `hubbub app tokens {app}` lists them"))
                }
                no => explained(no),
            })?;
            Ok(format!("token {token} is revoked, and its connections have ended"))
        }
        Manage::Delete { app, confirm } => {
            chat.delete_application(&operator, app, &confirm).await.map_err(explained)?;
            Ok(format!("application {app} is deleted; its data is removed while the server runs"))
        }
    }
}

/// Returns a line for each application.
async fn list(chat: &Arc<Chat>, operator: &Caller) -> Result<String, ConfigError> {
    let (mut lines, mut after) = (Vec::new(), None);
    loop {
        let part = chat.applications(operator, after).await.map_err(explained)?;
        after = part.items.last().map(|application| application.id);
        lines.extend(part.items.iter().map(line));
        if !part.more {
            return Ok(lines.join("\n"));
        }
    }
}

fn line(application: &Application) -> String {
    let Application { public_id, title, since, deleted, .. } = application;
    let state = match (deleted, since.0) {
        (Some(_), _) => "being deleted".to_owned(),
        (None, 0) => "the built-in pages".to_owned(),
        (None, since) => format!("since {}", day_and_time(since)),
    };
    format!("{public_id}  {title}  ({state})")
}

fn settings(application: &Application) -> String {
    let config = &application.config;
    [
        ("implicit creation", config.implicit_creation),
        ("user conversations", config.user_conversations),
        ("directory", config.directory),
        ("token sign-up", config.token_sign_up),
    ]
    .map(|(name, is_on)| format!("{name:<18} {is_on}"))
    .join("\n")
}

fn token_line(record: &ApiTokenRecord) -> String {
    let ApiTokenRecord { token, label, created, used, expires, .. } = record;
    let used = used.map_or("never used".to_owned(), |used| format!("used on {}", day_and_time(used.0)));
    let ends = expires.map_or(String::new(), |expires| format!(", until {}", day_and_time(expires.0)));
    format!("{}  {label}  (since {}{ends}; {used})", token.handle(), day_and_time(created.0))
}

fn explained(no: Error) -> ConfigError {
    ConfigError(match no {
        Error::Refusal(Refusal::NotFound) => {
            "there is no such application; `hubbub app list` lists them".into()
        }
        Error::Refusal(Refusal::ConfirmationWrong) => {
            "that is not the title of the application; nothing was deleted".into()
        }
        Error::Refusal(Refusal::NotOneself) => {
            "the application of the built-in pages cannot be deleted".into()
        }
        Error::Refusal(refusal) => app::english().refusal(&(&refusal).into()),
        Error::Fault(fault) => fault.to_string(),
    })
}
