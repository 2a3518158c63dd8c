//! The state of the bus to other nodes, for operators.

use crate::chat::Chat;
use crate::ports::bus::{BusHealth, BusMetrics};

/// The bus to other nodes.
impl Chat {
    /// Returns the health of the bus to other nodes.
    #[must_use]
    pub fn bus_health(&self) -> BusHealth {
        self.bus.health()
    }

    /// Returns the counters of the bus to other nodes.
    #[must_use]
    pub fn bus_metrics(&self) -> BusMetrics {
        self.bus.metrics()
    }
}
