//! Applications in the store, with the tokens of their programs.

use serde_json::{Value, json};
use wire::limits::PERSON_NAME_CHARS;
use wire::{
    ApplicationId, ApplicationTitle, Description, Json, Person, PersonName, PublicId, Timestamp, UserId,
};

use super::{NewJob, RetentionConfig, Version};
use crate::auth::api_token::{ApiTokenRecord, TokenKind};
use crate::auth::session::TokenHash;

/// An application. That of the built-in UI comes with the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its number, which is never reused.
    pub id: ApplicationId,
    /// Its name in URLs and commands.
    pub public_id: PublicId,
    /// The title that its owner gave it.
    pub title: ApplicationTitle,
    /// The owner's description; perhaps empty.
    pub description: Description,
    /// Its settings.
    pub config: ApplicationConfig,
    /// The version of its signing key, from 1.
    pub key_version: u32,
    /// The time until which tokens of the previous signing key work, if there was one and it was kept.
    pub previous_key_until: Option<Timestamp>,
    /// The time from which user tokens must be issued to work.
    pub tokens_valid_from: Timestamp,
    /// Increases with every change of title, description and settings.
    pub version: Version,
    /// The time at which it was created; 0 for that of the built-in UI.
    pub since: Timestamp,
    /// The time at which it was deleted: from then on nothing of it is reachable, until its data is gone, too.
    pub deleted: Option<Timestamp>,
}

/// The settings of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct ApplicationConfig {
    /// The origins, such as `https://shop.example`, whose pages may use its API from a browser.
    pub allowed_origins: Vec<String>,
    /// True if a user token creates its user if there is none.
    pub token_sign_up: bool,
    /// True if the first message to a key that names no conversation creates one.
    pub implicit_creation: bool,
    /// True if users create conversations through the API, and not only the application.
    pub user_conversations: bool,
    /// True if its users find each other, and write to each other, without a conversation that they share.
    pub directory: bool,
    /// The retention of its logs.
    pub retention: RetentionConfig,
    /// The limits of its files, within those of the operator.
    pub files: FileConfig,
}

/// The limits that an application sets for its files; none for those of the operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileConfig {
    /// The most bytes of one file.
    pub file_bytes: Option<u64>,
    /// The most bytes of all files of one user.
    pub user_bytes: Option<u64>,
    /// The most bytes of all its files.
    pub application_bytes: Option<u64>,
}

/// The key by which an application is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationKey {
    /// Its number.
    Id(ApplicationId),
    /// Its public id.
    Public(PublicId),
}

/// An application to be created, with its first token. The commit's own is [`ApplicationId::SERVER`]; the outcome is
/// the number of the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApplication {
    /// A public id that no application has.
    pub public_id: PublicId,
    /// The title that its owner gave it.
    pub title: ApplicationTitle,
    /// The owner's description; perhaps empty.
    pub description: Description,
    /// The first token.
    pub token: NewApiToken,
}

/// An API token to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiToken {
    /// The hash of its text.
    pub token: TokenHash,
    /// The kind that its prefix names.
    pub kind: TokenKind,
    /// The owner's description of it.
    pub label: String,
    /// The time at which it is created.
    pub at: Timestamp,
    /// The time from which it no longer works, if there is one.
    pub expires: Option<Timestamp>,
}

/// A change of applications and API tokens. It concerns the application of its commit, if nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationWrite {
    /// Change an application. [`Checked::Stale`](super::Checked::Stale) if it has another version than expected, is
    /// deleted, or does not exist.
    Change {
        /// The version that it must have, if there is one.
        version: Option<Version>,
        /// The new title.
        title: ApplicationTitle,
        /// The new description.
        description: Description,
        /// The new settings.
        config: ApplicationConfig,
    },
    /// Add an API token. [`Checked::Stale`](super::Checked::Stale) if there is no such application, or it is deleted;
    /// the tokens of the operator are those of [`ApplicationId::SERVER`].
    AddToken(NewApiToken),
    /// Add an API token and revoke all others of its kind; as [`ApplicationWrite::AddToken`].
    ReplaceTokens(NewApiToken),
    /// Revoke one API token. [`Checked::Stale`](super::Checked::Stale) if the application has no such token, or it was
    /// revoked before.
    RevokeToken {
        /// The hash of its text.
        token: TokenHash,
        /// The time of the revocation.
        at: Timestamp,
    },
    /// Record that an API token was used.
    TouchToken {
        /// The hash of its text.
        token: TokenHash,
        /// The time of the use.
        at: Timestamp,
    },
    /// Delete the application: its tokens are gone, its sessions are no longer found, and a job removes its data.
    /// [`Checked::Stale`](super::Checked::Stale) if there is no such application, or it is deleted already.
    Delete {
        /// The time of the deletion.
        at: Timestamp,
        /// The job that removes the data.
        job: NewJob,
    },
    /// Remove a deleted application itself.
    Forget,
    /// Remove the API tokens of all applications that expired or were revoked before a time.
    RemoveOldTokens {
        /// Those that ended later stay.
        before: Timestamp,
    },
}

/// Removes a part of the data of the deleted application of the commit. Repeated until nothing is left, it removes
/// everything but the application itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoveData {
    /// About the most rows that are removed.
    pub limit: usize,
}

/// The outcome of [`RemoveData`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// True if nothing is left.
    pub all: bool,
}

impl ApplicationConfig {
    /// Returns the settings as the store has them.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let Self {
            allowed_origins,
            token_sign_up,
            implicit_creation,
            user_conversations,
            directory,
            retention,
            files,
        } = self;
        let retention = retention.to_value();
        let FileConfig { file_bytes, user_bytes, application_bytes } = files;
        let files = json!({
            "file_bytes": file_bytes,
            "user_bytes": user_bytes,
            "application_bytes": application_bytes
        });
        Json::of(&json!({
            "allowed_origins": allowed_origins,
            "token_sign_up": token_sign_up,
            "implicit_creation": implicit_creation,
            "user_conversations": user_conversations,
            "directory": directory,
            "retention": retention,
            "files": files
        }))
    }

    /// Reads the settings; what is missing has its default.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Value = serde_json::from_str(text).ok()?;
        let origins = fields["allowed_origins"].as_array().into_iter().flatten();
        let allowed_origins = origins.filter_map(|origin| origin.as_str().map(str::to_owned)).collect();
        let is_on = |field: &str| fields[field].as_bool().unwrap_or_default();
        fields.is_object().then(|| Self {
            allowed_origins,
            token_sign_up: is_on("token_sign_up"),
            implicit_creation: is_on("implicit_creation"),
            user_conversations: is_on("user_conversations"),
            directory: is_on("directory"),
            retention: RetentionConfig::of_value(&fields["retention"]),
            files: FileConfig {
                file_bytes: fields["files"]["file_bytes"].as_u64(),
                user_bytes: fields["files"]["user_bytes"].as_u64(),
                application_bytes: fields["files"]["application_bytes"].as_u64(),
            },
        })
    }
}

impl Application {
    /// Returns the author that others see of what the application does: its title, under an id that no user has.
    #[must_use]
    pub fn author(&self) -> Person {
        let start: String = self.title.as_str().chars().take(PERSON_NAME_CHARS).collect();
        let name = PersonName::new(&start).or_else(|_| PersonName::new("Application"));
        let id = UserId::from_bytes(self.public_id.to_bytes());
        Person { id, name: name.unwrap_or_else(|_| unreachable!("it is a name")) }
    }

    /// Returns the time until which tokens of a version of the signing key work, if nothing else ends them; none if
    /// they do not work now.
    pub(crate) fn key_works_until(&self, version: u32, now: Timestamp) -> Option<Timestamp> {
        if version == self.key_version {
            return Some(Timestamp(i64::MAX));
        }
        let is_previous = version.checked_add(1) == Some(self.key_version);
        self.previous_key_until.filter(|until| is_previous && now < *until)
    }

    /// Returns true if it can be used.
    #[must_use]
    pub const fn is_alive(&self) -> bool {
        self.deleted.is_none()
    }
}

impl NewApiToken {
    /// Returns the record of the token in its application.
    #[must_use]
    pub fn record(&self, application: ApplicationId) -> ApiTokenRecord {
        let Self { token, kind, label, at, expires } = self.clone();
        let (used, revoked) = (None, None);
        ApiTokenRecord { application, token, kind, label, created: at, used, expires, revoked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::store::{Retention, RetentionRule};

    #[test]
    fn settings_read_back_and_what_is_missing_has_its_default() {
        let month = Retention { days: Some(30), ..Retention::default() };
        let rules = vec![RetentionRule { prefix: "orders/".into(), retention: month }];
        let retention = RetentionConfig { default: Retention { bytes: Some(1 << 40), ..month }, rules };
        let allowed_origins: Vec<String> = vec!["https://shop.example".into()];
        for on in 0..4 {
            let config = ApplicationConfig {
                allowed_origins: allowed_origins.clone(),
                token_sign_up: on == 0,
                implicit_creation: on == 1,
                user_conversations: on == 2,
                directory: on == 3,
                retention: retention.clone(),
                files: FileConfig { file_bytes: Some(5), ..FileConfig::default() },
            };
            assert_eq!(ApplicationConfig::parse(config.to_json().as_str()), Some(config));
        }
        assert_eq!(ApplicationConfig::parse("{}"), Some(ApplicationConfig::default()));
        assert_eq!(ApplicationConfig::parse("[]"), None);
    }
}
