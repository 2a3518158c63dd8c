//! The contract suite of the bus, run against the local bus of a single machine.

use std::sync::Arc;

use chat::Bus;

chat::bus_contract!(fresh);

fn fresh() -> [Arc<dyn Bus>; 2] {
    let bus = bus::open("local").unwrap();
    [Arc::clone(&bus), bus]
}
