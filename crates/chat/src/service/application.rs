//! Application administration: accounts, application roles, password resets and the audit log.

use wire::limits::PAGE_ENTRIES;
use wire::{AppRole, AuditEvent, Json, Page, Person, Refusal, Seq, Timestamp, Topic, UserId};

use crate::auth::caller::{Caller, Principal};
use crate::auth::session::Token;
use crate::chat::Chat;
use crate::names;
use crate::ports::store::{
    Account, AccountKey, AccountListing, AccountWrite, Checked, Login, Range, SessionWrite, Sessions,
    Transaction,
};
use crate::rules;
use crate::service::error::Error;
use crate::service::part::ListPart;

/// The lifetime of a reset link, in milliseconds: a day.
const RESET_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// Administration of the application and its accounts.
impl Chat {
    /// Returns the accounts whose name contains these words, by name, and the caller's application role; without words
    /// those after one of them.
    ///
    /// # Errors
    /// [`Refusal::NotAppAdmin`].
    pub async fn accounts(
        &self,
        caller: &Caller,
        words: &str,
        after: Option<UserId>,
    ) -> Result<(AppRole, ListPart<AccountListing>), Error> {
        let me = caller.account_holder()?;
        let role = rules::needs_app_admin(self.app_role(caller, me.id).await?)?;
        let found = self.reader(caller).accounts(words.trim(), after, PAGE_ENTRIES + 1).await?;
        Ok((role, ListPart::of(found, PAGE_ENTRIES)))
    }

    /// Sets the application role of an account: admin or member.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such account, and those of [`rules::set_application_role`].
    pub async fn set_application_role(
        &self,
        caller: &Caller,
        user: UserId,
        role: AppRole,
    ) -> Result<(), Error> {
        let me = caller.account_holder()?;
        self.action_rate.take(caller.key(me.id), self.monotonic.now())?;
        let by = self.app_role(caller, me.id).await?;
        let of = self.reader(caller).account(AccountKey::User(user)).await?;
        // Only those who manage accounts learn which ones exist.
        let Some(of) = of else {
            rules::set_application_role(by, AppRole::Member, role)?;
            return Err(Refusal::NotFound.into());
        };
        rules::set_application_role(by, of.role, role)?;
        let event = AuditEvent::Ranked { by: me.clone(), of: of.person, role };
        self.commit_noted(caller, AccountWrite::SetApplicationRole { user, role }, me.id, &event)
            .await
            .map(|_| ())
    }

    /// Creates a token that resets the password of an account, within a day and once.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such account, and those of [`rules::may_reset`].
    pub async fn create_password_reset(&self, caller: &Caller, user: UserId) -> Result<Token, Error> {
        let me = caller.account_holder()?;
        self.action_rate.take(caller.key(me.id), self.monotonic.now())?;
        let by = self.app_role(caller, me.id).await?;
        rules::needs_app_admin(by)?;
        let of = self.reader(caller).account(AccountKey::User(user)).await?.ok_or(Refusal::NotFound)?;
        rules::may_reset(by, of.role)?;
        self.new_reset(caller, Some(me), of.person).await
    }

    /// As [`Chat::create_password_reset`], by the operator, who may do it for every account; it is found by its name.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotOwner`] if the caller is not the operator.
    pub async fn create_password_reset_by_name(&self, caller: &Caller, name: &str) -> Result<Token, Error> {
        if caller.principal != Principal::Operator {
            return Err(Refusal::NotOwner.into());
        }
        let login = Login::new(name)?;
        let account =
            self.reader(caller).account(AccountKey::Login(login)).await?.ok_or(Refusal::NotFound)?;
        self.new_reset(caller, None, account.person).await
    }

    /// Returns the user whose password a token resets.
    ///
    /// # Errors
    /// [`Refusal::ResetOver`].
    pub async fn reset_of(&self, caller: &Caller, token: &Token) -> Result<Person, Error> {
        self.reset_account(caller, token).await.map(|account| account.person)
    }

    /// Resets a password by a token, ends every session of the account and begins one here, in one commit.
    ///
    /// # Errors
    /// [`Refusal::ResetOver`], and those of a weak password.
    pub async fn reset_password(&self, caller: &Caller, token: &Token, new: &str) -> Result<Token, Error> {
        names::password(new)?;
        let person = self.reset_account(caller, token).await?.person;
        self.action_rate.take(caller.key(person.id), self.monotonic.now())?;
        let password = self.password_hashing.hash(new, &[person.name.as_str()], self.random()).await?;
        let fresh = Token::from_bytes(self.random());
        let session = self.new_session(caller, &fresh);
        let at = self.session_clock.now();
        let mut then = vec![SessionWrite::SignOut { user: person.id, which: Sessions::All, at }.into()];
        then.extend(self.new_browser(caller, &person));
        then.push(SessionWrite::SignIn { user: person.id, checked: None, session }.into());
        let first = AccountWrite::ResetPassword { token: token.hash(), password };
        let write = Transaction { first, then };
        match self
            .commit_noted(caller, write, person.id, &AuditEvent::ResetUsed { by: person.clone() })
            .await?
        {
            Checked::Done => Ok(fresh),
            Checked::Stale => Err(Refusal::ResetOver.into()),
        }
    }

    async fn reset_account(&self, caller: &Caller, token: &Token) -> Result<Account, Error> {
        let now = self.monotonic.now();
        // More than a day is left only if the clock was set back: then the link has expired as well.
        let works = |until: Timestamp| (1..=RESET_MILLIS).contains(&(until.0 - now.0));
        let offered = self.reader(caller).reset(token.hash()).await?.filter(|(_, until)| works(*until));
        let (user, _) = offered.ok_or(Refusal::ResetOver)?;
        Ok(self.reader(caller).account(AccountKey::User(user)).await?.ok_or(Refusal::ResetOver)?)
    }

    /// Returns the audit log of the application, the newest entries before a Seq.
    ///
    /// # Errors
    /// [`Refusal::NotAppAdmin`].
    pub async fn application_audit(
        &self,
        caller: &Caller,
        before: Option<Seq>,
    ) -> Result<Page<AuditEvent>, Error> {
        let me = caller.account_holder()?;
        rules::needs_app_admin(self.app_role(caller, me.id).await?)?;
        let range = Range { before, limit: PAGE_ENTRIES, ..Range::default() };
        let Page { entries, epoch, begins, head } =
            self.reader(caller).page(&Topic::app_audit(), range).await?;
        let read = |data: Json| serde_json::from_str(data.as_str()).unwrap_or(AuditEvent::Unknown);
        let entries = entries.into_iter().map(|entry| entry.map(read)).collect();
        Ok(Page { entries, epoch, begins, head })
    }

    pub(super) async fn new_reset(
        &self,
        caller: &Caller,
        by: Option<&Person>,
        of: Person,
    ) -> Result<Token, Error> {
        let token = Token::from_bytes(self.random());
        let until = Timestamp(self.monotonic.now().0 + RESET_MILLIS);
        let (user, admin) = (of.id, by.map(|by| by.id));
        let write = AccountWrite::CreateReset { token: token.hash(), user, by: admin, until };
        self.commit_noted(
            caller,
            write,
            admin.unwrap_or(user),
            &AuditEvent::ResetOffered { by: by.cloned(), of },
        )
        .await?;
        Ok(token)
    }

    /// Returns the application role of the caller as far as it gives them rights: none to what an application has
    /// granted.
    pub(super) async fn own_app_role(&self, caller: &Caller, user: UserId) -> Result<Option<AppRole>, Error> {
        if caller.grant.is_some() { Ok(None) } else { self.app_role(caller, user).await }
    }

    pub(super) async fn app_role(&self, caller: &Caller, user: UserId) -> Result<Option<AppRole>, Error> {
        Ok(self.reader(caller).account(AccountKey::User(user)).await?.map(|account| account.role))
    }
}
