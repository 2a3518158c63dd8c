//! Accounts: creating them, and the sessions of a user.

use wire::{AppRole, AuditEvent, EndedSessions, Refusal, UserId};

use crate::auth::caller::Caller;
use crate::auth::session::{SessionSummary, Token};
use crate::chat::Chat;
use crate::names;
use crate::ports::store::{
    Account, AccountKey, CreateAccount, CreateAccountOutcome, FirstRole, Login, NewSession, SessionWrite,
    Sessions, Transaction,
};
use crate::service::error::{Error, Fault};

/// Accounts and their sessions.
impl Chat {
    /// Returns the caller's account; none for a guest, nor to what an application has granted.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn account(&self, caller: &Caller) -> Result<Option<Account>, Error> {
        let me = caller.user()?;
        if caller.grant.is_some() { Ok(None) } else { self.account_of(caller, me.id).await }
    }

    /// Returns the account of a user; none for a guest.
    pub(super) async fn account_of(&self, caller: &Caller, user: UserId) -> Result<Option<Account>, Error> {
        Ok(self.reader(caller).account(AccountKey::User(user)).await?)
    }

    /// Returns true if a user has an account, or the application names them by a key. Others are guests.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn is_known(&self, caller: &Caller, user: UserId) -> Result<bool, Error> {
        Ok(self.account_of(caller, user).await?.is_some()
            || self.reader(caller).key_of_user(user).await?.is_some())
    }

    /// Creates the account of a guest under their own name; their device is remembered from now on. The first account
    /// of a fresh server is its owner, unless the owner comes by a link.
    ///
    /// # Errors
    /// [`Refusal::SignInNeeded`], [`Refusal::HasAccount`], [`Refusal::LoginTaken`], [`Refusal::PasswordLength`],
    /// [`Refusal::PasswordWeak`].
    pub async fn create_account(&self, caller: &Caller, password: &str) -> Result<AppRole, Error> {
        let rank = if self.limits.owner_by_link { FirstRole::Member } else { FirstRole::FirstIsOwner };
        self.create_account_as(caller, password, rank).await
    }

    pub(super) async fn create_account_as(
        &self,
        caller: &Caller,
        password: &str,
        rank: FirstRole,
    ) -> Result<AppRole, Error> {
        let me = caller.account_holder()?;
        names::password(password)?;
        self.action_rate.take(caller.key(me.id), self.monotonic.now())?;
        if self.account_of(caller, me.id).await?.is_some() {
            return Err(Refusal::HasAccount.into());
        }
        let login = Login::new(me.name.as_str())?;
        self.login_is_free(caller, &login).await?;
        let password = self.password_hashing.hash(password, &[me.name.as_str()], self.random()).await?;
        let claim = CreateAccount { user: me.id, login, password, rank };
        let then = self.known_device(caller, me).into_iter().collect();
        let write = Transaction { first: claim, then };
        match self.commit_noted(caller, write, me.id, &AuditEvent::Claimed { by: me.clone() }).await? {
            CreateAccountOutcome::Done => {}
            CreateAccountOutcome::LoginTaken => return Err(Refusal::LoginTaken.into()),
            CreateAccountOutcome::Stale => return Err(Refusal::ResetOver.into()),
        }
        let account = self
            .account_of(caller, me.id)
            .await?
            .ok_or_else(|| Fault::new("claim", "the account is not there"))?;
        Ok(account.role)
    }

    /// Refuses a login that an account has.
    pub(super) async fn login_is_free(&self, caller: &Caller, login: &Login) -> Result<(), Error> {
        match self.reader(caller).account(AccountKey::Login(login.clone())).await? {
            Some(_) => Err(Refusal::LoginTaken.into()),
            None => Ok(()),
        }
    }

    /// Ends sessions. Their sockets end with them, before anything later is delivered.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn sign_out(&self, caller: &Caller, which: Sessions) -> Result<(), Error> {
        // A session that an application has begun can end itself, and no other.
        let is_own = |session: &Token| which == Sessions::One(session.hash());
        let me = match &caller.session {
            Some(session) if is_own(session) => caller.user()?,
            _ => caller.account_holder()?,
        };
        let write = SessionWrite::SignOut { user: me.id, which, at: self.session_clock.now() };
        if self.account_of(caller, me.id).await?.is_none() {
            // A guest has one session and no account to keep a record for.
            return self.commit(caller, write).await.map(|_| ());
        }
        let sessions = match which {
            Sessions::One(_) => EndedSessions::One,
            Sessions::Others(_) => EndedSessions::Others,
            Sessions::All => EndedSessions::All,
        };
        self.commit_noted(caller, write, me.id, &AuditEvent::SignedOut { by: me.clone(), sessions })
            .await
            .map(|_| ())
    }

    /// Returns the caller's sessions, the one that began last first, without those that have ended. A session that an
    /// application has begun sees only itself.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionSummary>, Error> {
        let me = caller.user()?;
        let now = self.session_clock.now();
        let sessions = self.reader(caller).sessions(me.id).await?.into_iter();
        let own = caller.session.as_ref().map(Token::hash);
        let is_seen = |session: &SessionSummary| caller.grant.is_none() || Some(session.token) == own;
        Ok(sessions.filter(|session| is_seen(session) && session.is_alive(now, &self.limits)).collect())
    }

    /// Returns a new session for the caller's browser, which begins now.
    pub(super) fn new_session(&self, caller: &Caller, token: &Token) -> NewSession {
        let label = caller.label.chars().filter(|c| !c.is_control()).take(200).collect();
        NewSession { token: token.hash(), label, at: self.session_clock.now() }
    }
}
