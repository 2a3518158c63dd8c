//! The contract suite of the bus, run against the local bus of a single machine.

use std::sync::Arc;

use bus::{Address, BusSettings};
use chat::Bus;

chat::bus_contract!(fresh);
chat::carrying_contract!(fresh);

fn fresh() -> Option<[Arc<dyn Bus>; 2]> {
    let settings =
        BusSettings { cluster: "tea".into(), key: [7; 32], buckets: BusSettings::BUCKETS, node: None };
    let bus = bus::open(&Address::Local, settings).unwrap();
    Some([Arc::clone(&bus), bus])
}
