use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use broker::Valve;
use tokio::sync::Notify;
use wire::UserId;

use crate::chat::Caller;
use crate::session::TokenHash;
use crate::store::Sessions;

/// Tells sockets that their session is over, before anything later is published.
#[derive(Debug, Default)]
pub struct Endings {
    watched: Mutex<HashMap<UserId, HashMap<u64, Watched>>>,
    next: AtomicU64,
}

#[derive(Debug)]
struct Watched {
    token: TokenHash,
    over: Arc<Over>,
}

#[derive(Debug, Default)]
struct Over {
    /// Closed when it is over.
    valve: Valve,
    bell: Notify,
}

/// One socket's ear for the end of its session.
#[derive(Debug)]
pub struct Ending {
    endings: Option<(Arc<Endings>, UserId, u64)>,
    over: Arc<Over>,
}

impl Endings {
    /// Watches the session of a caller; without one nothing ever ends.
    pub(crate) fn watch(self: &Arc<Self>, caller: &Caller) -> Ending {
        let over = Arc::new(Over::default());
        let (Some(me), Some(session)) = (&caller.me, &caller.session) else {
            return Ending { endings: None, over };
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let watched = Watched { token: session.hash(), over: Arc::clone(&over) };
        self.watched().entry(me.id).or_default().insert(number, watched);
        Ending { endings: Some((Arc::clone(self), me.id, number)), over }
    }

    /// Ends sessions of a user. Call it before anything later is published.
    pub(crate) fn end(&self, user: UserId, which: Sessions) {
        for watched in self.watched().get(&user).into_iter().flat_map(HashMap::values) {
            if which.contains(watched.token) {
                watched.over.valve.close();
                watched.over.bell.notify_one();
            }
        }
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<UserId, HashMap<u64, Watched>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ending {
    /// What keeps deliveries back once the session is over.
    #[must_use]
    pub fn valve(&self) -> Valve {
        self.over.valve.clone()
    }

    /// Waits until the session is over. Cancel-safe.
    pub async fn over(&self) {
        while !self.over.valve.is_closed() {
            self.over.bell.notified().await;
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let Some((endings, user, number)) = self.endings.take() else { return };
        let mut watched = endings.watched();
        if let Some(of_user) = watched.get_mut(&user) {
            of_user.remove(&number);
            if of_user.is_empty() {
                watched.remove(&user);
            }
        }
    }
}
