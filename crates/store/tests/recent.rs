//! Recent entries over `SQLite`: the tests that all stores share.

use std::sync::Arc;

use chat::testing::{Gate, SeededChance, recent};
use store::SqliteStore;

/// Makes a test of each case of [`chat::testing::recent`].
macro_rules! recent_tests {
    ($($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            recent::$case(fresh).await;
        }
    )*};
}

recent_tests! {
    a_log_that_is_read_again_is_read_from_memory
    readers_of_the_same_log_share_one_read_of_the_store
    subscribers_recover_from_memory_what_others_read
    entries_of_another_node_are_not_missing
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_from_memory_is_that_of_the_store() {
    recent::history_from_memory_is_that_of_the_store(12, fresh).await;
}

/// Opens a store in a temporary folder, which is deleted with the store.
fn fresh() -> Arc<Gate> {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &SeededChance::new(1)).unwrap();
    Gate::housed(Arc::new(store), folder)
}
