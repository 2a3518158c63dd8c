//! Recent entries over the store in memory: the tests that all stores share.

use std::sync::Arc;

use chat::testing::{Gate, SeededChance};
use chat::{MemoryStore, Window};

/// Creates a store in memory that keeps so few entries of a log that old ones are evicted.
fn fresh() -> Arc<Gate> {
    let window = Window { entries: 300, ..Window::default() };
    Gate::before(Arc::new(MemoryStore::new(&SeededChance::new(1), window)))
}

chat::recent_contract!(48, fresh);
