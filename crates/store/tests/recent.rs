//! Recent entries over `SQLite`: the tests that all stores share.

use std::sync::Arc;

use chat::testing::{Gate, SeededChance};
use store::SqliteStore;

/// Opens a store in a temporary folder, which is deleted with the store.
fn fresh() -> Arc<Gate> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &SeededChance::new(1)).unwrap();
    Gate::housed(Arc::new(store), folder)
}

chat::recent_contract!(12, fresh);
