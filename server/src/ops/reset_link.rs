//! The command `hubbub reset-link`: makes a reset link for a forgotten password.

use chat::{Caller, Error, Token};

use super::backup::check_data;
use super::control::{self, Reply, Request};
use crate::config::{Config, ConfigError};
use crate::open::{self, Opened};

/// Makes a password reset link for the account of this name, valid for a day. Also works while a server is running.
///
/// # Errors
/// If there is no such account, or the data cannot be opened.
pub async fn reset_link(config: &Config, name: &str) -> Result<String, ConfigError> {
    check_data(config)?;
    if let Some(reply) = control::ask(config, &Request::ResetLink { name: name.to_owned() }).await {
        return match reply? {
            Reply::ResetLink(link) => Ok(link),
            Reply::Wrong(wrong) => Err(ConfigError(wrong)),
            other => Err(ConfigError(format!("the server answered something else: {other:?}"))),
        };
    }
    let Opened { chat, files: _files, .. } = open::open(config).await?;
    let token = chat.create_password_reset_by_name(&Caller::operator(), name).await;
    let closed = chat.shut_down().await;
    let token = token.map_err(|no| match no {
        Error::Refusal(_) => nobody(name),
        Error::Fault(fault) => ConfigError(fault.to_string()),
    })?;
    closed.map_err(|no| ConfigError(format!("the data could not be closed: {no:?}")))?;
    Ok(link(&config.url_at(&config.addr), &token))
}

pub(super) fn nobody(name: &str) -> ConfigError {
    ConfigError(format!("nobody signs in with the name \"{name}\""))
}

/// Returns the link with a token, at the URL of the server.
pub(super) fn link(url: &str, token: &Token) -> String {
    format!("{url}/reset/{}", token.reveal())
}
