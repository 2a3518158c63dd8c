//! What tests of every crate share, and the contract suites of the two ports. With the feature `testing` only.
//!
//! A store is done when [`store_contract!`](crate::store_contract) passes on it unchanged, a bus when
//! [`bus_contract!`](crate::bus_contract) does. Both macros take a factory of fresh ones and make a test of
//! each case. The cast is [`ann`], [`ben`] and [`cal`]; time is a [`ManualClock`], chance a [`SeededChance`],
//! so nothing here sleeps and every run is the same but for the order in which tasks take turns.
//!
//! Start reading at [`Node`] and [`Listener`], then `store/mod.rs`.

mod bus;
mod cast;
mod chance;
mod clock;
mod listener;
mod node;
mod outside;
mod property;
pub mod store;

pub use bus::{a_dropped_hint_is_made_good_by_the_next, what_one_node_commits_all_nodes_deliver};
pub use cast::{ann, ben, cal, person};
pub use chance::SeededChance;
pub use clock::ManualClock;
pub use listener::{Heard, Listener};
pub use node::Node;
pub use property::for_all;

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
