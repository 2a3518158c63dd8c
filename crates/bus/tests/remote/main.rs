//! The buses over Redis and NATS keep the contract, and survive what a network and its people do to them.

mod backend;
mod faults;
mod forgery;
mod secrets;
mod slow_node;

/// Makes a test of each case for a service.
macro_rules! cases {
    ($backend:ty; $($facet:ident: $($case:ident)*;)*) => {
        $(mod $facet {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    crate::$facet::$case::<$backend>().await;
                }
            )*
        })*
    };
}

/// Makes the tests of each service.
macro_rules! services {
    ($($service:ident: $backend:ty;)*) => {
        $(mod $service {
            use std::sync::Arc;

            use chat::Bus;

            use crate::backend::fresh;

            fn pair() -> Option<[Arc<dyn Bus>; 2]> {
                fresh::<$backend>()
            }

            chat::bus_contract!(pair);
            chat::carrying_contract!(pair);

            cases! { $backend;
                faults:
                    a_killed_service_that_comes_back_carries_hints_again
                    a_cut_link_takes_down_one_node_and_makes_messages_late_at_most
                    a_frozen_link_is_noticed_although_it_is_connected
                    a_link_over_which_nothing_comes_back_is_noticed
                    a_slow_link_carries_hints
                    a_paused_service_is_noticed_and_forgiven
                    a_node_that_starts_before_its_service_finds_it_later;
                forgery:
                    forged_messages_are_dropped_and_counted
                    a_message_counts_once_and_on_its_own_channel
                    a_cluster_with_another_secret_is_not_heard
                    a_node_that_the_store_does_not_have_is_not_heard_until_it_has
                    messages_of_another_version_are_passed_over
                    missing_messages_are_noticed;
                secrets:
                    a_password_is_in_no_text;
            }
        })*
    };
}

services! {
    redis: services::Redis;
    nats: services::Nats;
}
