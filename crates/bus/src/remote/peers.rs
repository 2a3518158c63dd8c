//! The other nodes, and the numbers of their messages: replays are dropped and losses are noticed.

use std::collections::HashMap;
use std::time::Duration;

use chat::NodeId;
use tokio::time::Instant;

use super::channel::Channel;

/// The nodes that were heard of, each with the number of its last message on every channel.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    nodes: HashMap<NodeId, Peer>,
}

#[derive(Debug)]
struct Peer {
    heard: Instant,
    last: HashMap<Channel, u64>,
}

/// The place of a message among those of its node on its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It is the next one, or the first that this node receives.
    InOrder,
    /// This many before it are missing.
    After(u64),
    /// It came before, or later ones did.
    Repeated,
}

/// The time after which a silent node is forgotten. A node that runs sends something every second.
const FORGET: Duration = Duration::from_secs(3_600);

impl Peers {
    /// Notes a message of a node.
    pub(crate) fn arrive(&mut self, node: NodeId, channel: Channel, number: u64, now: Instant) -> Arrival {
        if !self.nodes.contains_key(&node) {
            // Nodes come with restarts, so this is rare, and so is their number bounded.
            self.nodes.retain(|_, peer| now.duration_since(peer.heard) < FORGET);
        }
        let peer = self.nodes.entry(node).or_insert_with(|| Peer { heard: now, last: HashMap::new() });
        peer.heard = now;
        let Some(last) = peer.last.get_mut(&channel) else {
            peer.last.insert(channel, number);
            return Arrival::InOrder;
        };
        if number <= *last {
            return Arrival::Repeated;
        }
        let missing = number - *last - 1;
        *last = number;
        if missing == 0 { Arrival::InOrder } else { Arrival::After(missing) }
    }

    /// Forgets the numbers of channels that this node has left: on its return nothing is missing.
    pub(crate) fn leave(&mut self, channels: &[Channel]) {
        for peer in self.nodes.values_mut() {
            peer.last.retain(|channel, _| !channels.contains(channel));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWS: Channel = Channel::Bucket(7);

    #[tokio::test]
    async fn each_number_of_a_node_counts_once_on_each_channel() {
        let (mut peers, now) = (Peers::default(), Instant::now());
        let mut arrive = |node, channel, number| peers.arrive(NodeId(node), channel, number, now);
        assert_eq!(arrive(1, NEWS, 5), Arrival::InOrder, "the first may have any number");
        assert_eq!(arrive(1, NEWS, 6), Arrival::InOrder);
        assert_eq!(arrive(1, NEWS, 6), Arrival::Repeated);
        assert_eq!(arrive(1, NEWS, 9), Arrival::After(2));
        assert_eq!(arrive(1, NEWS, 8), Arrival::Repeated, "it was counted as missing");
        assert_eq!(arrive(1, Channel::Control, 1), Arrival::InOrder);
        assert_eq!(arrive(2, NEWS, 1), Arrival::InOrder);
    }

    #[tokio::test]
    async fn a_channel_that_was_left_begins_anew() {
        let (mut peers, now) = (Peers::default(), Instant::now());
        peers.arrive(NodeId(1), NEWS, 5, now);
        peers.arrive(NodeId(1), Channel::Control, 5, now);
        peers.leave(&[NEWS]);
        assert_eq!(peers.arrive(NodeId(1), NEWS, 90, now), Arrival::InOrder);
        assert_eq!(peers.arrive(NodeId(1), Channel::Control, 5, now), Arrival::Repeated);
    }

    #[tokio::test]
    async fn a_node_that_is_silent_for_long_is_forgotten() {
        let (mut peers, now) = (Peers::default(), Instant::now());
        peers.arrive(NodeId(1), NEWS, 5, now);
        peers.arrive(NodeId(2), NEWS, 5, now + FORGET);
        assert_eq!(peers.nodes.keys().collect::<Vec<_>>(), [&NodeId(2)]);
    }
}
