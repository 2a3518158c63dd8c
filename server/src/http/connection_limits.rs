//! Limits of open HTTP connections.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chat::Network;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::config::Connections as Limits;

/// Counts HTTP connections that are not WebSockets, so that nobody takes more than their share. At the limit, the
/// connection that has been idle longest is closed: one with half a request, or a keep-alive one. New clients never
/// wait for those who only hold connections open.
pub(crate) struct OpenConnections {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The order number of the next connection that becomes idle.
    next: u64,
    all: usize,
    networks: HashMap<Network, usize>,
    /// Idle connections, longest idle first.
    waiting: BTreeMap<u64, Waiting>,
    /// The same by network.
    by_network: BTreeSet<(Network, u64)>,
}

struct Waiting {
    network: Option<Network>,
    place: Arc<Place>,
}

/// The state of a counted connection.
struct Place {
    end: CancellationToken,
    at: Mutex<At>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Idle: the next step is the peer's. With its number in the order.
    Waiting(u64),
    /// A request is being processed.
    Working,
    /// It is closed and no longer counted.
    Ended,
}

/// A counted connection, until this is dropped.
#[derive(Clone)]
pub(crate) struct Permit(Arc<Counted>);

struct Counted {
    connections: Arc<OpenConnections>,
    network: Option<Network>,
    place: Arc<Place>,
}

impl OpenConnections {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    /// Counts a new connection, for its network too if there is one. None if no idle connection can be closed instead.
    pub(crate) fn open(self: &Arc<Self>, network: Option<Network>) -> Option<Permit> {
        let mut state = self.state.lock();
        let of_network =
            network.and_then(|network| state.networks.get(&network)).copied().unwrap_or_default();
        if of_network >= self.limits.network {
            let network = network?;
            let (_, longest) = state.by_network.range((network, 0)..=(network, u64::MAX)).next().copied()?;
            state.end(longest);
        }
        if state.all >= self.limits.node {
            let longest = *state.waiting.first_key_value()?.0;
            state.end(longest);
        }
        state.all += 1;
        if let Some(network) = network {
            *state.networks.entry(network).or_default() += 1;
        }
        let place = Arc::new(Place { end: CancellationToken::new(), at: Mutex::new(At::Working) });
        state.wait(network, &place);
        Some(Permit(Arc::new(Counted { connections: Arc::clone(self), network, place })))
    }

    /// Returns the number of open connections, and the most that may be open.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.state.lock().all, self.limits.node)
    }

    /// Closes the connection that has been idle longest, if there is one.
    pub(crate) fn give_way(&self) {
        let mut state = self.state.lock();
        if let Some(longest) = state.waiting.first_key_value().map(|(at, _)| *at) {
            state.end(longest);
        }
    }
}

impl Permit {
    /// Marks the connection as busy: a request was received.
    pub(crate) fn works(&self) {
        let Counted { connections, network, place } = &*self.0;
        let mut state = connections.state.lock();
        let at = place.at();
        if let At::Waiting(at) = at {
            state.forget(*network, at);
            place.set(At::Working);
        }
    }

    /// Marks the connection as idle: the request is done.
    pub(crate) fn waits(&self) {
        let Counted { connections, network, place } = &*self.0;
        let mut state = connections.state.lock();
        match place.at() {
            At::Waiting(at) => state.forget(*network, at),
            At::Working => {}
            At::Ended => return,
        }
        state.wait(*network, place);
    }

    /// Completes when the connection must close.
    pub(crate) async fn ended(&self) {
        self.0.place.end.cancelled().await;
    }
}

impl State {
    fn wait(&mut self, network: Option<Network>, place: &Arc<Place>) {
        let at = self.next;
        self.next += 1;
        self.waiting.insert(at, Waiting { network, place: Arc::clone(place) });
        if let Some(network) = network {
            self.by_network.insert((network, at));
        }
        place.set(At::Waiting(at));
    }

    fn forget(&mut self, network: Option<Network>, at: u64) {
        self.waiting.remove(&at);
        if let Some(network) = network {
            self.by_network.remove(&(network, at));
        }
    }

    /// Closes an idle connection. It is no longer counted from now on, though its task may need a moment.
    fn end(&mut self, at: u64) {
        if let Some(Waiting { network, place }) = self.waiting.remove(&at) {
            if let Some(network) = network {
                self.by_network.remove(&(network, at));
            }
            place.set(At::Ended);
            place.end.cancel();
            self.one_less(network);
        }
    }

    fn one_less(&mut self, network: Option<Network>) {
        self.all -= 1;
        let Some(network) = network else { return };
        if let Some(count) = self.networks.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.networks.remove(&network);
            }
        }
    }
}

impl Place {
    fn at(&self) -> At {
        *self.at.lock()
    }

    fn set(&self, at: At) {
        *self.at.lock() = at;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Self { connections, network, place } = self;
        let mut state = connections.state.lock();
        match place.at() {
            At::Waiting(at) => state.forget(*network, at),
            At::Working => {}
            At::Ended => return,
        }
        state.one_less(*network);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(node: usize, network: usize) -> Arc<OpenConnections> {
        Arc::new(OpenConnections::new(Limits { node, network }))
    }

    fn ended(permit: &Permit) -> bool {
        permit.0.place.end.is_cancelled()
    }

    #[test]
    fn who_only_holds_connections_open_gives_way_to_somebody_new() {
        let connections = connections(3, 2);
        let [home, away] = ["203.0.113.1", "2001:db8::1"].map(|ip| Network::of(ip.parse().unwrap()));
        let first = connections.open(Some(home)).unwrap();
        let second = connections.open(Some(home)).unwrap();
        let third = connections.open(Some(home)).unwrap();
        assert_eq!([&first, &second, &third].map(ended), [true, false, false], "home has two");
        let fourth = connections.open(Some(away)).unwrap();
        second.waits();
        let fifth = connections.open(Some(away)).unwrap();
        assert_eq!(
            [&second, &third, &fourth, &fifth].map(ended),
            [false, true, false, false],
            "all have three"
        );
        drop((first, second, third, fourth, fifth));
        let state = connections.state.lock();
        assert_eq!(
            (state.all, state.networks.len(), state.waiting.len(), state.by_network.len()),
            (0, 0, 0, 0)
        );
    }

    #[test]
    fn whose_request_is_carried_out_never_gives_way() {
        let connections = connections(2, 2);
        let first = connections.open(None).unwrap();
        first.works();
        let second = connections.open(None).unwrap();
        second.works();
        assert!(connections.open(None).is_none());
        first.waits();
        let third = connections.open(None).unwrap();
        assert_eq!([&first, &second, &third].map(ended), [true, false, false]);
        first.works();
        first.waits();
        drop(first);
        assert_eq!(connections.state.lock().all, 2);
    }
}
