//! The contract of [`Bus`](crate::Bus), as cases that every implementation passes: two nodes over one store,
//! joined by nothing but the bus.
//!
//! [`bus_contract!`](crate::bus_contract) is the list of the cases. Those of [`carrying_contract!`](crate::carrying_contract)
//! are for buses that carry hints, which is every bus but none at all.

#![expect(missing_docs, reason = "the name of a case is its sentence")]

pub mod carrying;
pub mod delivery;
pub mod ephemeral;
pub mod lost_hints;
mod postman;
mod tea;

use std::sync::Arc;

use crate::ports::bus::Bus;

/// Makes the two ends of a fresh bus, one for each node; none if its service is not installed, and the case is skipped.
/// Of a bus within a process they are the same.
pub trait Fresh: Fn() -> Option<[Arc<dyn Bus>; 2]> + Send + Sync + 'static {}

impl<F: Fn() -> Option<[Arc<dyn Bus>; 2]> + Send + Sync + 'static> Fresh for F {}

/// Makes a test of each case of the contract of [`Bus`](crate::Bus). Takes a factory: a function, or
/// anything else that is [`Fresh`](crate::testing::bus::Fresh).
///
/// The crate that calls it needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! bus_contract {
    ($fresh:expr) => {
        $crate::bus_contract! { $fresh;
            delivery:
                ben_hears_on_his_node_what_ann_says_on_hers
                everyone_hears_one_order_whoever_writes_where
                who_leaves_on_one_node_hears_nothing_later_on_the_other
                a_node_that_goes_leaves_the_others_talking;
            lost_hints:
                what_was_not_told_is_made_good_by_the_next_hint
                hints_in_any_order_and_twice_tell_the_same;
        }
    };
    ($fresh:expr; $($facet:ident: $($case:ident)*;)*) => {
        $(mod $facet {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    $crate::testing::bus::$facet::$case($fresh).await;
                }
            )*
        })*
    };
}

/// As [`bus_contract!`](crate::bus_contract), for the cases in which hints and signals have to arrive.
#[macro_export]
macro_rules! carrying_contract {
    ($fresh:expr) => {
        $crate::bus_contract! { $fresh;
            carrying:
                every_kind_of_hint_reaches_the_other_node
                hints_of_many_logs_all_arrive;
            ephemeral:
                ben_sees_that_ann_types_on_the_other_node
                ann_sees_how_far_ben_has_read_on_the_other_node
                everyone_is_present_on_whichever_node_they_are
                who_closes_their_page_is_gone_on_the_other_node
                a_node_that_ends_says_so
                users_of_a_node_that_falls_silent_are_gone_in_time;
        }
    };
}
