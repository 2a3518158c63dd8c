//! Attempts in memory, and the removal of guests who never did anything.

use std::collections::BTreeMap;

use wire::{Timestamp, UserId};

use super::state::ApplicationState;
use crate::auth::session::TokenHash;
use crate::ports::store::{
    Attempt, AttemptKey, AttemptOutcome, AttemptWrite, Sender, Sessions, Sweep, Swept,
};

/// Attempts within windows, and guests who never did anything.
impl ApplicationState {
    pub(super) fn write_attempts(&mut self, write: &AttemptWrite) -> AttemptOutcome {
        match write {
            AttemptWrite::Take { attempts, at } => self.take_attempts(attempts, *at),
            AttemptWrite::Return { attempts } => self.give_back(attempts),
        }
    }

    fn take_attempts(&mut self, attempts: &[Attempt], at: Timestamp) -> AttemptOutcome {
        let mut wait_ms = 0;
        for Attempt { key, max, window_ms } in attempts {
            let made = self.attempts.entry(*key).or_default();
            made.iter_mut().for_each(|made| *made = at.min(*made));
            made.retain(|made| at.0 - made.0 < *window_ms);
            let max = usize::try_from(*max).unwrap_or(usize::MAX);
            // There is room again when enough have expired that one fewer than allowed is left.
            if let Some(made) = made.len().checked_sub(max).and_then(|over| made.get(over)) {
                wait_ms = wait_ms.max(made.0 + window_ms - at.0);
            }
        }
        if wait_ms > 0 {
            return AttemptOutcome::Exhausted { wait_ms };
        }
        for Attempt { key, .. } in attempts {
            self.attempts.entry(*key).or_default().push(at);
        }
        AttemptOutcome::Done
    }

    fn give_back(&mut self, attempts: &[AttemptKey]) -> AttemptOutcome {
        for key in attempts {
            if let Some(made) = self.attempts.get_mut(key) {
                made.pop();
            }
        }
        AttemptOutcome::Done
    }

    pub(super) fn sweep(&mut self, sweep: Sweep) -> Swept {
        self.sweep_attempts(sweep.attempts_before);
        self.sweep_links(sweep.links_before);
        self.sweep_user_tokens(sweep.links_before);
        let expired = self.sweep_sessions(sweep.sessions_seen_before, sweep.sessions_begun_before);
        let guests = self.sweep_guests(sweep.guests_before, sweep.guests);
        let ended = expired.into_iter().map(|(user, token)| (sweep.at, user, Sessions::One(token)));
        self.ended.extend(ended.chain(guests.iter().map(|user| (sweep.at, *user, Sessions::All))));
        Swept { guests }
    }

    fn sweep_attempts(&mut self, before: Timestamp) {
        self.attempts.retain(|_, made| {
            made.retain(|made| *made >= before);
            !made.is_empty()
        });
    }

    fn sweep_links(&mut self, before: Timestamp) {
        self.resets.retain(|_, reset| reset.until >= before);
        for group in self.groups.values_mut() {
            group
                .invites
                .retain(|invite| invite.uses != Some(0) && invite.until.is_none_or(|until| until >= before));
        }
    }

    /// Removes expired sessions; returns them with their users.
    fn sweep_sessions(
        &mut self,
        seen_before: Timestamp,
        begun_before: Timestamp,
    ) -> Vec<(UserId, TokenHash)> {
        let mut expired = Vec::new();
        self.sessions.retain(|token, session| {
            let stays = session.seen >= seen_before && session.since >= begun_before;
            if !stays {
                expired.push((session.user, *token));
            }
            stays
        });
        for tokens in self.sessions_of.values_mut() {
            tokens.retain(|_, token| self.sessions.contains_key(token));
        }
        expired
    }

    fn sweep_guests(&mut self, before: Timestamp, most: usize) -> Vec<UserId> {
        let came: Vec<_> =
            self.newcomers.range(..(before, UserId::from_bytes([0; 10]))).take(most).copied().collect();
        let mut gone = Vec::new();
        for (since, user) in came {
            self.newcomers.remove(&(since, user));
            if self.has_done_something(user) {
                continue;
            }
            let tokens = self.sessions_of.get(&user).into_iter().flat_map(BTreeMap::values);
            let seen = tokens.filter_map(|token| self.sessions.get(token)).map(|session| session.seen).max();
            match seen {
                Some(seen) if seen >= before => {
                    self.newcomers.insert((seen, user));
                }
                _ => {
                    for token in self.sessions_of.remove(&user).into_iter().flat_map(BTreeMap::into_values) {
                        self.sessions.remove(&token);
                    }
                    if let Some(person) = self.people.remove(&user) {
                        self.guest_names.remove(person.name.as_str(), user);
                    }
                    self.profiles.remove(&user);
                    gone.push(user);
                }
            }
        }
        gone
    }

    pub(super) fn has_done_something(&self, user: UserId) -> bool {
        self.accounts.contains_key(&user)
            || self.joined.get(&user).is_some_and(|joined| !joined.is_empty())
            || self.directs.contains_key(&user)
            || self.blocks.iter().any(|(by, blocked)| *by == user || blocked.contains(&user))
            || self.logs.contains_key(&wire::Topic::user(user))
            || self.sent.keys().any(|(sender, _)| *sender == Sender::User(user))
    }
}
