//! The identities of an account: linking and unlinking providers, and a first password.

use wire::{AuditEvent, Refusal};

use crate::auth::caller::Caller;
use crate::auth::provider::LinkGrant;
use crate::chat::Chat;
use crate::names;
use crate::ports::store::{
    AccountWrite, Checked, Identity, IdentityOutcome, IdentityWrite, LinkedIdentity, PasswordHash,
};
use crate::service::error::Error;
use crate::service::provider_requests::KnownProvider;

/// The identities by which a user signs in.
impl Chat {
    /// Returns the identities that are linked to the caller's account, by provider; none for a guest.
    ///
    /// # Errors
    /// [`Refusal::SignInNeeded`].
    pub async fn identities(&self, caller: &Caller) -> Result<Vec<LinkedIdentity>, Error> {
        let me = caller.user()?;
        if caller.grant.is_some() {
            return Ok(Vec::new());
        }
        Ok(self.reader(caller).identities(me.id).await?)
    }

    /// Links an identity that was proven to the account of the session that has asked for it.
    pub(super) async fn link_identity(
        &self,
        caller: &Caller,
        known: &KnownProvider,
        grant: &LinkGrant,
        identity: Identity,
    ) -> Result<(), Error> {
        if !grant.is_of(caller) {
            return Err(Refusal::SignInOver.into());
        }
        let me = caller.account_holder()?;
        let provider = known.provider.name.clone();
        let link = IdentityWrite::Link { user: me.id, identity, at: self.clock.now() };
        let event = AuditEvent::ProviderLinked { by: me.clone(), provider: provider.clone() };
        match self.commit_noted(caller, link, me.id, &event).await? {
            IdentityOutcome::Done => Ok(()),
            IdentityOutcome::Stale => Err(Refusal::NoAccount.into()),
            _ => Err(Refusal::IdentityTaken { provider }.into()),
        }
    }

    /// Unlinks a provider from the caller's account, also one that is no longer configured.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it is not linked, [`Refusal::LastWayIn`] if nobody could sign in without it.
    pub async fn unlink_provider(&self, caller: &Caller, provider: &str) -> Result<(), Error> {
        let me = caller.account_holder()?;
        self.action_rate.take(caller.key(me.id), self.monotonic.now())?;
        let usable = self.providers.iter().map(|known| known.provider.issuer()).collect();
        let name = self.provider(provider).map_or_else(|_| provider.into(), |it| it.provider.name.clone());
        let unlink = IdentityWrite::Unlink { user: me.id, provider: provider.into(), usable };
        let event = AuditEvent::ProviderUnlinked { by: me.clone(), provider: name };
        match self.commit_noted(caller, unlink, me.id, &event).await? {
            IdentityOutcome::Done => Ok(()),
            IdentityOutcome::LastWayIn => Err(Refusal::LastWayIn.into()),
            _ => Err(Refusal::NotFound.into()),
        }
    }

    /// Sets the first password of an account that has none.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`], [`Refusal::PasswordSet`], and those of a weak password.
    pub async fn set_first_password(&self, caller: &Caller, new: &str) -> Result<(), Error> {
        let me = caller.account_holder()?;
        names::password(new)?;
        self.action_rate.take(caller.key(me.id), self.monotonic.now())?;
        let account = self.account_of(caller, me.id).await?.ok_or(Refusal::NoAccount)?;
        if !account.password.is_none() {
            return Err(Refusal::PasswordSet.into());
        }
        let password = self.password_hashing.hash(new, &[me.name.as_str()], self.random()).await?;
        let write = AccountWrite::SetPassword { user: me.id, checked: PasswordHash::none(), password };
        match self.commit_noted(caller, write, me.id, &AuditEvent::PasswordSet { by: me.clone() }).await? {
            Checked::Stale => Err(Refusal::PasswordSet.into()),
            Checked::Done => Ok(()),
        }
    }
}
