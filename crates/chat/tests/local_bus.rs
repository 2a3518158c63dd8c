//! The bus of one process keeps the contract of the port, and a node asks a bus for what it needs.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chat::bus::HintStream;
use chat::testing::{Listener, Node, SeededChance};
use chat::{Bus, BusHealth, Hint, LocalBus, MemoryStore, Window};
use wire::{ApplicationId, LogKey, Topic};

chat::bus_contract!(fresh);
chat::carrying_contract!(fresh);

fn fresh() -> Option<[Arc<dyn Bus>; 2]> {
    let bus = Arc::new(LocalBus::default());
    Some([bus.clone(), bus])
}

/// A bus that records the logs whose hints were asked for.
#[derive(Default)]
struct Recorder {
    bus: LocalBus,
    asked: Mutex<Vec<LogKey>>,
}

#[async_trait]
impl Bus for Recorder {
    fn announce(&self, hint: Hint) {
        self.bus.announce(hint);
    }

    fn follow(&self, log: &LogKey) {
        self.asked.lock().unwrap().push(log.clone());
    }

    fn health(&self) -> BusHealth {
        self.bus.health()
    }

    fn listen(&self) -> Box<dyn HintStream> {
        self.bus.listen()
    }
}

#[tokio::test]
async fn a_node_asks_for_the_hints_of_a_log_that_somebody_subscribes_to() {
    let bus = Arc::new(Recorder::default());
    let store = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let node = Node::start(store, bus.clone(), Node::patient(), 1);
    let weather = Topic::new("wetter/zürich").unwrap();
    node.publish(&weather, 1).await;
    assert!(bus.asked.lock().unwrap().is_empty(), "nobody reads it here");
    let mut noor = Listener::new(&node.chat, None);
    noor.subscribe(&weather, None).await.unwrap();
    assert_eq!(*bus.asked.lock().unwrap(), [LogKey::new(ApplicationId::BUILT_IN, weather)]);
}
