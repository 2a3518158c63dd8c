//! The end of all sockets while this node is stale: it does not know who has lost a right.

use std::time::Duration;

use chat::Freshness;
use tokio::time::{MissedTickBehavior, interval};

use crate::server::AppState;

/// The time between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// Wakes all connections while the node is stale, so that they end, and counts the sockets for the node's reports; as
/// long as it is polled. A store of one node needs neither.
pub(crate) async fn watch(app: AppState) {
    if app.chat.freshness_age().is_none() {
        return;
    }
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        app.chat.set_sockets(app.connection_limits.count().0);
        if app.chat.freshness() == Freshness::Stale {
            app.clock.wake_all();
        }
    }
}
