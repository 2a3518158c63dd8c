//! Revocations: ended sessions, revoked tokens and deleted applications close their sockets before later entries are
//! delivered.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use broker::{CloseHandle, WakeHandle};
use parking_lot::Mutex;
use wire::{ApplicationId, Person, Seq, Timestamp, UserKey};

use crate::auth::caller::Caller;
use crate::auth::grant::Grant;
use crate::auth::session::TokenHash;
use crate::ports::store::{Revocation, RevocationSlice, Sessions};

/// The sockets of this node with the sessions or tokens they run in, and the position up to which revocations have
/// closed them.
///
/// Every commit of this node, and every read of what other nodes have written, brings the revocations up to then. They
/// are applied before any of these entries is admitted.
#[derive(Debug, Default)]
pub struct Revocations {
    state: Mutex<State>,
    next: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// The last revocation that was applied.
    position: Seq,
    watched: HashMap<Holder, HashMap<u64, Watched>>,
}

/// The holder of sessions or of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    /// A user, with sessions and user tokens.
    User(UserKey),
    /// An application, with API tokens.
    Application(ApplicationId),
}

#[derive(Debug)]
struct Watched {
    /// The session or the API token; none for a user token, which is not stored.
    token: Option<TokenHash>,
    /// The grant of an application, by a user token or a link.
    grant: Option<Arc<Grant>>,
    /// The time at which it ends by itself.
    expires: Arc<AtomicI64>,
    close: CloseHandle,
    wake: WakeHandle,
    /// The position at which the session or token was read: earlier revocations do not concern it.
    since: Seq,
}

/// One socket's watch on its session or token; it ends when this is dropped.
#[derive(Debug)]
pub struct RevocationWatch {
    /// In milliseconds of Unix time; [`NEVER`] if there is no end.
    expires: Arc<AtomicI64>,
    watched: Option<(Arc<Revocations>, Holder, u64)>,
}

const NEVER: i64 = i64::MAX;

impl Revocations {
    /// Closes the connection through the handle when the session of a caller ends, or their token; without either nothing
    /// ever ends. If the end moves nearer, the connection is woken.
    pub(crate) fn watch(
        self: &Arc<Self>,
        caller: &Caller,
        close_handle: CloseHandle,
        wake_handle: WakeHandle,
    ) -> RevocationWatch {
        let expires = Arc::new(AtomicI64::new(caller.expires.map_or(NEVER, |expires| expires.0)));
        let user = |me: &Person| Holder::User(caller.key(me.id));
        let (holder, token) = match (caller.api_token, caller.signed_in(), &caller.session, &caller.grant) {
            (Some(token), ..) => (Holder::Application(caller.application), Some(token)),
            (None, Some(me), Some(session), _) => (user(me), Some(session.hash())),
            (None, Some(me), None, Some(_)) => (user(me), None),
            (None, ..) => return RevocationWatch { expires, watched: None },
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let watched = Watched {
            token,
            grant: caller.grant.clone(),
            expires: Arc::clone(&expires),
            close: close_handle,
            wake: wake_handle,
            since: caller.revocations,
        };
        self.state.lock().watched.entry(holder).or_default().insert(number, watched);
        RevocationWatch { expires, watched: Some((Arc::clone(self), holder, number)) }
    }

    /// Closes the sockets of what has ended. Call it before anything later is admitted. Where revocations are missing,
    /// it closes every socket whose session or token they could have ended.
    pub(crate) fn apply(&self, slice: &RevocationSlice) {
        // Under one lock, so that nobody sees the new position before the sockets are closed.
        let mut state = self.state.lock();
        if slice.after > state.position {
            let all = state.watched.values().flat_map(HashMap::values);
            all.filter(|watched| watched.since < slice.after).for_each(|watched| watched.close.close());
            state.position = slice.after;
        }
        for (seq, ended) in &slice.entries {
            if *seq <= state.position {
                continue;
            }
            ended.iter().for_each(|revocation| state.close(*seq, *revocation));
            state.position = *seq;
        }
    }

    /// Returns the last revocation that was applied.
    pub(crate) fn position(&self) -> Seq {
        self.state.lock().position
    }
}

impl State {
    fn close(&self, seq: Seq, revocation: Revocation) {
        let close = |watched: &HashMap<u64, Watched>, ends: &dyn Fn(&Watched) -> bool| {
            for watched in watched.values().filter(|watched| watched.since < seq && ends(watched)) {
                watched.close.close();
            }
        };
        let of = |application: ApplicationId| {
            self.watched
                .iter()
                .filter(move |(holder, _)| holder.is_of(application))
                .map(|(_, watched)| watched)
        };
        match revocation {
            Revocation::Sessions { user, which } => {
                let watched = self.watched.get(&Holder::User(user));
                watched.into_iter().for_each(|watched| close(watched, &|one| one.is_one_of(which)));
            }
            Revocation::Tokens { application, which } => {
                let watched = self.watched.get(&Holder::Application(application));
                watched.into_iter().for_each(|watched| close(watched, &|one| one.is_one_of(which)));
            }
            Revocation::Issued { application, user: Some(user), before } => {
                let watched = self.watched.get(&Holder::User(UserKey { application, user }));
                watched.into_iter().for_each(|watched| close(watched, &|one| one.is_issued_before(before)));
            }
            Revocation::Issued { application, user: None, before } => {
                of(application).for_each(|watched| close(watched, &|one| one.is_issued_before(before)));
            }
            Revocation::SigningKey { application, version, previous_until } => {
                for watched in of(application) {
                    close(watched, &|one| one.ends_with_key(version, previous_until));
                }
            }
            Revocation::Application(application) => {
                of(application).for_each(|watched| close(watched, &|_| true));
            }
        }
    }
}

impl Watched {
    fn is_one_of(&self, which: Sessions) -> bool {
        self.token.is_some_and(|token| which.contains(token))
    }

    fn is_issued_before(&self, before: Timestamp) -> bool {
        self.grant.as_ref().is_some_and(|grant| grant.issued < before)
    }

    /// Returns true if it ends at once with a new version of its signing key. If it ends later, the connection is notified.
    fn ends_with_key(&self, version: u32, previous_until: Option<Timestamp>) -> bool {
        let Some(own) = self.grant.as_ref().and_then(|grant| grant.key_version) else { return false };
        match previous_until {
            Some(until) if own.checked_add(1) == Some(version) => {
                if self.expires.fetch_min(until.0, Ordering::AcqRel) > until.0 {
                    self.wake.wake();
                }
                false
            }
            _ => own < version,
        }
    }
}

impl Holder {
    fn is_of(&self, application: ApplicationId) -> bool {
        match self {
            Self::User(user) => user.application == application,
            Self::Application(other) => *other == application,
        }
    }
}

impl RevocationWatch {
    /// Returns the time at which the session or token ends by itself, as far as it is known now.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        Some(self.expires.load(Ordering::Acquire)).filter(|expires| *expires != NEVER).map(Timestamp)
    }
}

impl Drop for RevocationWatch {
    fn drop(&mut self) {
        let Some((revocations, holder, number)) = self.watched.take() else { return };
        let mut state = revocations.state.lock();
        if let Some(of_holder) = state.watched.get_mut(&holder) {
            of_holder.remove(&number);
            if of_holder.is_empty() {
                state.watched.remove(&holder);
            }
        }
    }
}
