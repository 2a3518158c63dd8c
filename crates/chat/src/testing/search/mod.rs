//! The contract of [`SearchIndex`](crate::search_index::SearchIndex), as cases that every store with its index passes.
//!
//! The cases search as users do: a [`World`] is a node over the store. All stores find the same messages for the same
//! search; `any_text.rs` compares them with a scan.

#![expect(missing_docs, reason = "the name of a case is its sentence")]

pub mod any_text;
pub mod changes;
pub mod finding;
pub mod hostile;
pub mod index;
pub mod pages;
pub mod privacy;
mod world;

pub use world::World;

/// Makes a test of each case of the contract of [`SearchIndex`](crate::search_index::SearchIndex). Takes a factory of
/// fresh stores.
///
/// The crate that calls it needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! search_contract {
    ($fresh:expr) => {
        $crate::search_contract! { $fresh;
            any_text:
                any_search_finds_what_a_scan_finds;
            changes:
                an_edited_message_is_found_by_its_present_text
                a_deleted_message_is_not_found
                nothing_of_a_deleted_group_is_found
                trimmed_messages_are_found_no_longer
                nothing_of_a_deleted_group_without_members_is_left
                nothing_of_a_deleted_application_is_left;
            finding:
                words_and_parts_of_words_are_found_the_newest_first
                dense_writing_is_found_by_any_part
                a_search_is_narrowed_by_conversation_author_and_time
                a_hit_says_where_it_is_and_marks_the_words;
            hostile:
                no_query_does_any_harm;
            index:
                messages_are_followed_in_their_order
                trims_are_followed_in_their_order_with_messages
                an_update_from_elsewhere_changes_nothing
                an_update_may_be_applied_again;
            pages:
                pages_follow_each_other_until_the_last
                rare_hits_are_found_behind_many_candidates
                pages_go_on_though_the_message_where_one_ended_was_trimmed
                a_cursor_is_good_for_its_own_log_only;
            privacy:
                only_members_find_what_is_said
                others_directs_are_not_found
                someone_in_many_groups_finds_only_what_is_said_there
                equal_words_in_another_application_are_not_found
                searches_are_limited;
        }
    };
    ($fresh:expr; $($facet:ident: $($case:ident)*;)*) => {
        mod search {
            use super::*;
            $(mod $facet {
                use super::*;
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        $crate::testing::search::$facet::$case($fresh()).await;
                    }
                )*
            })*
        }
    };
}
