//! Revocations: ended sessions close their sockets before later entries are published.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use broker::CloseHandle;
use parking_lot::{Mutex, MutexGuard};
use wire::UserKey;

use crate::auth::caller::Caller;
use crate::auth::session::TokenHash;
use crate::ports::store::Sessions;

/// Closes the sockets of ended sessions, before anything later is published.
#[derive(Debug, Default)]
pub struct Revocations {
    watched: Mutex<HashMap<UserKey, HashMap<u64, Watched>>>,
    next: AtomicU64,
    /// The number of times that sessions have ended.
    ended: AtomicU64,
}

#[derive(Debug)]
struct Watched {
    token: TokenHash,
    close: CloseHandle,
}

/// One socket's watch on its session; it ends when this is dropped.
#[derive(Debug)]
pub struct RevocationWatch {
    watched: Option<(Arc<Revocations>, UserKey, u64)>,
}

impl Revocations {
    /// Closes the connection through the handle when the session of a caller ends; without a session nothing ever
    /// ends.
    pub(crate) fn watch(self: &Arc<Self>, caller: &Caller, close_handle: CloseHandle) -> RevocationWatch {
        let (Some(me), Some(session)) = (caller.signed_in(), &caller.session) else {
            return RevocationWatch { watched: None };
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let watched = Watched { token: session.hash(), close: close_handle };
        let user = caller.key(me.id);
        self.watched().entry(user).or_default().insert(number, watched);
        RevocationWatch { watched: Some((Arc::clone(self), user, number)) }
    }

    /// Ends sessions of a user. Call it before anything later is published.
    pub(crate) fn revoke(&self, user: UserKey, which: Sessions) {
        // Before the watches are read: a watch that begins later finds that something has ended.
        self.ended.fetch_add(1, Ordering::SeqCst);
        for watched in self.watched().get(&user).into_iter().flat_map(HashMap::values) {
            if which.contains(watched.token) {
                watched.close.close();
            }
        }
    }

    /// Returns the number of times that sessions have ended so far.
    pub(crate) fn position(&self) -> u64 {
        self.ended.load(Ordering::SeqCst)
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<UserKey, HashMap<u64, Watched>>> {
        self.watched.lock()
    }
}

impl Drop for RevocationWatch {
    fn drop(&mut self) {
        let Some((revocations, user, number)) = self.watched.take() else { return };
        let mut watched = revocations.watched();
        if let Some(of_user) = watched.get_mut(&user) {
            of_user.remove(&number);
            if of_user.is_empty() {
                watched.remove(&user);
            }
        }
    }
}
