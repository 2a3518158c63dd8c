//! Recent entries over the store in memory: the tests that all stores share.

use std::sync::Arc;

use chat::testing::{Gate, SeededChance, recent};
use chat::{MemoryStore, Window};

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
    recent::history_from_memory_is_that_of_the_store(48, fresh).await;
}

/// Creates a store in memory that keeps so few entries of a log that old ones are evicted.
fn fresh() -> Arc<Gate> {
    let window = Window { entries: 300, ..Window::default() };
    Gate::before(Arc::new(MemoryStore::new(&SeededChance::new(1), window)))
}
