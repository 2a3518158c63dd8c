//! The volatile store keeps the contract of the port, within its window.

use std::sync::Arc;

use chat::testing::SeededChance;
use chat::{Store, VolatileStore, Window};

mod contract {
    use super::*;

    fn fresh() -> Arc<dyn Store> {
        Arc::new(VolatileStore::new(&SeededChance::new(7), Window::default()))
    }

    chat::store_contract!(fresh);
}
