//! Revocations: ended sessions, revoked API tokens and deleted applications close their sockets before later entries are
//! published.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use broker::CloseHandle;
use parking_lot::{Mutex, MutexGuard};
use tokio::task::AbortHandle;
use wire::{ApplicationId, UserKey};

use crate::auth::caller::Caller;
use crate::auth::session::TokenHash;
use crate::ports::store::Sessions;

/// Closes the sockets of ended sessions, revoked API tokens and deleted applications, before anything later is
/// published.
#[derive(Debug, Default)]
pub struct Revocations {
    watched: Mutex<HashMap<Holder, HashMap<u64, Watched>>>,
    next: AtomicU64,
    /// The number of times that sessions or tokens have ended.
    ended: AtomicU64,
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
        let watched = Watched { token, close: close_handle };
        self.watched().entry(holder).or_default().insert(number, watched);
        RevocationWatch { expiry, watched: Some((Arc::clone(self), holder, number)) }
    }

    /// Ends sessions of a user. Call it before anything later is published.
    pub(crate) fn revoke(&self, user: UserKey, which: Sessions) {
        self.close(|holder| holder == Holder::User(user), which);
    }

    /// Ends the API tokens of an application, all or those but one. Call it before anything later is published.
    pub(crate) fn revoke_tokens(&self, application: ApplicationId, which: Sessions) {
        self.close(|holder| holder == Holder::Application(application), which);
    }

    /// Ends all sessions and API tokens of an application. Call it before anything later is published.
    pub(crate) fn revoke_application(&self, application: ApplicationId) {
        let is_of = |holder| match holder {
            Holder::User(user) => user.application == application,
            Holder::Application(other) => other == application,
        };
        self.close(is_of, Sessions::All);
    }

    fn close(&self, is_concerned: impl Fn(Holder) -> bool, which: Sessions) {
        // Before the watches are read: a watch that begins later finds that something has ended.
        self.ended.fetch_add(1, Ordering::SeqCst);
        let watched = self.watched();
        let concerned = watched.iter().filter(|(holder, _)| is_concerned(**holder));
        for watched in concerned.flat_map(|(_, of_holder)| of_holder.values()) {
            if which.contains(watched.token) {
                watched.close.close();
            }
        }
    }

    /// Returns the number of times that sessions or tokens have ended so far.
    pub(crate) fn position(&self) -> u64 {
        self.ended.load(Ordering::SeqCst)
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<Holder, HashMap<u64, Watched>>> {
        self.watched.lock()
    }
}

impl Drop for RevocationWatch {
    fn drop(&mut self) {
        if let Some(expiry) = self.expiry.take() {
            expiry.abort();
        }
        let Some((revocations, holder, number)) = self.watched.take() else { return };
        let mut watched = revocations.watched();
        if let Some(of_holder) = watched.get_mut(&holder) {
            of_holder.remove(&number);
            if of_holder.is_empty() {
                watched.remove(&holder);
            }
        }
    }
}
