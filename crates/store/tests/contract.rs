//! `SQLite` keeps the contract of every store.

use std::sync::Arc;

use chat::Store;
use chat::testing::{Gate, SeededChance};
use store::SqliteStore;

chat::store_contract!(fresh);

/// A store in a folder of its own, which goes when the store does.
fn fresh() -> Arc<dyn Store> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &SeededChance::new(1)).unwrap();
    Gate::housed(Arc::new(store), folder)
}
