//! Identities in memory.

use wire::{Person, Timestamp, UserId};

use super::state::ApplicationState;
use crate::ports::store::{
    AccountKey, CreateAccount, Identity, IdentityOutcome, IdentityWrite, Issuer, LinkedIdentity,
    PasswordHash, UserWrite,
};

impl ApplicationState {
    pub(super) fn user_of_identity(&self, identity: &Identity) -> Option<Person> {
        self.person(self.identities.get(identity)?.0)
    }

    pub(super) fn identities_of(&self, user: UserId) -> Vec<LinkedIdentity> {
        let linked = |(identity, (owner, linked)): (&Identity, &(UserId, Timestamp))| {
            (*owner == user).then(|| LinkedIdentity { identity: identity.clone(), linked: *linked })
        };
        self.identities.iter().filter_map(linked).collect()
    }

    pub(super) fn write_identity(&mut self, write: IdentityWrite) -> IdentityOutcome {
        match write {
            IdentityWrite::SignUp { person, login, rank, identity, session } => {
                if self.identities.contains_key(&identity) {
                    return IdentityOutcome::Taken;
                }
                if self.account(&AccountKey::Login(login.clone())).is_some() {
                    return IdentityOutcome::LoginTaken;
                }
                let (user, at) = (person.id, session.at);
                self.write_user(UserWrite::CreateGuest { person, session });
                self.create_account(CreateAccount { user, login, password: PasswordHash::none(), rank });
                self.identities.insert(identity, (user, at));
            }
            IdentityWrite::SignIn { user, identity, session } => {
                if self.identities.get(&identity).is_none_or(|(owner, _)| *owner != user) {
                    return IdentityOutcome::Stale;
                }
                self.begin(user, &session);
            }
            IdentityWrite::Link { user, identity, at } => {
                if !self.accounts.contains_key(&user) {
                    return IdentityOutcome::Stale;
                }
                if self.identities.contains_key(&identity)
                    || self.has_provider(user, &identity.issuer.provider)
                {
                    return IdentityOutcome::Taken;
                }
                self.identities.insert(identity, (user, at));
            }
            IdentityWrite::Unlink { user, provider, usable } => return self.unlink(user, &provider, &usable),
        }
        IdentityOutcome::Done
    }

    pub(super) fn forget_identities(&mut self, user: UserId) {
        self.identities.retain(|_, (owner, _)| *owner != user);
    }

    fn has_provider(&self, user: UserId, provider: &str) -> bool {
        self.identities_of(user).iter().any(|linked| linked.identity.issuer.provider == provider)
    }

    fn unlink(&mut self, user: UserId, provider: &str, usable: &[Issuer]) -> IdentityOutcome {
        let Some(account) = self.account(&AccountKey::User(user)) else { return IdentityOutcome::Stale };
        if !self.has_provider(user, provider) {
            return IdentityOutcome::Stale;
        }
        let lets_in = |linked: &LinkedIdentity| {
            let issuer = &linked.identity.issuer;
            issuer.provider != provider && usable.contains(issuer)
        };
        if account.password.is_none() && !self.identities_of(user).iter().any(lets_in) {
            return IdentityOutcome::LastWayIn;
        }
        self.identities.retain(|identity, (owner, _)| *owner != user || identity.issuer.provider != provider);
        IdentityOutcome::Done
    }
}
