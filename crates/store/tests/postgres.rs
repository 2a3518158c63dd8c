//! The contracts of [`chat::Store`] and of its search index, kept by PostgreSQL.

use std::any::Any;
use std::sync::Arc;

use chat::testing::{Gate, SeededChance};
use chat::{MasterSecret, OsRandom, Store};
use store::{PostgresConfig, PostgresStore};

chat::search_contract!(fresh);
chat::store_contract!(fresh);
chat::concurrent_contract!(pair);

/// Opens a store in a database of its own, with a temporary folder for the index, which is deleted with the store.
fn fresh() -> Arc<dyn Store> {
    let Some(server) = services::postgres() else {
        // The line that says so is printed; the cases hold for a store that needs no server.
        return Arc::new(chat::MemoryStore::new(&SeededChance::new(1), chat::Window::default()));
    };
    let database = server.temporary_database();
    let url = database.url().to_owned();
    open(&url, database)
}

/// Opens two stores in one database.
fn pair() -> [Arc<dyn Store>; 2] {
    let Some(server) = services::postgres() else {
        let store = fresh();
        return [Arc::clone(&store), store];
    };
    let database = Arc::new(server.temporary_database());
    [open(database.url(), Arc::clone(&database)), open(database.url(), Arc::clone(&database))]
}

fn open(url: &str, house: impl Any + Send + Sync) -> Arc<dyn Store> {
    let folder = tempfile::tempdir().unwrap();
    let config = PostgresConfig::new(url, None, folder.path().to_owned()).unwrap();
    let secret = MasterSecret::from_bytes([7; 32]);
    let store = PostgresStore::open(config.with_connections(2, 2), &secret, &OsRandom).unwrap();
    Gate::housed(Arc::new(store), (folder, house))
}
