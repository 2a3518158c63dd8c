//! The application of a program: its title, description and settings.

use wire::limits::TOPIC_BYTES;
use wire::{ApplicationId, ApplicationTitle, Description, Expected, PublicId, Refusal, Timestamp};

use super::permissions::needs_application;
use crate::auth::api_token::{ApiToken, ApiTokenRecord, TokenKind};
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{
    Application, ApplicationConfig, ApplicationWrite, Checked, FileConfig, RetentionConfig, RetentionRule,
    Version,
};
use crate::service::error::Error;

/// The most origins of an application, and the most bytes of one.
const ORIGINS: usize = 20;
const ORIGIN_BYTES: usize = 255;
/// The most rules for retention of an application.
const RETENTION_RULES: usize = 50;

/// The most API tokens of an application that are listed, the newest.
const API_TOKENS: usize = 1_000;

/// The changes of an application; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationChange {
    /// The new title.
    pub title: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// The origins whose pages may use the API from a browser.
    pub allowed_origins: Option<Vec<String>>,
    /// True if user tokens create their users.
    pub token_sign_up: Option<bool>,
    /// True if the first message to a key that names no conversation creates one.
    pub implicit_creation: Option<bool>,
    /// True if users create conversations through the API.
    pub user_conversations: Option<bool>,
    /// True if its users find each other without a conversation that they share.
    pub directory: Option<bool>,
    /// The retention of its logs.
    pub retention: Option<RetentionConfig>,
    /// The limits of its files.
    pub files: Option<FileConfig>,
}

impl ApplicationChange {
    /// Checks what a change says, apart from the application that it changes.
    ///
    /// # Errors
    /// [`Refusal::FieldWrong`] for an origin or a bound, and those of a title and a description.
    pub fn check(&self) -> Result<(), Refusal> {
        self.title.as_deref().map(ApplicationTitle::new).transpose()?;
        self.description.as_deref().map(Description::new).transpose()?;
        self.retention.clone().map(checked_retention).transpose()?;
        self.allowed_origins.clone().map(checked).transpose().map(|_| ())
    }
}

/// The application of the caller.
impl Chat {
    /// Returns the application of a caller.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`].
    pub async fn application_of(&self, caller: &Caller) -> Result<Application, Error> {
        needs_application(caller)?;
        Ok(self.application_by_id(caller.application).await?.ok_or(Refusal::NotFound)?)
    }

    /// Returns the application of a caller, who may be one of its users. Its settings are not for users.
    ///
    /// # Errors
    /// Those of [`Caller::scoped_actor`].
    pub async fn application_for(&self, caller: &Caller) -> Result<Application, Error> {
        caller.scoped_actor()?;
        Ok(self.application_by_id(caller.application).await?.ok_or(Refusal::NotFound)?)
    }

    /// Changes the application of a caller, if it has a version.
    ///
    /// # Errors
    /// [`Refusal::VersionStale`], [`Refusal::NotApplication`], and those of [`ApplicationChange::check`].
    pub async fn change_application(
        &self,
        caller: &Caller,
        change: ApplicationChange,
        version: Option<Version>,
    ) -> Result<Application, Error> {
        let present = self.application_of(caller).await?;
        self.apply_change(present, change, version).await?;
        self.application_of(caller).await
    }

    /// Commits the changes of an application.
    pub(super) async fn apply_change(
        &self,
        present: Application,
        change: ApplicationChange,
        version: Option<Version>,
    ) -> Result<(), Error> {
        let id = present.id;
        let ApplicationChange {
            title,
            description,
            allowed_origins,
            token_sign_up,
            implicit_creation,
            user_conversations,
            directory,
            retention,
            files,
        } = change;
        let write = ApplicationWrite::Change {
            // Parts that are not changed are those of this version.
            version: Some(version.unwrap_or(present.version)),
            title: title.map_or(Ok(present.title), |title| ApplicationTitle::new(&title))?,
            description: description.map_or(Ok(present.description), |text| Description::new(&text))?,
            config: ApplicationConfig {
                allowed_origins: allowed_origins.map_or(Ok(present.config.allowed_origins), checked)?,
                token_sign_up: token_sign_up.unwrap_or(present.config.token_sign_up),
                implicit_creation: implicit_creation.unwrap_or(present.config.implicit_creation),
                user_conversations: user_conversations.unwrap_or(present.config.user_conversations),
                directory: directory.unwrap_or(present.config.directory),
                retention: retention.map_or(Ok(present.config.retention), checked_retention)?,
                files: files.map_or(Ok(present.config.files), checked_files)?,
            },
        };
        match self.commit_in(id, write).await? {
            Checked::Stale => Err(Refusal::VersionStale.into()),
            Checked::Done => Ok(()),
        }
    }

    /// Returns the API tokens of the caller's application, the one created last first, without those that have ended.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`].
    pub async fn own_api_tokens(&self, caller: &Caller) -> Result<Vec<ApiTokenRecord>, Error> {
        needs_application(caller)?;
        self.api_tokens_in(caller.application).await
    }

    pub(super) async fn api_tokens_in(
        &self,
        application: ApplicationId,
    ) -> Result<Vec<ApiTokenRecord>, Error> {
        let now = self.monotonic.now();
        let tokens = self.store.reader(application).api_tokens(API_TOKENS).await?.into_iter();
        Ok(tokens.filter(|record| record.is_alive(now)).collect())
    }

    /// Creates another API token of the caller's application.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], and [`Refusal::NameTooLong`] for the label.
    pub async fn create_own_api_token(
        &self,
        caller: &Caller,
        label: &str,
        expires: Option<Timestamp>,
    ) -> Result<ApiToken, Error> {
        needs_application(caller)?;
        self.add_token(caller.application, TokenKind::Application, label, expires, false).await
    }

    /// Revokes one API token of the caller's application, which may be the caller's own; its sockets end. It is named by
    /// [`TokenHash::handle`].
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`].
    pub async fn revoke_own_api_token(&self, caller: &Caller, handle: &str) -> Result<(), Error> {
        needs_application(caller)?;
        self.revoke_api_token_in(caller.application, handle).await
    }

    pub(super) async fn revoke_api_token_in(
        &self,
        application: ApplicationId,
        handle: &str,
    ) -> Result<(), Error> {
        let tokens = self.store.reader(application).api_tokens(API_TOKENS).await?;
        let found = tokens.iter().find(|record| record.token.handle() == handle);
        let token = found.ok_or(Refusal::NotFound)?.token;
        let revoke = ApplicationWrite::RevokeToken { token, at: self.monotonic.now() };
        match self.commit_in(application, revoke).await? {
            Checked::Stale => Err(Refusal::NotFound.into()),
            Checked::Done => Ok(()),
        }
    }

    /// Returns the public id of an application.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn public_id(&self, application: ApplicationId) -> Result<Option<PublicId>, Error> {
        Ok(self.application_by_id(application).await?.map(|application| application.public_id))
    }

    /// Returns true if some application lists an origin: a page of it may open a socket, and then has to authenticate.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn some_application_allows(&self, origin: &str) -> Result<bool, Error> {
        Ok(self.store.lists_origin(origin.to_ascii_lowercase()).await?)
    }

    /// Returns true if pages of an origin may use the API with the tokens of a caller's application.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn allows_origin(&self, caller: &Caller, origin: &str) -> Result<bool, Error> {
        let application = self.application_by_id(caller.application).await?;
        let origin = origin.to_ascii_lowercase();
        Ok(application.is_some_and(|application| application.config.allowed_origins.contains(&origin)))
    }
}

fn checked(origins: Vec<String>) -> Result<Vec<String>, Refusal> {
    let wrong = Refusal::FieldWrong { field: "allowed_origins".into(), wants: Expected::Origins };
    let is_origin = |origin: &String| {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let is_host = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-:[]".contains(&b);
        origin.len() <= ORIGIN_BYTES && host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_host))
    };
    let origins: Vec<String> = origins.iter().map(|origin| origin.to_ascii_lowercase()).collect();
    if origins.len() <= ORIGINS && origins.iter().all(is_origin) { Ok(origins) } else { Err(wrong) }
}

fn checked_retention(config: RetentionConfig) -> Result<RetentionConfig, Refusal> {
    let wrong = Refusal::FieldWrong { field: "retention".into(), wants: Expected::Retention };
    let is_prefix = |prefix: &str| !prefix.is_empty() && prefix.len() <= TOPIC_BYTES;
    let is_rule = |rule: &RetentionRule| is_prefix(&rule.prefix) && rule.retention.has_room();
    let is_right = config.default.has_room() && config.rules.iter().all(is_rule);
    if is_right && config.rules.len() <= RETENTION_RULES { Ok(config) } else { Err(wrong) }
}

/// A limit of nothing, or past what a column holds, would be a mistake.
fn checked_files(config: FileConfig) -> Result<FileConfig, Refusal> {
    let FileConfig { file_bytes, user_bytes, application_bytes } = config;
    let is_right = |bytes: u64| bytes > 0 && i64::try_from(bytes).is_ok();
    let all = [file_bytes, user_bytes, application_bytes];
    if all.into_iter().flatten().all(is_right) {
        return Ok(config);
    }
    Err(Refusal::FieldWrong { field: "files".into(), wants: Expected::FileLimits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_a_host_and_no_path() {
        for origin in
            ["https://shop.example", "http://localhost:3000", "http://[::1]:80", "HTTPS://Shop.Example"]
        {
            assert_eq!(checked(vec![origin.into()]), Ok(vec![origin.to_ascii_lowercase()]));
        }
        for bad in [
            "null",
            "*",
            "https://",
            "https://shop.example/",
            "ftp://shop.example",
            "https://ann@shop.example",
        ] {
            assert!(checked(vec![bad.into()]).is_err(), "{bad}");
        }
        assert!(checked(vec!["https://shop.example".into(); 21]).is_err());
    }
}
