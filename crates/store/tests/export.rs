//! Exports of SQLite and PostgreSQL stores, and imports of them into empty ones.

mod exports;

use std::sync::Arc;

use chat::testing::{Gate, SeededChance};
use chat::{MasterSecret, OsRandom, Store};
use store::{PostgresConfig, PostgresStore, SqliteStore};

fn sqlite() -> Arc<dyn Store> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &SeededChance::new(1)).unwrap();
    Gate::housed(Arc::new(store), folder)
}

/// Opens a store in a database of its own; none if there is no server, and then a line says so.
fn postgres() -> Option<Arc<dyn Store>> {
    let database = services::postgres()?.temporary_database();
    let folder = tempfile::tempdir().unwrap();
    let config = PostgresConfig::new(database.url(), None, folder.path().to_owned()).unwrap();
    let secret = MasterSecret::from_bytes([7; 32]);
    let store = PostgresStore::open(config.with_connections(2, 2), &secret, &OsRandom).unwrap();
    Some(Gate::housed(Arc::new(store), (folder, database)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_what_was_imported_from_sqlite_is_the_same_but_for_its_header() {
    exports::is_the_same_again([sqlite(), sqlite(), sqlite()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_of_what_was_imported_from_postgres_is_the_same_but_for_its_header() {
    if let (Some(one), Some(other)) = (postgres(), postgres()) {
        exports::is_the_same_again([one, other, sqlite()]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_no_text_of_deleted_and_trimmed_messages_and_no_secret() {
    exports::has_nothing_that_is_gone(sqlite()).await;
    if let Some(postgres) = postgres() {
        exports::has_nothing_that_is_gone(postgres).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_nothing_that_is_sent_while_it_is_written() {
    exports::is_of_its_beginning(sqlite()).await;
    if let Some(postgres) = postgres() {
        exports::is_of_its_beginning(postgres).await;
    }
}
