//! Signing in and changing passwords.

use wire::{AuditEvent, Person, Refusal};

use crate::auth::caller::Caller;
use crate::auth::login_throttle;
use crate::auth::session::Token;
use crate::chat::Chat;
use crate::names;
use crate::ports::store::{
    Account, AccountKey, AccountWrite, Attempt, AttemptOutcome, AttemptWrite, Checked, Login, PasswordHash,
    SessionWrite, Sessions, Transaction, Write,
};
use crate::service::error::Error;

/// Signing in and changing passwords.
impl Chat {
    /// Signs in; returns the user and a token for the new session. The session that the browser had before ends, and
    /// the caller's device is remembered from now on.
    ///
    /// # Errors
    /// [`Refusal::SignInWrong`], [`Refusal::PasswordNotSet`], [`Refusal::TooManySignIns`], [`Refusal::Unavailable`] if too
    /// many sign in at once.
    pub async fn sign_in(
        &self,
        caller: &Caller,
        name: &str,
        password: &str,
    ) -> Result<(Person, Token), Error> {
        // No account has such a name or password; there is nothing to guess.
        let login = Login::new(name).map_err(|_| Refusal::SignInWrong)?;
        names::password(password).map_err(|_| Refusal::SignInWrong)?;
        let account = self.reader(caller).account(AccountKey::Login(login.clone())).await?;
        let attempts = self.sign_in_attempts(caller, &login, account.as_ref()).await?;
        let kept = account.as_ref().map(|account| &account.password).filter(|kept| !kept.is_none());
        // The names of accounts are no secret, and this one has no password to guess.
        let has_none = account.as_ref().is_some_and(|account| account.password.is_none());
        let wrong = if has_none { Refusal::PasswordNotSet } else { Refusal::SignInWrong };
        let (true, Some(account)) = (self.compare(caller, &attempts, password, kept).await?, account) else {
            return Err(wrong.into());
        };
        let token = Token::from_bytes(self.random());
        let session = self.new_session(caller, &token);
        let (by, label) = (account.person.clone(), session.label.clone());
        let first = SessionWrite::SignIn { user: by.id, checked: Some(account.password), session };
        let write = Transaction { first, then: self.new_browser(caller, &account.person) };
        match self.commit_noted(caller, write, account.person.id, &AuditEvent::SignedIn { by, label }).await?
        {
            // The password was changed while it was compared.
            Checked::Stale => Err(Refusal::SignInWrong.into()),
            Checked::Done => Ok((account.person, token)),
        }
    }

    /// Changes the password and ends every other session of the account, in one commit.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`], [`Refusal::PasswordNotSet`], [`Refusal::SignInWrong`] if the old one is wrong, [`Refusal::TooManySignIns`] after five
    /// wrong ones, and those of a weak new one.
    pub async fn change_password(&self, caller: &Caller, old: &str, new: &str) -> Result<(), Error> {
        let me = caller.account_holder()?;
        let keep = caller.session.as_ref().ok_or(Refusal::SignInNeeded)?;
        names::password(new)?;
        let account = self.account_of(caller, me.id).await?.ok_or(Refusal::NoAccount)?;
        if account.password.is_none() {
            return Err(Refusal::PasswordNotSet.into());
        }
        let attempts = login_throttle::to_change_password(me.id);
        if !self.compare(caller, &attempts, old, Some(&account.password)).await? {
            return Err(Refusal::SignInWrong.into());
        }
        let password = self.password_hashing.hash(new, &[me.name.as_str()], self.random()).await?;
        let first = AccountWrite::SetPassword { user: me.id, checked: account.password, password };
        let at = self.session_clock.now();
        let others = SessionWrite::SignOut { user: me.id, which: Sessions::Others(keep.hash()), at };
        let write = Transaction { first, then: vec![others.into()] };
        match self.commit_noted(caller, write, me.id, &AuditEvent::PasswordChanged { by: me.clone() }).await?
        {
            Checked::Stale => Err(Refusal::SignInWrong.into()),
            Checked::Done => Ok(()),
        }
    }

    /// Returns the writes that accompany a new session: the browser's former one ends, and its device is remembered.
    pub(super) fn new_browser(&self, caller: &Caller, me: &Person) -> Vec<Write> {
        let ended = caller.signed_in().zip(caller.session.as_ref());
        let ended = ended.map(|(before, session)| {
            let which = Sessions::One(session.hash());
            SessionWrite::SignOut { user: before.id, which, at: self.session_clock.now() }.into()
        });
        ended.into_iter().chain(self.known_device(caller, me)).collect()
    }

    pub(super) fn known_device(&self, caller: &Caller, me: &Person) -> Option<Write> {
        let device = caller.device.as_ref()?.hash();
        Some(AccountWrite::RememberDevice { user: me.id, device, at: self.session_clock.now() }.into())
    }

    /// Returns the attempts that a guess takes: those of a device that has signed in to this account before, or of all
    /// others.
    async fn sign_in_attempts(
        &self,
        caller: &Caller,
        login: &Login,
        account: Option<&Account>,
    ) -> Result<Vec<Attempt>, Error> {
        if let (Some(device), Some(account)) = (&caller.device, account) {
            let (user, device) = (account.person.id, device.hash());
            if self.reader(caller).knows_device(user, device).await? {
                return Ok(login_throttle::with_known_device(user, device));
            }
        }
        let user = account.map(|account| account.person.id);
        Ok(login_throttle::from_elsewhere(login, user, caller.from.map(Into::into)))
    }

    /// Takes an attempt, compares a password, and gives the attempt back if it was right or was not compared at all.
    async fn compare(
        &self,
        caller: &Caller,
        attempts: &[Attempt],
        password: &str,
        kept: Option<&PasswordHash>,
    ) -> Result<bool, Error> {
        let taken = AttemptWrite::Take { attempts: attempts.to_vec(), at: self.monotonic.now() };
        match self.commit(caller, taken).await? {
            AttemptOutcome::Done => {}
            AttemptOutcome::Exhausted { wait_ms } => return Err(login_throttle::too_many(wait_ms).into()),
        }
        let is_right = self.password_hashing.is_right(password, kept).await;
        if !matches!(is_right, Ok(false)) {
            let keys = attempts.iter().map(|attempt| attempt.key).collect();
            self.commit(caller, AttemptWrite::Return { attempts: keys }).await?;
        }
        is_right
    }
}
