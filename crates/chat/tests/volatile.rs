//! The volatile store keeps the contract of every store.

use std::sync::Arc;

use chat::testing::SeededChance;
use chat::{VolatileStore, Window};

chat::store_contract!(Arc::new(VolatileStore::new(&SeededChance::new(1), Window::default())));
