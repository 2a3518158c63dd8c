//! Limits of open WebSockets: on the node, for each user and for each network.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use chat::Network;
use parking_lot::Mutex;
use wire::UserKey;

use crate::config::Sockets;

/// Counts open WebSockets, so that no user or network takes more than its share.
pub(crate) struct ConnectionLimits {
    limits: Sockets,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    node: usize,
    /// The sockets that have ended since the server began.
    ended: u64,
    users: HashMap<UserKey, usize>,
    networks: HashMap<Network, usize>,
}

/// A counted socket; released when it is dropped.
pub(crate) struct SocketPermit {
    limits: Arc<ConnectionLimits>,
    user: Option<UserKey>,
    network: Network,
}

impl ConnectionLimits {
    pub(crate) fn new(limits: Sockets) -> Self {
        Self { limits, counts: Mutex::default() }
    }

    /// Counts a new socket; none if that would exceed a limit.
    pub(crate) fn acquire(self: &Arc<Self>, user: Option<UserKey>, network: Network) -> Option<SocketPermit> {
        let mut counts = self.counts.lock();
        let of_user = user.and_then(|user| counts.users.get(&user)).copied().unwrap_or_default();
        let of_network = counts.networks.get(&network).copied().unwrap_or_default();
        let Sockets { node, user: per_user, network: per_network } = self.limits;
        if counts.node >= node || of_user >= per_user || of_network >= per_network {
            return None;
        }
        counts.node += 1;
        if let Some(user) = user {
            *counts.users.entry(user).or_default() += 1;
        }
        *counts.networks.entry(network).or_default() += 1;
        Some(SocketPermit { limits: Arc::clone(self), user, network })
    }

    /// Returns the number of open sockets, and of those that have ended.
    pub(crate) fn count(&self) -> (u64, u64) {
        let counts = self.counts.lock();
        (counts.node as u64, counts.ended)
    }
}

impl SocketPermit {
    /// Counts the socket of nobody as that of a user; false if that would exceed their limit.
    pub(crate) fn assign(&mut self, user: UserKey) -> bool {
        if self.user.is_some() {
            return self.user == Some(user);
        }
        let mut counts = self.limits.counts.lock();
        let of_user = counts.users.entry(user).or_default();
        if *of_user >= self.limits.limits.user {
            return false;
        }
        *of_user += 1;
        drop(counts);
        self.user = Some(user);
        true
    }
}

impl Drop for SocketPermit {
    fn drop(&mut self) {
        let mut counts = self.limits.counts.lock();
        counts.node -= 1;
        counts.ended += 1;
        if let Some(user) = self.user {
            one_less(&mut counts.users, user);
        }
        one_less(&mut counts.networks, self.network);
    }
}

fn one_less<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use wire::{ApplicationId, UserId};

    use super::*;

    #[test]
    fn nobody_takes_more_than_their_share_and_what_is_given_back_can_be_taken() {
        let limits = Arc::new(ConnectionLimits::new(Sockets { node: 4, user: 2, network: 3 }));
        let user = |id| UserKey { application: ApplicationId::BUILT_IN, user: UserId::from_bytes([id; 10]) };
        let (ann, ben) = (user(1), user(2));
        let [home, away] = ["127.0.0.1", "127.0.0.2"].map(|ip| Network::of(ip.parse().unwrap()));
        let first = limits.acquire(Some(ann), home).unwrap();
        let _second = limits.acquire(Some(ann), home).unwrap();
        assert!(limits.acquire(Some(ann), away).is_none(), "ann has two");
        let _third = limits.acquire(Some(ben), home).unwrap();
        assert!(limits.acquire(None, home).is_none(), "home has three");
        let _fourth = limits.acquire(None, away).unwrap();
        assert!(limits.acquire(None, away).is_none(), "the node has four");
        let mut open = limits.acquire(None, away);
        assert!(open.is_none());
        drop(first);
        open = limits.acquire(None, away);
        let mut open = open.unwrap();
        assert!(open.assign(ben) && open.assign(ben) && !open.assign(ann), "the socket is ben's now");
        drop(open);
        assert!(limits.acquire(Some(ann), home).is_some());
        assert_eq!(limits.counts.lock().networks.len(), 2);
    }
}
