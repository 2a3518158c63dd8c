//! Comparisons of heads whose answer comes late: what was committed meanwhile is not taken for a log that is gone.

use std::sync::Arc;

use chat::testing::{Gate, Listener, Node, SeededChance};
use chat::{MemoryStore, Window};
use wire::Topic;

use crate::faulty_bus::FaultyBus;

#[tokio::test(start_paused = true)]
async fn a_log_whose_first_entry_comes_while_heads_are_compared_stays_open() {
    let gate = Gate::before(Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default())));
    let bus = FaultyBus::new();
    let nodes = [1, 2].map(|seed| Node::start(gate.clone(), bus.clone(), Node::patient(), seed));
    let mut listeners = Vec::new();
    for name in ["wetter/zürich", "天气"] {
        let topic = Topic::new(name).unwrap();
        let mut noor = Listener::new(&nodes[0].chat, None);
        noor.subscribe(&topic, None).await.unwrap();
        listeners.push((topic, noor));
    }
    gate.hold_heads();
    bus.reconnect();
    // Neither log has an entry when its head is read, and both have one when the answer arrives.
    gate.heads_wait().await;
    for (topic, noor) in &mut listeners {
        nodes[0].publish(topic, 1).await;
        noor.until_seq(topic, 1).await;
    }
    gate.release_heads();
    for (topic, noor) in &mut listeners {
        nodes[1].publish(topic, 2).await;
        noor.until_seq(topic, 2).await;
        assert_eq!(noor.seqs(topic), [1, 2], "{topic}");
    }
}
