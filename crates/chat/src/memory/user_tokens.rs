//! User tokens in memory: the times from which they count, and links that sign in.

use wire::{ApplicationId, Timestamp, UserId};

use super::records::StoredLink;
use super::state::ApplicationState;
use super::store_state::MemoryState;
use crate::auth::session::TokenHash;
use crate::ports::store::{Checked, NewSession, Revocation, SignInLink, UserTokenWrite};

impl MemoryState {
    pub(super) fn write_user_tokens(
        &mut self,
        application: ApplicationId,
        write: &UserTokenWrite,
    ) -> Checked {
        match write {
            UserTokenWrite::EndIssued { user, before, at } => {
                match user {
                    Some(user) => self.application(application).end_issued(*user, *before),
                    None => self.registry.end_issued(application, *before),
                }
                let ended = Revocation::Issued { application, user: *user, before: *before };
                self.revocations.append(*at, vec![ended]);
                Checked::Done
            }
            UserTokenWrite::RotateKey { keep_until, at } => {
                let Some(version) = self.registry.rotate_key(application, *keep_until) else {
                    return Checked::Stale;
                };
                let previous_until = *keep_until;
                let ended = Revocation::SigningKey { application, version, previous_until };
                self.revocations.append(*at, vec![ended]);
                Checked::Done
            }
            UserTokenWrite::AddLink { link, user, at, until } => {
                let state = self.application(application);
                if state.person(*user).is_none() {
                    return Checked::Stale;
                }
                let stored = StoredLink { user: *user, created: *at, until: *until };
                state.links.insert(*link, stored);
                Checked::Done
            }
            UserTokenWrite::UseLink { link, session, at } => self.use_link(application, *link, session, *at),
        }
    }

    /// Returns the time from which tokens must be issued to work for a user; none if there is no such user.
    pub(super) fn tokens_valid_from(&self, application: ApplicationId, user: UserId) -> Option<Timestamp> {
        let state = self.applications.get(&application)?;
        state.person(user)?;
        let of_user = state.tokens_valid_from.get(&user).copied().unwrap_or_default();
        Some(of_user.max(self.registry.tokens_valid_from(application)))
    }

    pub(super) fn sign_in_link(&self, application: ApplicationId, link: TokenHash) -> Option<SignInLink> {
        let state = self.applications.get(&application)?;
        let StoredLink { user, created, until } = state.links.get(&link)?;
        let is_valid = *created >= self.tokens_valid_from(application, *user)?;
        is_valid.then_some(SignInLink { person: state.person(*user)?, until: *until })
    }

    fn use_link(
        &mut self,
        application: ApplicationId,
        hash: TokenHash,
        session: &NewSession,
        at: Timestamp,
    ) -> Checked {
        let found = self.sign_in_link(application, hash).filter(|link| at < link.until);
        let is_deleted = self.registry.is_deleted(application);
        let state = self.application(application);
        state.links.remove(&hash);
        let Some(SignInLink { person, .. }) = found.filter(|_| !is_deleted) else { return Checked::Stale };
        state.begin(person.id, session);
        if let Some(stored) = state.sessions.get_mut(&session.token) {
            stored.is_linked = true;
        }
        Checked::Done
    }
}

impl ApplicationState {
    pub(super) fn end_issued(&mut self, user: UserId, before: Timestamp) {
        let valid_from = self.tokens_valid_from.entry(user).or_default();
        *valid_from = before.max(*valid_from);
    }

    /// Ends all tokens of a user who is deleted, for good, and those that name their key.
    pub(super) fn end_user(&mut self, user: UserId, before: Timestamp) {
        self.end_issued(user, Timestamp(i64::MAX));
        self.links.retain(|_, link| link.user != user);
        if let Some(key) = self.keys_of_users.get(&user) {
            self.ended_user_keys.insert(key.clone(), before);
        }
    }

    pub(super) fn sweep_user_tokens(&mut self, before: Timestamp) {
        self.links.retain(|_, link| link.until >= before);
        self.ended_user_keys.retain(|_, valid_from| *valid_from >= before);
    }
}
