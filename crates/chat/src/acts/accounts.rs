use wire::{AppRole, Deed, EndedSessions, Login, Person, Refusal};

use crate::chat::{Caller, Chat};
use crate::no::{Fault, No};
use crate::passwords;
use crate::session::{SessionSummary, Token};
use crate::store::{Account, AccountKey, NewSession, Outcome, Sessions, Write};

/// Accounts: signing in on other devices, and out again.
impl Chat {
    /// The caller's account; none for a guest.
    ///
    /// # Errors
    /// [`No::Fault`].
    pub async fn account(&self, me: &Person) -> Result<Option<Account>, No> {
        Ok(self.store.account(AccountKey::User(me.id)).await?)
    }

    /// Gives a guest an account under their own name. The first account of a fresh server is its owner.
    ///
    /// # Errors
    /// [`Refusal::HasAccount`], [`Refusal::LoginTaken`], [`Refusal::PasswordLength`],
    /// [`Refusal::PasswordWeak`].
    pub async fn claim(&self, me: &Person, password: &str) -> Result<AppRole, No> {
        self.acts.take(me.id, self.clock.now())?;
        if self.account(me).await?.is_some() {
            return Err(Refusal::HasAccount.into());
        }
        let login = Login::new(me.name.as_str())?;
        passwords::check(password, &[me.name.as_str(), login.as_str()])?;
        let password = self.forge.hash(password, self.random()).await?;
        let write = Write::Claim { user: me.id, login, password };
        match self.commit_noted(write, me.id, &Deed::Claimed { by: me.clone() }).await? {
            Outcome::Done => {}
            Outcome::LoginTaken => return Err(Refusal::LoginTaken.into()),
            other => return Err(Fault::new("claim", format!("a claim came to {other:?}")).into()),
        }
        let account =
            self.account(me).await?.ok_or_else(|| Fault::new("claim", "the account is not there"))?;
        Ok(account.role)
    }

    /// Signs in on another device; gives who it is and a token for it.
    ///
    /// # Errors
    /// [`Refusal::SignInWrong`], [`Refusal::TooManySignIns`].
    pub async fn sign_in(&self, caller: &Caller, name: &str, password: &str) -> Result<(Person, Token), No> {
        let login = Login::new(name).map_err(|_| Refusal::SignInWrong)?;
        let now = self.clock.now();
        self.sign_ins.check(&login, caller.from, now)?;
        let account = self.store.account(AccountKey::Login(login.clone())).await?;
        let kept = account.as_ref().map(|account| &account.password);
        let is_right = self.forge.is_right(password, kept).await?;
        let Some(account) = account.filter(|_| is_right) else {
            self.sign_ins.note_failure(&login, caller.from, now);
            return Err(Refusal::SignInWrong.into());
        };
        self.sign_ins.forget(&login);
        let token = Token::from_bytes(self.random());
        let session = self.new_session(caller, &token);
        let (by, label) = (account.person.clone(), session.label.clone());
        let write = Write::SignIn { user: by.id, session };
        self.commit_noted(write, account.person.id, &Deed::SignedIn { by, label }).await?;
        Ok((account.person, token))
    }

    /// Changes the password; every other session of the account ends.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`], [`Refusal::SignInWrong`] if the old one is wrong, and those of a weak one.
    pub async fn change_password(&self, me: &Person, keep: &Token, old: &str, new: &str) -> Result<(), No> {
        let now = self.clock.now();
        let account = self.account(me).await?.ok_or(Refusal::NoAccount)?;
        let login = Login::new(account.person.name.as_str())?;
        self.sign_ins.check(&login, None, now)?;
        if !self.forge.is_right(old, Some(&account.password)).await? {
            self.sign_ins.note_failure(&login, None, now);
            return Err(Refusal::SignInWrong.into());
        }
        passwords::check(new, &[me.name.as_str(), login.as_str()])?;
        let password = self.forge.hash(new, self.random()).await?;
        let write = Write::SetPassword { user: me.id, password };
        self.commit_noted(write, me.id, &Deed::PasswordChanged { by: me.clone() }).await?;
        self.commit(Write::SignOut { user: me.id, which: Sessions::Others(keep.hash()) }).await.map(|_| ())
    }

    /// Ends sessions. Their sockets end with them, before anything later is delivered.
    ///
    /// # Errors
    /// [`No::Fault`].
    pub async fn sign_out(&self, me: &Person, which: Sessions) -> Result<(), No> {
        let write = Write::SignOut { user: me.id, which };
        if self.account(me).await?.is_none() {
            // A guest has one session and no account that could be looked after.
            return self.commit(write).await.map(|_| ());
        }
        let sessions = match which {
            Sessions::One(_) => EndedSessions::One,
            Sessions::Others(_) => EndedSessions::Others,
            Sessions::All => EndedSessions::All,
        };
        self.commit_noted(write, me.id, &Deed::SignedOut { by: me.clone(), sessions }).await.map(|_| ())
    }

    /// The caller's sessions, the one that began last first; those that are over are left out.
    ///
    /// # Errors
    /// [`No::Fault`].
    pub async fn sessions(&self, me: &Person) -> Result<Vec<SessionSummary>, No> {
        let now = self.clock.now();
        let sessions = self.store.sessions(me.id).await?.into_iter();
        Ok(sessions.filter(|session| session.is_alive(now, &self.limits)).collect())
    }

    /// A session that begins now, for the caller's browser.
    pub(super) fn new_session(&self, caller: &Caller, token: &Token) -> NewSession {
        let label = caller.label.chars().filter(|c| !c.is_control()).take(200).collect();
        NewSession { token: token.hash(), label, at: self.clock.now() }
    }
}
