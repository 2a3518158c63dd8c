//! The bus of one process keeps the contract of the port.

use std::sync::Arc;

use chat::{Bus, LocalBus};

chat::bus_contract!(fresh);

fn fresh() -> [Arc<dyn Bus>; 2] {
    let bus = Arc::new(LocalBus::default());
    [bus.clone(), bus]
}
