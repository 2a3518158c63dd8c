//! The contracts of [`chat::Store`] and of its search index, kept by `SQLite`.

use std::sync::Arc;

use chat::Store;
use chat::testing::{Gate, SeededChance};
use store::SqliteStore;

chat::search_contract!(fresh);
chat::store_contract!(fresh);
chat::concurrent_contract!(pair);

/// Opens a store in a temporary folder, which is deleted with the store.
fn fresh() -> Arc<dyn Store> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &SeededChance::new(1)).unwrap();
    Gate::housed(Arc::new(store), folder)
}

/// Opens a store for two that use it at the same time.
fn pair() -> [Arc<dyn Store>; 2] {
    let store = fresh();
    [Arc::clone(&store), store]
}
