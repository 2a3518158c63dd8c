//! The operator: creation, listing and deletion of applications, and API tokens.

use serde_json::{Value, json};
use wire::{ApplicationId, ApplicationTitle, Description, Json, PublicId, Refusal, Timestamp};

use super::permissions::may_operate;
use crate::auth::api_token::{ApiToken, ApiTokenRecord, TokenKind};
use crate::auth::caller::Caller;
use crate::auth::user_token::SigningKey;
use crate::chat::Chat;
use crate::ports::store::{
    Application, ApplicationKey, ApplicationWrite, Checked, JobEnd, JobKind, NewApiToken, NewApplication,
    NewJob, RemoveData, Version,
};
use crate::service::error::{Error, Fault};
use crate::service::external_application::ApplicationChange;
use crate::service::part::ListPart;

/// About the most rows that are removed in one commit.
const DATA_SLICE: usize = 500;
/// The time after a deletion for which its job waits before it looks a last time: longer than any request takes that
/// began before.
const LAST_LOOK_MS: i64 = 20 * 60_000;
/// The time for which a token that has ended is kept, in milliseconds: a clock that is a week ahead removes none that
/// works.
const ENDED_MS: i64 = 7 * 86_400_000;
/// The most applications, and API tokens of one, in one part of a list.
const PART: usize = 100;
/// The most characters of the label of a token.
const LABEL_CHARS: usize = 80;

/// An application that was created, with its first token and its signing key, which are shown only now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The application.
    pub application: Application,
    /// Its first token.
    pub token: ApiToken,
    /// The key with which its back end signs user tokens.
    pub signing_key: SigningKey,
}

/// Managing applications and API tokens; each call needs the operator, or the owner of the built-in application.
impl Chat {
    /// Creates an application with its first token.
    ///
    /// # Errors
    /// [`Refusal::NotOperator`], and those of [`ApplicationTitle::new`] and [`Description::new`].
    pub async fn create_application(
        &self,
        caller: &Caller,
        title: &str,
        description: &str,
    ) -> Result<Created, Error> {
        self.may_manage_applications(caller).await?;
        let (title, description) = (ApplicationTitle::new(title)?, Description::new(description)?);
        let token = ApiToken::from_bytes(TokenKind::Application, self.random());
        let new = NewApplication {
            public_id: PublicId::from_bytes(self.random()),
            title,
            description,
            token: self.new_record(&token, "", None),
        };
        let id = self.commit_in(ApplicationId::SERVER, new).await?;
        let application = self.store.application(ApplicationKey::Id(id)).await?.ok_or(Refusal::NotFound)?;
        let signing_key = self.signing_key(&application);
        Ok(Created { application, token, signing_key })
    }

    /// Returns applications, those created first first, after one of them.
    ///
    /// # Errors
    /// [`Refusal::NotOperator`], [`Refusal::NotOwner`].
    pub async fn applications(
        &self,
        caller: &Caller,
        after: Option<ApplicationId>,
    ) -> Result<ListPart<Application>, Error> {
        self.may_manage_applications(caller).await?;
        let found = self.store.applications(after.unwrap_or(ApplicationId::SERVER), PART + 1).await?;
        Ok(ListPart::of(found, PART))
    }

    /// Returns an application.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotOperator`], [`Refusal::NotOwner`].
    pub async fn application(&self, caller: &Caller, application: PublicId) -> Result<Application, Error> {
        self.application_to_manage(caller, application).await
    }

    /// Changes an application, if it has a version.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotOperator`], [`Refusal::NotOwner`], and those of [`Chat::change_application`].
    pub async fn change_managed(
        &self,
        caller: &Caller,
        application: PublicId,
        change: ApplicationChange,
        version: Option<Version>,
    ) -> Result<Application, Error> {
        let present = self.application_to_manage(caller, application).await?;
        self.apply_change(present, change, version).await?;
        self.application_to_manage(caller, application).await
    }

    /// Creates another token of an application; its other tokens are revoked if `rotate`.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotOperator`], [`Refusal::NotOwner`], and [`Refusal::NameTooLong`] for the label.
    pub async fn create_api_token(
        &self,
        caller: &Caller,
        application: PublicId,
        label: &str,
        expires: Option<Timestamp>,
        rotate: bool,
    ) -> Result<ApiToken, Error> {
        let application = self.application_to_manage(caller, application).await?;
        self.add_token(application.id, TokenKind::Application, label, expires, rotate).await
    }

    /// Revokes one token of an application, which is named by [`TokenHash::handle`](crate::TokenHash::handle); its sockets
    /// end.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotOperator`].
    pub async fn revoke_api_token(
        &self,
        caller: &Caller,
        application: PublicId,
        handle: &str,
    ) -> Result<(), Error> {
        let application = self.application_to_manage(caller, application).await?;
        self.revoke_api_token_in(application.id, handle).await
    }

    /// Returns the tokens of an application that have not ended, the one created last first.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotOperator`], [`Refusal::NotOwner`].
    pub async fn api_tokens(
        &self,
        caller: &Caller,
        application: PublicId,
    ) -> Result<Vec<ApiTokenRecord>, Error> {
        let application = self.application_to_manage(caller, application).await?;
        self.api_tokens_in(application.id).await
    }

    /// Creates a token of the operator; its other tokens are revoked if `rotate`.
    ///
    /// # Errors
    /// [`Refusal::NotOperator`], and [`Refusal::NameTooLong`] for the label.
    pub async fn create_operator_token(
        &self,
        caller: &Caller,
        label: &str,
        expires: Option<Timestamp>,
        rotate: bool,
    ) -> Result<ApiToken, Error> {
        may_operate(caller)?;
        self.add_token(ApplicationId::SERVER, TokenKind::Operator, label, expires, rotate).await
    }

    /// Deletes an application, whose title is typed to confirm it. Its tokens no longer work, its connections end, and
    /// a job removes its data.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotOperator`], [`Refusal::NotOwner`], [`Refusal::ConfirmationWrong`], and [`Refusal::NotOneself`] for
    /// the application of the built-in UI.
    pub async fn delete_application(
        &self,
        caller: &Caller,
        application: PublicId,
        typed: &str,
    ) -> Result<(), Error> {
        let application = self.application_to_manage(caller, application).await?;
        if application.id == ApplicationId::BUILT_IN {
            return Err(Refusal::NotOneself.into());
        }
        if typed.trim() != application.title.as_str() {
            return Err(Refusal::ConfirmationWrong.into());
        }
        let now = self.monotonic.now();
        let job = NewJob {
            application: ApplicationId::SERVER,
            kind: JobKind::RemoveApplication,
            lane: format!("remove/{}", application.id),
            key: Some(application.id.to_string()),
            arguments: Json::of(&json!({ "application": application.id.0 })),
            run_at: now,
        };
        let delete = ApplicationWrite::Delete { at: now, job };
        match self.commit_in(application.id, delete).await? {
            Checked::Stale => Err(Refusal::NotFound.into()),
            Checked::Done => Ok(()),
        }
    }

    /// Removes the data of a deleted application, and in the end the application.
    pub(crate) async fn remove_application(&self, arguments: &Json) -> Result<JobEnd, Error> {
        let fields: Value = serde_json::from_str(arguments.as_str()).unwrap_or_default();
        let number = fields["application"].as_u64().and_then(|number| u32::try_from(number).ok());
        let number =
            number.ok_or_else(|| Fault::new("operator", format!("no application: {arguments:?}")))?;
        let id = ApplicationId(number);
        // A job that runs again finds nothing.
        let Some(application) = self.store.application(ApplicationKey::Id(id)).await? else {
            return Ok(JobEnd::Done);
        };
        let Some(deleted) = application.deleted else {
            return Err(Fault::new("operator", format!("application {id} is not deleted")).into());
        };
        while !self.commit_in(id, RemoveData { limit: DATA_SLICE }).await?.all {}
        // Requests that began before the deletion may have written since.
        let last_look = Timestamp(deleted.0.saturating_add(LAST_LOOK_MS));
        if self.monotonic.now() < last_look {
            return Ok(JobEnd::Again { run_at: last_look });
        }
        self.store.search_index().remove_application(id).await?;
        self.commit_in(id, ApplicationWrite::Forget).await?;
        Ok(JobEnd::Done)
    }

    /// Removes API tokens that ended a week ago.
    pub(crate) async fn sweep_api_tokens(&self) -> Result<(), Error> {
        let before = Timestamp(self.monotonic.now().0.saturating_sub(ENDED_MS));
        let remove = ApplicationWrite::RemoveOldTokens { before };
        self.commit_in(ApplicationId::SERVER, remove).await.map(|_| ())
    }

    /// Returns an application for the operator.
    async fn application_to_manage(&self, caller: &Caller, id: PublicId) -> Result<Application, Error> {
        self.may_manage_applications(caller).await?;
        let application = self.store.application(ApplicationKey::Public(id)).await?;
        Ok(application.filter(Application::is_alive).ok_or(Refusal::NotFound)?)
    }

    pub(super) async fn add_token(
        &self,
        application: ApplicationId,
        kind: TokenKind,
        label: &str,
        expires: Option<Timestamp>,
        rotate: bool,
    ) -> Result<ApiToken, Error> {
        if label.chars().count() > LABEL_CHARS {
            return Err(Refusal::NameTooLong { max: LABEL_CHARS }.into());
        }
        let token = ApiToken::from_bytes(kind, self.random());
        let new = self.new_record(&token, label, expires);
        let write =
            if rotate { ApplicationWrite::ReplaceTokens(new) } else { ApplicationWrite::AddToken(new) };
        match self.commit_in(application, write).await? {
            Checked::Stale => Err(Refusal::NotFound.into()),
            Checked::Done => Ok(token),
        }
    }

    fn new_record(&self, token: &ApiToken, label: &str, expires: Option<Timestamp>) -> NewApiToken {
        let (token, kind, label) = (token.hash(), token.kind(), label.to_owned());
        NewApiToken { token, kind, label, at: self.monotonic.now(), expires }
    }
}
