use bytes::Bytes;
use wire::{AppRole, Description, Login, Timestamp, UserId};

use super::state::State;
use crate::session::{Session, SessionSummary, TokenHash};
use crate::store::{Account, AccountKey, Listed, NewSession, Outcome, PasswordHash, Profile};

pub(super) struct Stored {
    pub(super) user: UserId,
    pub(super) label: String,
    pub(super) since: Timestamp,
    pub(super) seen: Timestamp,
    /// Counts sessions: which one began last.
    pub(super) number: u64,
}

pub(super) struct Claimed {
    pub(super) password: PasswordHash,
    pub(super) role: AppRole,
}

/// What a token for a new password stands for.
pub(super) struct Reset {
    pub(super) user: UserId,
    pub(super) by: Option<UserId>,
    pub(super) until: Timestamp,
}

/// What somebody tells of themselves.
pub(super) struct Told {
    pub(super) since: Timestamp,
    pub(super) bio: Description,
    pub(super) picture: Option<Bytes>,
}

/// People, their accounts and sessions.
impl State {
    pub(super) fn profile(&self, user: UserId) -> Option<Profile> {
        let (person, told) = (self.person(user)?, self.profiles.get(&user)?);
        let Told { since, bio, picture } = told;
        Some(Profile { person, since: *since, bio: bio.clone(), has_picture: picture.is_some() })
    }

    pub(super) fn picture(&self, user: UserId) -> Option<Bytes> {
        self.profiles.get(&user)?.picture.clone()
    }

    pub(super) fn session(&self, token: TokenHash) -> Option<Session> {
        let stored = self.sessions.get(&token)?;
        let person = self.people.get(&stored.user)?.clone();
        Some(Session { person, since: stored.since, seen: stored.seen })
    }

    pub(super) fn account(&self, key: &AccountKey) -> Option<Account> {
        let user = match key {
            AccountKey::User(user) => *user,
            AccountKey::Login(login) => *self.logins.get(login)?,
        };
        let Claimed { password, role } = self.accounts.get(&user)?;
        Some(Account { person: self.person(user)?, password: password.clone(), role: *role })
    }

    pub(super) fn sessions(&self, user: UserId) -> Vec<SessionSummary> {
        let mut sessions: Vec<_> = self.sessions.iter().filter(|(_, session)| session.user == user).collect();
        sessions.sort_by_key(|(_, session)| std::cmp::Reverse(session.number));
        let summary = |(token, session): (&TokenHash, &Stored)| SessionSummary {
            token: *token,
            label: session.label.clone(),
            since: session.since,
            seen: session.seen,
        };
        sessions.into_iter().map(summary).collect()
    }

    pub(super) fn begin(&mut self, user: UserId, session: &NewSession) -> Outcome {
        self.next_session += 1;
        let NewSession { token, label, at } = session.clone();
        let stored = Stored { user, label, since: at, seen: at, number: self.next_session };
        self.sessions.insert(token, stored);
        Outcome::Done
    }

    pub(super) fn use_reset(&mut self, token: TokenHash, password: &PasswordHash) -> Outcome {
        let Some(user) = self.resets.get(&token).map(|reset| reset.user) else { return Outcome::Stale };
        self.resets.retain(|_, reset| reset.user != user);
        if let Some(account) = self.accounts.get_mut(&user) {
            account.password = password.clone();
        }
        Outcome::Done
    }

    pub(super) fn accounts(&self) -> Vec<Listed> {
        let listed = |(user, account): (&UserId, &Claimed)| {
            Some(Listed { person: self.person(*user)?, role: account.role })
        };
        let mut accounts: Vec<Listed> = self.accounts.iter().filter_map(listed).collect();
        accounts.sort_by_key(|listed| (listed.person.name.as_str().to_lowercase(), listed.person.id));
        accounts
    }

    pub(super) fn reset(&self, token: TokenHash) -> Option<(UserId, Timestamp)> {
        self.resets.get(&token).map(|reset| (reset.user, reset.until))
    }

    pub(super) fn claim(&mut self, user: UserId, login: &Login, password: &PasswordHash) -> Outcome {
        if self.logins.contains_key(login) || self.accounts.contains_key(&user) {
            return Outcome::LoginTaken;
        }
        let role = if self.accounts.is_empty() { AppRole::Owner } else { AppRole::Member };
        self.logins.insert(login.clone(), user);
        self.accounts.insert(user, Claimed { password: password.clone(), role });
        Outcome::Done
    }
}
