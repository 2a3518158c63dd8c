//! Users in memory: accounts, sessions, profiles and reset tokens.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use wire::{AppRole, ApplicationId, Person, Seq, Timestamp, UserId};

use super::records::{StoredAccount, StoredProfile, StoredReset, StoredSession};
use super::state::ApplicationState;
use crate::auth::session::{Session, SessionSummary, TokenHash};
use crate::ports::store::{
    Account, AccountKey, AccountListing, AccountWrite, Checked, CreateAccount, CreateAccountOutcome, DEVICES,
    FirstRole, NewSession, PasswordHash, Profile, SessionWrite, Sessions, folded,
};

/// Returns the sort key of lists of users.
pub(super) fn by_name(person: &Person) -> (String, UserId) {
    (folded(person.name.as_str()), person.id)
}

/// Users, their accounts and sessions.
impl ApplicationState {
    pub(super) fn profile(&self, user: UserId) -> Option<Profile> {
        let (person, told) = (self.person(user)?, self.profiles.get(&user)?);
        let StoredProfile { since, bio, picture } = told;
        Some(Profile { person, since: *since, bio: bio.clone(), has_picture: picture.is_some() })
    }

    pub(super) fn users(&self, after: Option<UserId>, limit: usize) -> Vec<Profile> {
        let after = after.map(|after| after.to_string());
        let idle: BTreeSet<UserId> = self.newcomers.iter().map(|(_, user)| *user).collect();
        let idle = |user: &UserId| idle.contains(user) && !self.has_done_something(*user);
        let later = self.people.keys().filter(|user| Some(user.to_string()) > after && !idle(user));
        let ids: BTreeMap<String, UserId> = later.map(|user| (user.to_string(), *user)).collect();
        ids.into_values().filter_map(|user| self.profile(user)).take(limit).collect()
    }

    pub(super) fn picture(&self, user: UserId) -> Option<Bytes> {
        self.profiles.get(&user)?.picture.clone()
    }

    /// Returns the session of a token. `valid_from` is the time from which tokens of the application count.
    pub(super) fn session(
        &self,
        application: ApplicationId,
        token: TokenHash,
        valid_from: Timestamp,
        revocations: Seq,
    ) -> Option<Session> {
        let stored = self.sessions.get(&token)?;
        let person = self.people.get(&stored.user)?.clone();
        let of_user = self.tokens_valid_from.get(&person.id).copied().unwrap_or_default();
        let linked = stored.is_linked.then_some(of_user.max(valid_from));
        let (since, seen) = (stored.since, stored.seen);
        Some(Session { application, person, since, seen, linked, revocations })
    }

    pub(super) fn account(&self, key: &AccountKey) -> Option<Account> {
        let user = match key {
            AccountKey::User(user) => *user,
            AccountKey::Login(login) => *login.keys().find_map(|key| self.logins.get(key))?,
        };
        let StoredAccount { password, role } = self.accounts.get(&user)?;
        Some(Account { person: self.person(user)?, password: password.clone(), role: *role })
    }

    pub(super) fn sessions(&self, user: UserId) -> Vec<SessionSummary> {
        let tokens = self.sessions_of.get(&user).into_iter().flat_map(BTreeMap::values).rev();
        let summary = |token: &TokenHash| {
            let session = self.sessions.get(token)?;
            Some(SessionSummary {
                token: *token,
                label: session.label.clone(),
                since: session.since,
                seen: session.seen,
            })
        };
        tokens.filter_map(summary).collect()
    }

    pub(super) fn write_account(&mut self, write: AccountWrite) -> Checked {
        match write {
            AccountWrite::MakeOwner { user } => return self.make_owner(user),
            AccountWrite::SetPassword { user, checked, password } => {
                return self.set_password(user, &checked, password);
            }
            AccountWrite::SetApplicationRole { user, role } => {
                if let Some(account) = self.accounts.get_mut(&user) {
                    account.role = role;
                }
                self.resets.retain(|_, reset| reset.user != user && reset.by != Some(user));
            }
            AccountWrite::CreateReset { token, user, by, until } => {
                self.resets.insert(token, StoredReset { user, by, until });
            }
            AccountWrite::ResetPassword { token, password } => return self.use_reset(token, password),
            AccountWrite::RememberDevice { user, device, .. } => self.know_device(user, device),
        }
        Checked::Done
    }

    pub(super) fn write_session(&mut self, write: SessionWrite) -> Checked {
        match write {
            SessionWrite::SignIn { user, checked: Some(checked), .. }
                if !self.is_password(user, &checked) =>
            {
                return Checked::Stale;
            }
            SessionWrite::SignIn { user, session, .. } => self.begin(user, &session),
            SessionWrite::SignOut { user, which, at } => self.sign_out(user, which, at),
            SessionWrite::Touch { token, at } => {
                if let Some(session) = self.sessions.get_mut(&token) {
                    session.seen = at;
                    session.since = session.since.min(at);
                }
            }
        }
        Checked::Done
    }

    pub(super) fn begin(&mut self, user: UserId, session: &NewSession) {
        self.next_session += 1;
        let NewSession { token, label, at } = session.clone();
        self.sessions.insert(token, StoredSession { user, label, since: at, seen: at, is_linked: false });
        self.sessions_of.entry(user).or_default().insert(self.next_session, token);
    }

    pub(super) fn sign_out(&mut self, user: UserId, which: Sessions, at: Timestamp) {
        let of = self.sessions_of.entry(user).or_default();
        if of.values().any(|token| which.contains(*token)) {
            self.ended.push((at, user, which));
        }
        of.retain(|_, token| {
            let ends = which.contains(*token);
            if ends {
                self.sessions.remove(token);
            }
            !ends
        });
    }

    fn use_reset(&mut self, token: TokenHash, password: PasswordHash) -> Checked {
        let Some(user) = self.resets.get(&token).map(|reset| reset.user) else { return Checked::Stale };
        self.resets.retain(|_, reset| reset.user != user);
        if let Some(account) = self.accounts.get_mut(&user) {
            account.password = password;
        }
        Checked::Done
    }

    pub(super) fn accounts(&self, words: &str, after: Option<UserId>, limit: usize) -> Vec<AccountListing> {
        let listed =
            |person: Person| Some(AccountListing { role: self.accounts.get(&person.id)?.role, person });
        self.account_holders(words, after, limit).into_iter().filter_map(listed).collect()
    }

    /// Returns users with an account, by name: those whose name contains these words, or all after one of them.
    pub(super) fn account_holders(&self, words: &str, after: Option<UserId>, limit: usize) -> Vec<Person> {
        let words = folded(words);
        if words.is_empty() {
            let after = after.and_then(|id| Some((folded(self.people.get(&id)?.name.as_str()), id)));
            let after = after.as_ref().map(|(name, id)| (name.as_str(), *id));
            return self.account_names.after(after).filter_map(|id| self.person(id)).take(limit).collect();
        }
        let mut found: Vec<UserId> = Vec::new();
        for id in self.account_names.with(&words) {
            if found.len() >= limit {
                break;
            }
            if !found.contains(&id) {
                found.push(id);
            }
        }
        let mut found: Vec<Person> = found.into_iter().filter_map(|id| self.person(id)).collect();
        found.sort_by_cached_key(by_name);
        found
    }

    pub(super) fn reset(&self, token: TokenHash) -> Option<(UserId, Timestamp)> {
        self.resets.get(&token).map(|reset| (reset.user, reset.until))
    }

    pub(super) fn create_account(&mut self, new: CreateAccount) -> CreateAccountOutcome {
        let CreateAccount { user, login, password, rank } = new;
        if login.keys().any(|key| self.logins.contains_key(key)) || self.accounts.contains_key(&user) {
            return CreateAccountOutcome::LoginTaken;
        }
        let role = match rank {
            FirstRole::Owner if self.has_owner() => return CreateAccountOutcome::Stale,
            FirstRole::FirstIsOwner if self.accounts.is_empty() => AppRole::Owner,
            FirstRole::Owner => AppRole::Owner,
            FirstRole::FirstIsOwner | FirstRole::Member => AppRole::Member,
        };
        self.logins.extend(login.keys().map(|key| (key.to_owned(), user)));
        if let Some(name) = self.people.get(&user).map(|person| person.name.clone()) {
            self.guest_names.remove(name.as_str(), user);
            self.account_names.insert(name.as_str(), user);
        }
        self.accounts.insert(user, StoredAccount { password, role });
        CreateAccountOutcome::Done
    }

    fn make_owner(&mut self, user: UserId) -> Checked {
        if self.has_owner() {
            return Checked::Stale;
        }
        let Some(account) = self.accounts.get_mut(&user) else { return Checked::Stale };
        account.role = AppRole::Owner;
        Checked::Done
    }

    pub(super) fn has_owner(&self) -> bool {
        self.accounts.values().any(|account| account.role == AppRole::Owner)
    }

    fn is_password(&self, user: UserId, checked: &PasswordHash) -> bool {
        self.accounts.get(&user).is_some_and(|account| account.password == *checked)
    }

    fn set_password(&mut self, user: UserId, checked: &PasswordHash, password: PasswordHash) -> Checked {
        match self.accounts.get_mut(&user) {
            Some(account) if account.password == *checked => account.password = password,
            _ => return Checked::Stale,
        }
        self.resets.retain(|_, reset| reset.user != user);
        Checked::Done
    }

    fn know_device(&mut self, user: UserId, device: TokenHash) {
        let devices = self.devices.entry(user).or_default();
        devices.retain(|known| *known != device);
        devices.push(device);
        devices.drain(..devices.len().saturating_sub(DEVICES));
    }

    pub(super) fn knows_device(&self, user: UserId, device: TokenHash) -> bool {
        self.devices.get(&user).is_some_and(|devices| devices.contains(&device))
    }
}
