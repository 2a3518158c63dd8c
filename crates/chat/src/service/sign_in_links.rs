//! Sign-in links: an application signs one of its users in to the built-in pages.

use wire::{AppRole, ApplicationId, Person, PublicId, Refusal, Timestamp};

use super::external_users::UserRef;
use crate::auth::caller::Caller;
use crate::auth::session::Token;
use crate::chat::Chat;
use crate::ports::store::{
    AccountKey, Application, ApplicationKey, Checked, NewSession, Sessions, UserTokenWrite,
};
use crate::service::error::Error;

/// The lifetime of a link, in milliseconds.
const LIFE_MS: i64 = 60_000;

/// A sign-in link that was made, whose secret is shown only now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MintedLink {
    /// The application of the user.
    pub application: PublicId,
    /// The secret of the link.
    pub token: Token,
    /// The time from which it no longer works.
    pub expires: Timestamp,
}

/// Links by which users of an application sign in to the built-in pages, once and within a minute. The session has the
/// rights of a user token: no account, password or server-administration act.
impl Chat {
    /// Makes a link for a user of the caller's application.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`], [`Refusal::OutsideScope`] for an admin of the built-in
    /// application.
    pub async fn create_sign_in_link(&self, caller: &Caller, user: &UserRef) -> Result<MintedLink, Error> {
        let person = self.user_for_grant(caller, user).await?;
        let application = self.application_by_id(caller.application).await?.ok_or(Refusal::NotFound)?;
        if application.id == ApplicationId::BUILT_IN {
            let account = self.reader(caller).account(AccountKey::User(person.id)).await?;
            if account.is_some_and(|account| account.role >= AppRole::Admin) {
                return Err(Refusal::OutsideScope.into());
            }
        }
        let (token, now) = (Token::from_bytes(self.random()), self.clock.now());
        let valid_from = self.reader(caller).tokens_valid_from(person.id).await?.ok_or(Refusal::NotFound)?;
        let at = now.max(valid_from);
        let until = Timestamp(at.0.saturating_add(LIFE_MS));
        let add = UserTokenWrite::AddLink { link: token.hash(), user: person.id, at, until };
        match self.commit(caller, add).await? {
            Checked::Stale => Err(Refusal::NotFound.into()),
            Checked::Done => Ok(MintedLink { application: application.public_id, token, expires: until }),
        }
    }

    /// Returns the user whom a link signs in.
    ///
    /// # Errors
    /// [`Refusal::LinkOver`].
    pub async fn sign_in_link(&self, application: PublicId, token: &Token) -> Result<Person, Error> {
        let application = self.application_of_link(application).await?;
        let found = self.store.reader(application).sign_in_link(token.hash()).await?;
        let now = self.clock.now();
        // More than a minute is left only if the clock was set back: then the link has expired as well.
        let found = found.filter(|link| now < link.until && link.until.0 - now.0 <= 2 * LIFE_MS);
        Ok(found.ok_or(Refusal::LinkOver)?.person)
    }

    /// Begins a session by a link; returns its token.
    ///
    /// # Errors
    /// [`Refusal::LinkOver`].
    pub async fn use_sign_in_link(
        &self,
        caller: &Caller,
        application: PublicId,
        token: &Token,
    ) -> Result<Token, Error> {
        let person = self.sign_in_link(application, token).await?;
        let application = self.application_of_link(application).await?;
        let fresh = Token::from_bytes(self.random());
        let at = self.clock.now();
        let session = self.new_session(caller, &fresh);
        // A link that was made after a revocation is newer than what that has ended, and so is its session.
        let valid_from = self.store.reader(application).tokens_valid_from(person.id).await?;
        let session = NewSession { at: session.at.max(valid_from.unwrap_or_default()), ..session };
        let used = UserTokenWrite::UseLink { link: token.hash(), session, at };
        match self.commit_in(application, used).await? {
            Checked::Done => {
                // The browser has one session. If the former one cannot be ended now, it ends by itself some day.
                if let Some(before) = &caller.session {
                    let _ = self.sign_out(caller, Sessions::One(before.hash())).await;
                }
                Ok(fresh)
            }
            Checked::Stale => Err(Refusal::LinkOver.into()),
        }
    }

    async fn application_of_link(&self, application: PublicId) -> Result<ApplicationId, Error> {
        let found = self.store.application(ApplicationKey::Public(application)).await?;
        Ok(found.filter(Application::is_alive).ok_or(Refusal::LinkOver)?.id)
    }
}
