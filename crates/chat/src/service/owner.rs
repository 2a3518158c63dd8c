//! Ownership: the link by which a user becomes the owner.

use wire::{AppRole, AuditEvent, Refusal};

use crate::auth::caller::Caller;
use crate::auth::master_secret::KeyPurpose;
use crate::auth::session::Token;
use crate::chat::Chat;
use crate::names;
use crate::ports::store::{AccountWrite, Checked, FirstRole, Login};
use crate::service::error::Error;

/// Becoming the owner of the application, by a link that only the operator sees.
impl Chat {
    /// Returns the token that makes a user the owner, the same on every node; none if there is an owner.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn offer_ownership(&self) -> Result<Option<Token>, Error> {
        let has_owner = self.reader(&Caller::operator()).has_owner().await?;
        Ok((!has_owner).then(|| self.owner_token()))
    }

    fn owner_token(&self) -> Token {
        let owned = Caller::operator().application;
        Token::from_bytes(self.secret.derive(KeyPurpose::OwnerLink, owned, 1))
    }

    /// Makes the caller the owner, by such a token: with the account they have, or with a new one under this name and
    /// with this password. A new user gets a session.
    ///
    /// # Errors
    /// [`Refusal::ResetOver`] if the token is unknown or used, and those of [`Chat::create_guest`] and
    /// [`Chat::create_account`].
    pub async fn become_owner(
        &self,
        caller: &Caller,
        token: &Token,
        name: &str,
        password: &str,
    ) -> Result<Option<Token>, Error> {
        self.owner_link_works(token).await?;
        // The link is that of the built-in UI.
        if caller.application != Caller::operator().application {
            return Err(Refusal::ResetOver.into());
        }
        let session = match caller.signed_in() {
            Some(_) if caller.grant.is_some() => return Err(Refusal::OutsideScope.into()),
            Some(me) if self.account_of(caller, me.id).await?.is_some() => {
                self.own(caller).await?;
                None
            }
            Some(_) => {
                self.create_account_as(caller, password, FirstRole::Owner).await?;
                None
            }
            None => {
                let name = names::person_name(name)?;
                self.login_is_free(caller, &Login::new(name.as_str())?).await?;
                self.password_hashing.check(password, &[name.as_str()]).await?;
                let (person, session) = self.new_guest(caller, name).await?;
                let caller = caller.clone().with_user(person);
                self.create_account_as(&caller, password, FirstRole::Owner).await?;
                Some(session)
            }
        };
        Ok(session)
    }

    /// Refuses a token that makes nobody the owner.
    ///
    /// # Errors
    /// [`Refusal::ResetOver`].
    pub async fn owner_link_works(&self, token: &Token) -> Result<(), Error> {
        // Compared by their hashes, so that the time it takes tells nothing about the token.
        if self.owner_token().hash() != token.hash() || self.offer_ownership().await?.is_none() {
            return Err(Refusal::ResetOver.into());
        }
        Ok(())
    }

    async fn own(&self, caller: &Caller) -> Result<(), Error> {
        let me = caller.account_holder()?;
        self.action_rate.take(caller.key(me.id), self.monotonic.now())?;
        let event = AuditEvent::Ranked { by: me.clone(), of: me.clone(), role: AppRole::Owner };
        match self.commit_noted(caller, AccountWrite::MakeOwner { user: me.id }, me.id, &event).await? {
            Checked::Stale => Err(Refusal::ResetOver.into()),
            Checked::Done => Ok(()),
        }
    }
}
