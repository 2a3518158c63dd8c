//! Revocations: ended sessions, revoked API tokens and deleted applications close their sockets before later entries are
//! delivered.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use broker::CloseHandle;
use parking_lot::Mutex;
use tokio::task::AbortHandle;
use wire::{ApplicationId, Seq, UserKey};

use crate::auth::caller::Caller;
use crate::auth::session::TokenHash;
use crate::ports::store::{Revocation, RevocationSlice};

/// The sockets of this node with the sessions or API tokens they run in, and the position up to which revocations have
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

/// The holder of sessions or of API tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    /// A user, with sessions.
    User(UserKey),
    /// An application, with API tokens.
    Application(ApplicationId),
}

#[derive(Debug)]
struct Watched {
    token: TokenHash,
    close: CloseHandle,
    /// The position at which the session or token was read: earlier revocations do not concern it.
    since: Seq,
}

/// One socket's watch on its session or API token; it ends when this is dropped.
#[derive(Debug)]
pub struct RevocationWatch {
    /// The task that closes the connection when its token expires.
    expiry: Option<AbortHandle>,
    watched: Option<(Arc<Revocations>, Holder, u64)>,
}

impl Revocations {
    /// Closes the connection through the handle when the session of a caller ends, or their API token; without either
    /// nothing ever ends. `expires` is the time until the token expires by itself.
    pub(crate) fn watch(
        self: &Arc<Self>,
        caller: &Caller,
        expires: Option<Duration>,
        close_handle: CloseHandle,
    ) -> RevocationWatch {
        let (holder, token) = match (caller.api_token, caller.signed_in(), &caller.session) {
            (Some(token), ..) => (Holder::Application(caller.application), token),
            (None, Some(me), Some(session)) => (Holder::User(caller.key(me.id)), session.hash()),
            (None, ..) => return RevocationWatch { expiry: None, watched: None },
        };
        let expiry = expires.map(|expires| {
            let close_handle = close_handle.clone();
            let task = tokio::spawn(async move {
                tokio::time::sleep(expires).await;
                close_handle.close();
            });
            task.abort_handle()
        });
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let watched = Watched { token, close: close_handle, since: caller.revocations };
        self.state.lock().watched.entry(holder).or_default().insert(number, watched);
        RevocationWatch { expiry, watched: Some((Arc::clone(self), holder, number)) }
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
        let close = |watched: &HashMap<u64, Watched>, ends: &dyn Fn(TokenHash) -> bool| {
            for watched in watched.values().filter(|watched| watched.since < seq && ends(watched.token)) {
                watched.close.close();
            }
        };
        let holder = match revocation {
            Revocation::Sessions { user, .. } => Holder::User(user),
            Revocation::Tokens { application, .. } => Holder::Application(application),
            Revocation::Application(application) => {
                for (_, watched) in self.watched.iter().filter(|(holder, _)| holder.is_of(application)) {
                    close(watched, &|_| true);
                }
                return;
            }
        };
        if let (Some(watched), Revocation::Sessions { which, .. } | Revocation::Tokens { which, .. }) =
            (self.watched.get(&holder), revocation)
        {
            close(watched, &|token| which.contains(token));
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

impl Drop for RevocationWatch {
    fn drop(&mut self) {
        if let Some(expiry) = self.expiry.take() {
            expiry.abort();
        }
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
