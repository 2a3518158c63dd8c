//! The store in memory keeps the contract of the search index.

use std::sync::Arc;

use chat::testing::SeededChance;
use chat::{MemoryStore, Store, Window};

fn fresh() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(&SeededChance::new(1), Window { entries: 100_000, ..Window::default() }))
}

chat::search_contract!(fresh);
