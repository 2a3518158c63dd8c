//! The contract suites, and the world outside as tests want it. With the feature `testing` only.
//!
//! A backend is done when [`store_contract!`](crate::store_contract) and
//! [`bus_contract!`](crate::bus_contract) pass unchanged.

mod bus;
mod model;
mod outside;
mod store;

pub use bus::{a_dropped_hint_is_made_good_by_the_next, what_one_node_commits_all_nodes_deliver};
pub use model::a_store_behaves_like_its_model;
pub use outside::{ManualClock, SeededChance, chat_over};
pub use store::*;

/// Makes one test of each case of the store's contract. Takes an expression that gives a future of a fresh
/// `Arc<dyn Store>` each time it is called; what the store needs is to live as long as the store.
#[macro_export]
macro_rules! store_contract {
    ($fresh:expr) => {
        $crate::store_contract!(@ $fresh,
            entries_are_dense_in_every_log, a_repeat_is_the_same_message, an_id_is_not_taken_twice,
            nobody_posts_without_a_seat, pages_go_both_ways, a_stale_change_writes_nothing,
            a_roster_has_its_order, sessions_are_found_by_their_token, data_is_kept_to_the_letter,
            fifty_race_for_the_last_seat, a_store_behaves_like_its_model);
    };
    (@ $fresh:expr, $($case:ident),+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::$case($fresh).await;
            }
        )+
    };
}

/// Makes one test of each case of the bus's contract. Takes an expression that gives a fresh bus.
#[macro_export]
macro_rules! bus_contract {
    ($fresh:expr) => {
        $crate::bus_contract!(@ $fresh,
            what_one_node_commits_all_nodes_deliver, a_dropped_hint_is_made_good_by_the_next);
    };
    (@ $fresh:expr, $($case:ident),+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::$case($fresh).await;
            }
        )+
    };
}
