//! The receiving side of a connection: it keeps the subscriptions, checks each message, and passes on its hints.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use chat::{Hint, NodeId};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::channel::Channel;
use super::message::Message;
use super::peers::{Arrival, Peers};
use super::session::Probes;
use super::state::State;
use super::transport::{Published, Subscribe, TransportError};

/// The receiver of one connection.
pub(crate) struct Receiver<'a> {
    state: &'a State,
    peers: &'a mut Peers,
    /// The channels that it is subscribed to.
    subscribed: BTreeSet<Channel>,
    /// The probe that shows that the newest subscriptions are in effect.
    awaited: Option<u64>,
    /// The nodes of the store; none as long as that is not known.
    known: Option<HashSet<NodeId>>,
    /// Messages of nodes that the store may have by now, in the order in which they came.
    held: Vec<Published>,
    /// True if a message was dropped whose node may yet become known: the store was asked before that node began.
    has_dropped: bool,
}

/// The end of a message that was received.
enum Accepted {
    /// It was a probe of this node, with this number.
    Probe(u64),
    /// It is of a node that the store does not have, as far as is known.
    Stranger,
    /// Its hints were passed on, or it is void.
    Other,
}

/// The time between two looks for buckets that are no longer needed.
const LEAVE_EVERY: Duration = Duration::from_secs(10);
/// The most messages of unknown nodes that wait for the next look at the nodes of the store.
const HELD: usize = 256;

impl<'a> Receiver<'a> {
    pub(crate) fn new(state: &'a State, peers: &'a mut Peers) -> Self {
        let (subscribed, known) = (BTreeSet::new(), state.known.borrow().clone());
        Self { state, peers, subscribed, awaited: None, known, held: Vec::new(), has_dropped: false }
    }

    /// Subscribes to the channels that are needed, and passes on what comes, until the connection fails.
    pub(crate) async fn run(mut self, probes: &Probes<'_>, subscriber: &mut dyn Subscribe) -> TransportError {
        let state = self.state;
        let mut known = state.known.subscribe();
        known.mark_changed();
        let mut leave = interval(LEAVE_EVERY);
        leave.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // In this order: a message of a node that has just become known may not overtake those that are held, and
            // a stream of messages may not keep off what comes rarely.
            let result = tokio::select! {
                biased;
                // An error would mean that the state is gone, but this has it.
                _ = known.changed() => {
                    let nodes = known.borrow_and_update().clone();
                    self.learn(nodes);
                    Ok(())
                }
                () = state.interest.grown() => self.update(probes, subscriber).await,
                // At once for the first time.
                _ = leave.tick() => self.update(probes, subscriber).await,
                received = subscriber.next() => received.map(|received| self.receive(probes, received)),
            };
            if let Err(error) = result {
                return error;
            }
        }
    }

    /// Handles a message.
    fn receive(&mut self, probes: &Probes<'_>, received: Published) {
        match self.accept(&received) {
            Accepted::Probe(probe) => {
                probes.came_back();
                if self.awaited.is_some_and(|awaited| probe >= awaited) {
                    self.awaited = None;
                    self.has_recovered();
                }
            }
            Accepted::Stranger if self.held.len() < HELD => self.held.push(received),
            Accepted::Stranger => self.drop_stranger(),
            Accepted::Other => {}
        }
    }

    /// Takes the nodes of the store, and handles the messages that waited for them. If one of a node that is new was
    /// dropped before, hints are missing.
    fn learn(&mut self, nodes: Option<HashSet<NodeId>>) {
        let has_grown = match (&self.known, &nodes) {
            (Some(before), Some(now)) => !now.is_subset(before),
            _ => true,
        };
        self.known = nodes;
        if has_grown && std::mem::take(&mut self.has_dropped) {
            self.deliver(Hint::Lost);
        }
        for received in std::mem::take(&mut self.held) {
            if let Accepted::Stranger = self.accept(&received) {
                self.drop_stranger();
            }
        }
    }

    fn drop_stranger(&mut self) {
        self.state.counters.strangers.add(1);
        self.has_dropped = true;
    }

    /// Subscribes to the channels that are needed now, and to no others.
    async fn update(
        &mut self,
        probes: &Probes<'_>,
        subscriber: &mut dyn Subscribe,
    ) -> Result<(), TransportError> {
        let state = self.state;
        let mut needed = state.interest.current();
        needed.insert(Channel::Control);
        let names =
            |channels: &[Channel]| channels.iter().map(|channel| state.channels.name(*channel)).collect();
        let left: Vec<Channel> = self.subscribed.difference(&needed).copied().collect();
        if !left.is_empty() {
            subscriber.unsubscribe(names(&left)).await?;
            self.peers.leave(&left);
        }
        let new: Vec<Channel> = needed.difference(&self.subscribed).copied().collect();
        if !new.is_empty() {
            subscriber.subscribe(names(&new)).await?;
            self.awaited = Some(probes.ask());
        }
        self.subscribed = needed;
        Ok(())
    }

    /// Hints arrive from now on, on all channels; earlier ones may be missing.
    fn has_recovered(&self) {
        if !self.state.is_healthy.swap(true, Ordering::Relaxed) {
            tracing::info!(bus = self.state.address, "bus healthy");
        }
        self.deliver(Hint::Lost);
    }

    /// Checks a message, and passes on its hints.
    fn accept(&mut self, received: &Published) -> Accepted {
        let Published { channel: name, payload } = received;
        let counters = &self.state.counters;
        // Of a channel that was left a moment ago, or is none of this cluster.
        let Some(channel) = self.state.channels.find(name) else { return Accepted::Other };
        let Some(bytes) = self.state.authentication.open(name, payload) else {
            counters.forged.add(1);
            return Accepted::Other;
        };
        let Some(message) = Message::parse(bytes) else {
            counters.unreadable.add(1);
            return Accepted::Other;
        };
        if message.node() == self.state.node {
            return message.probe().map_or(Accepted::Other, Accepted::Probe);
        }
        if self.known.as_ref().is_some_and(|known| !known.contains(&message.node())) {
            return Accepted::Stranger;
        }
        match self.peers.arrive(message.node(), channel, message.number(), Instant::now()) {
            Arrival::InOrder => {}
            Arrival::After(missing) => {
                counters.missing.add(missing);
                self.deliver(Hint::Lost);
            }
            Arrival::Repeated => {
                counters.repeated.add(1);
                return Accepted::Other;
            }
        }
        counters.received.add(1);
        message.into_hints().for_each(|hint| self.deliver(hint));
        Accepted::Other
    }

    /// Passes a hint on to the subscribers of the bus.
    fn deliver(&self, hint: Hint) {
        // An error means that nobody is subscribed.
        let _ = self.state.hints.send(hint);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::future::pending;

    use async_trait::async_trait;
    use wire::Seq;

    use super::*;
    use crate::BusSettings;

    /// A connection on which these messages are ready at once, and no others come.
    struct Ready(VecDeque<Published>);

    #[async_trait]
    impl Subscribe for Ready {
        async fn subscribe(&mut self, _: Vec<String>) -> Result<(), TransportError> {
            Ok(())
        }

        async fn unsubscribe(&mut self, _: Vec<String>) -> Result<(), TransportError> {
            Ok(())
        }

        async fn next(&mut self) -> Result<Published, TransportError> {
            match self.0.pop_front() {
                Some(message) => Ok(message),
                None => pending().await,
            }
        }
    }

    fn state() -> State {
        let settings = BusSettings {
            cluster: "tea".to_owned(),
            key: [7; 32],
            buckets: BusSettings::BUCKETS,
            node: Some(NodeId(1)),
        };
        State::new("test".to_owned(), &settings, 1_000)
    }

    /// A message of node 5 with this number.
    fn message(state: &State, number: u64) -> Published {
        let channel = state.channels.name(Channel::Control);
        let message = format!(r#"{{"v":1,"node":5,"n":{number},"revoked":{number}}}"#);
        let payload = state.authentication.seal(&channel, message.into_bytes());
        Published { channel, payload }
    }

    fn know(state: &State, nodes: &[u64]) {
        state.known.send_replace(Some(nodes.iter().copied().map(NodeId).collect()));
    }

    fn heard(hints: &mut tokio::sync::broadcast::Receiver<Hint>) -> Vec<String> {
        std::iter::from_fn(|| hints.try_recv().ok())
            .map(|hint| match hint {
                Hint::Revoked { seq: Seq(seq) } => seq.to_string(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    /// Receives until nothing more is ready.
    async fn run(receiver: Receiver<'_>, state: &State, ready: impl IntoIterator<Item = Published>) {
        let probes = Probes::new(state);
        let mut ready = Ready(ready.into_iter().collect());
        let received = receiver.run(&probes, &mut ready);
        // The time stands still while something is ready.
        let ended = tokio::time::timeout(Duration::from_millis(1), received).await;
        assert!(ended.is_err(), "the connection does not fail");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_new_node_says_next_does_not_overtake_what_was_held() {
        for _ in 0..64 {
            let (state, mut peers) = (state(), Peers::default());
            know(&state, &[1, 2]);
            let mut hints = state.hints.subscribe();
            let mut receiver = Receiver::new(&state, &mut peers);
            receiver.receive(&Probes::new(&state), message(&state, 1));
            receiver.receive(&Probes::new(&state), message(&state, 2));
            know(&state, &[1, 2, 5]);
            run(receiver, &state, [message(&state, 3)]).await;
            assert_eq!(heard(&mut hints), ["1", "2", "3"]);
        }
    }

    #[tokio::test]
    async fn hints_of_a_node_that_were_dropped_before_it_was_known_count_as_lost() {
        let (state, mut peers) = (state(), Peers::default());
        know(&state, &[1, 2]);
        let mut hints = state.hints.subscribe();
        let mut receiver = Receiver::new(&state, &mut peers);
        receiver.receive(&Probes::new(&state), message(&state, 1));
        // This look at the store began before node 5 was in it.
        receiver.learn(Some([1, 2].map(NodeId).into()));
        assert_eq!(state.counters.metrics().strangers, 1);
        receiver.learn(Some([1, 2, 5].map(NodeId).into()));
        assert_eq!(heard(&mut hints), ["Lost"]);
        receiver.learn(Some([1, 2, 5, 6].map(NodeId).into()));
        assert_eq!(heard(&mut hints), Vec::<String>::new(), "once is enough");
    }

    #[tokio::test]
    async fn hints_beyond_those_that_are_held_count_as_lost() {
        let (state, mut peers) = (state(), Peers::default());
        know(&state, &[1]);
        let mut hints = state.hints.subscribe();
        let mut receiver = Receiver::new(&state, &mut peers);
        for number in 1..=HELD as u64 + 1 {
            receiver.receive(&Probes::new(&state), message(&state, number));
        }
        receiver.learn(Some([1, 5].map(NodeId).into()));
        let heard = heard(&mut hints);
        assert_eq!(heard.iter().filter(|hint| *hint == "Lost").count(), 1);
        assert_eq!(heard.len(), HELD + 1);
    }
}
