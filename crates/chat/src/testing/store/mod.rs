//! The contract of [`Store`](crate::Store), as cases that every implementation passes.
//!
//! Each file has the cases of one guarantee; [`store_contract!`](crate::store_contract) is the list of them.
//! `history.rs` compares a store with `model.rs`, the simplest implementation of the port's contract.

#![expect(missing_docs, reason = "the name of a case is its sentence")]

pub mod accounts;
pub mod admins;
pub mod amending;
pub mod appended;
pub mod appending;
pub mod applications;
pub mod attempts;
pub mod batches;
pub mod concurrent;
pub mod directs;
pub mod files;
pub mod history;
pub mod hooks;
pub mod identities;
pub mod inbox;
pub mod jobs;
pub mod keyed;
pub mod last_seat;
pub mod marks;
mod model;
pub mod open_topics;
pub mod opening;
pub mod paging;
pub mod receipts;
pub mod restricted;
pub mod revocations;
pub mod rosters;
pub mod seats;
pub mod send_ids;
pub mod sessions;
pub mod slices;
pub mod snapshots;
mod tenant;
pub mod trimming;
pub mod user_tokens;
pub mod webhooks;
mod writing;

pub use tenant::Tenant;
pub use writing::draft;

use std::sync::Arc;

/// A factory of fresh stores: empty, with an epoch of their own.
pub trait Fresh: Fn() -> Arc<Tenant> + Send + Sync + 'static {}

impl<F: Fn() -> Arc<Tenant> + Send + Sync + 'static> Fresh for F {}

/// Makes a test of each case of the contract of [`Store`](crate::Store). Takes a factory of stores.
/// Every case runs in a [`Tenant`]: an application of the store with another beside it.
///
/// The crate that calls it needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! store_contract {
    ($fresh:expr) => {
        $crate::store_contract! { $fresh;
            accounts:
                the_first_account_is_the_owners
                one_login_is_one_account_and_one_person_has_one
                accounts_are_listed_by_name_and_may_do_what_they_were_given
                a_reset_sets_a_password_once
                a_user_has_many_sessions_and_ends_them
                what_is_noted_is_kept_with_what_is_done
                people_tell_of_themselves
                an_owner_is_the_only_one
                a_session_begins_only_with_the_password_that_was_checked
                writes_that_belong_together_are_all_made_or_none
                the_devices_seen_last_are_known;
            attempts:
                only_so_many_attempts_are_taken_within_a_window
                an_attempt_that_is_given_back_does_not_count
                a_clock_that_is_set_back_makes_no_window_longer
                attempts_that_are_over_are_swept
                links_and_invites_that_nobody_can_use_are_swept
                sessions_that_have_expired_are_swept
                guests_who_never_did_anything_are_removed
                a_sweep_looks_at_so_many_guests
                seats_that_others_gave_are_counted_apart;
            admins:
                what_is_set_is_what_was_set_last
                a_standing_tells_what_the_rules_ask
                whoever_is_muted_earlier_in_the_batch_says_nothing
                slow_mode_watches_when_members_speak
                bans_and_invites_come_and_go
                nothing_of_a_deleted_group_stays_behind
                a_person_is_found_by_their_id;
            amending:
                a_change_of_an_entry_is_read_in_its_place_and_told_at_the_end
                changes_of_one_message_by_many_at_once_all_become_facts
                a_change_expects_the_version_that_the_message_has_in_the_commit
                the_same_change_again_is_the_same_change
                without_the_right_nothing_is_changed
                what_is_about_an_entry_is_found_and_rewritten_with_it
                what_is_pinned_is_found_until_it_is_no_longer
                a_moment_has_its_place_in_a_log
                an_entry_that_is_not_there_is_not_found;
            appended:
                every_entry_that_a_commit_appends_is_returned_in_its_order
                an_entry_is_returned_as_it_was_appended
                what_is_refused_or_repeated_appends_nothing
                the_logs_of_a_deleted_group_are_closed
                a_batch_of_two_applications_appends_to_the_logs_of_each;
            appending:
                a_log_counts_from_one_without_holes
                logs_count_for_themselves
                an_entry_comes_back_as_it_was_given
                data_is_kept_byte_for_byte;
            applications:
                the_application_of_the_built_in_ui_is_there
                an_application_is_created_with_a_token_and_its_number_is_never_used_again
                applications_are_listed_by_number
                an_application_changes_only_in_the_version_that_was_expected
                a_token_belongs_to_its_application
                a_new_token_may_revoke_the_others
                tokens_that_ended_long_ago_are_removed
                a_deleted_application_is_unreachable_at_once
                tokens_and_applications_that_end_are_in_the_revocation_log
                the_data_of_a_deleted_application_goes_in_slices
                nothing_is_removed_of_an_application_that_is_not_deleted;
            batches:
                nothing_to_write_is_written
                a_batch_takes_effect_in_its_order
                every_write_has_its_outcome
                what_is_refused_leaves_no_trace_and_the_rest_goes_through
                commits_made_at_once_all_find_their_places
                a_reader_never_sees_half_a_batch;
            directs:
                a_direct_is_there_for_its_two_people_only
                the_first_words_put_a_direct_on_both_lists
                whoever_is_blocked_says_nothing_direct
                people_are_found_by_their_name
                mentions_are_counted_apart
                what_a_member_wants_to_be_told_of_is_kept
                the_refusals_of_a_broadcast_are_kept_once;
            files:
                a_file_is_found_as_it_was_added
                files_have_no_more_bytes_than_they_may
                a_message_takes_free_files_of_its_sender
                files_go_with_their_message
                files_that_are_left_over_are_removed_in_time
                a_file_comes_with_the_job_for_its_thumbnail;
            history:
                any_history_is_the_one_the_contract_tells;
            hooks:
                webhooks_are_found_by_their_tokens_and_listed_by_name
                a_webhook_posts_with_the_token_that_it_has_in_the_commit
                an_archived_group_takes_no_message_of_a_webhook_until_it_is_open_again
                a_webhook_goes_with_its_group
                webhooks_of_two_applications_have_nothing_in_common
                a_webhook_of_a_deleted_application_is_not_found;
            identities:
                a_sign_up_by_an_identity_makes_an_account_without_a_password
                a_sign_up_with_a_login_or_an_identity_that_is_taken_writes_nothing
                an_identity_belongs_to_one_account_and_a_provider_to_an_account_once
                a_session_begins_only_with_an_identity_that_is_still_linked
                the_last_way_into_an_account_stays
                the_identities_of_a_deleted_user_are_gone;
            inbox:
                entries_of_all_conversations_come_in_the_order_of_their_commits
                an_inbox_has_no_more_bytes_than_asked_for_and_at_least_one_entry
                what_was_delivered_is_behind_the_cursor
                a_log_that_has_lost_entries_after_the_cursor_is_named_once
                whoever_reads_on_gets_everything_since_they_joined_once_and_in_order;
            jobs:
                jobs_of_a_lane_run_one_after_the_other
                a_job_is_added_with_the_write_that_causes_it_or_not_at_all
                a_lost_lease_ends_nothing
                only_the_named_jobs_of_a_lease_are_renewed
                at_the_beginning_periodic_jobs_get_their_time_and_none_is_far_ahead
                a_lane_has_jobs_until_the_last_is_done_or_dead
                a_failed_job_waits_and_a_dead_one_lets_its_lane_go_on
                a_lane_goes_on_however_its_first_job_ends
                a_key_is_one_job
                a_job_that_runs_gets_other_arguments_until_its_lease_is_lost
                a_job_is_found_by_its_key_and_removed_while_it_runs
                the_relay_plans_entries_once
                entries_that_may_cause_work_are_found_in_their_order
                a_released_job_has_not_been_tried
                old_dead_jobs_are_removed;
            keyed:
                a_user_is_put_under_a_key_once
                a_user_changes_only_in_the_version_that_was_expected
                users_are_listed_by_key
                users_are_found_by_the_beginning_of_their_key_and_by_their_name
                a_member_with_a_key_is_no_guest
                a_removed_user_leaves_a_name
                a_group_has_its_key_from_the_beginning_and_no_other_has_it
                a_group_without_a_key_gets_a_number_that_no_other_had
                the_greatest_numbers_that_are_keys_are_passed_over
                an_id_creates_one_group
                a_first_message_and_its_group_are_there_together
                a_first_message_to_some_begins_a_group_too
                members_are_listed_after_one_who_has_left
                what_was_sent_with_each_id_is_found;
            user_tokens:
                tokens_of_a_user_or_of_all_count_from_the_latest_time_that_was_set
                a_signing_key_has_the_next_version_and_the_one_before_it_a_time
                a_link_signs_in_once_and_until_its_time
                tokens_of_a_deleted_user_count_neither_for_them_nor_for_the_next_user_of_their_key
                a_sign_up_by_a_token_leaves_a_user_as_they_are
                one_api_token_is_revoked_and_the_others_go_on
                an_origin_is_found_as_long_as_an_application_lists_it;
            webhooks:
                webhooks_change_only_in_the_version_that_was_expected
                an_application_has_only_so_many_webhooks_and_one_of_each_name
                a_new_webhook_gets_what_is_committed_after_it
                messages_to_some_are_for_webhooks_themselves
                deliveries_are_planned_once_and_only_so_many_wait
                deliveries_of_a_webhook_are_leased_two_at_once_and_those_of_a_conversation_in_order
                the_last_attempt_of_each_delivery_is_kept
                a_webhook_that_stops_continues_before_what_was_not_delivered
                a_webhook_continues_where_it_is_told
                nothing_of_a_removed_webhook_stays
                old_deliveries_are_removed
                entries_since_a_time_come_after_its_position
                webhooks_of_a_deleted_application_get_nothing;
            last_seat:
                of_fifty_people_who_want_the_last_seat_one_gets_it;
            marks:
                messages_of_others_are_unread_until_the_mark_moves
                a_new_seat_begins_with_nothing_unread
                notices_and_deleted_messages_are_not_unread
                unread_counts_are_of_what_is_there_now_whatever_was_counted_before
                what_others_see_of_marks_only_moves_on;
            open_topics:
                no_more_open_topics_begin_than_the_bound_allows
                no_more_data_goes_to_open_topics_than_the_bound_allows
                an_id_that_was_sent_before_begins_no_topic
                conversations_are_not_open_topics;
            opening:
                a_log_is_opened_with_the_standing_and_the_session_of_its_reader
                an_audit_log_is_opened_with_the_role_that_reads_it
                what_is_opened_is_of_one_moment;
            paging:
                a_topic_without_entries_has_an_empty_page
                a_page_begins_after_a_place_or_ends_before_one
                a_page_of_nothing_still_tells_where_the_log_stands
                no_place_is_too_large_to_ask_for
                any_page_is_a_slice_of_the_log
                any_part_has_the_rows_of_the_places_that_it_covers
                a_part_with_long_messages_has_fewer_rows_and_at_least_one;
            receipts:
                a_message_to_some_is_delivered_with_its_copy_and_read_with_its_place
                an_ordinary_message_is_for_those_who_had_joined_before_it
                receipts_have_the_keys_of_the_application
                receipts_never_go_back_in_whatever_order_devices_confirm;
            restricted:
                a_message_to_some_is_a_placeholder_for_all_others
                an_opened_page_has_what_its_viewer_may_read
                a_repeat_of_a_message_to_some_is_answered_with_its_seq_in_the_group
                recipients_without_a_seat_are_named_and_nothing_is_written
                unread_counts_and_mentions_are_those_of_the_chosen
                changes_of_a_message_to_some_are_seen_by_its_readers_alone
                a_reply_to_a_message_to_some_quotes_it_as_it_is_now
                a_reply_to_some_quotes_a_public_message_as_it_is_now
                whoever_has_left_reads_no_message_to_some_any_more
                nothing_of_messages_to_some_outlives_their_group
                a_message_to_some_is_trimmed_with_its_placeholder;
            revocations:
                every_session_that_ends_is_a_revocation_of_its_commit
                a_refused_write_ends_nothing_and_others_in_its_transaction_do
                a_session_is_read_with_the_newest_revocation
                revocations_are_read_after_the_entries_of_logs
                expired_sessions_and_removed_guests_are_revocations
                revocations_are_kept_for_a_time_and_a_position_before_them_hears_it
                a_position_that_is_too_old_hears_only_that;
            rosters:
                what_is_not_there_is_not_found
                ann_founds_a_group_and_is_in_it
                a_change_decided_on_an_old_roster_writes_nothing
                a_stale_change_in_a_batch_does_not_touch_the_others
                a_group_is_founded_once
                who_is_there_longest_comes_first
                what_has_the_newest_entry_comes_first
                ben_is_made_an_admin
                a_change_without_news_counts_too
                a_group_takes_the_limit_and_the_name_it_was_given
                listed_groups_are_found_by_name;
            seats:
                without_a_seat_nothing_is_posted
                who_left_earlier_in_the_batch_posts_nothing
                who_joined_earlier_in_the_batch_posts
                a_retry_is_answered_even_after_the_seat_is_gone;
            send_ids:
                the_same_message_again_is_the_same_message
                a_repeat_within_one_batch_is_found
                an_id_belongs_to_its_first_message
                everyone_has_ids_of_their_own
                the_news_of_a_change_have_ids_too;
            sessions:
                a_session_is_found_by_its_token
                a_touch_moves_only_when_it_was_seen
                a_session_that_began_in_the_future_begins_when_it_is_touched
                an_unknown_token_is_nobody
                one_name_may_be_two_people;
            slices:
                entries_come_with_the_rights_that_end_there
                the_news_of_a_change_end_rights_too
                a_slice_has_so_many_entries_and_far_behind_only_those_that_end_a_right
                several_logs_are_read_at_once_and_a_deleted_one_is_absent;
            snapshots:
                a_snapshot_sees_no_later_commit
                users_are_listed_by_id_but_guests_who_never_did_anything;
            trimming:
                a_trimmed_log_begins_later_and_goes_on
                a_trim_removes_only_so_many_entries
                nothing_of_trimmed_messages_is_left_where_they_were_quoted
                what_is_about_a_trimmed_message_is_refused_unless_it_was_sent_before
                a_reader_from_before_the_beginning_has_lost_entries
                trimmed_data_makes_room_in_open_topics
                a_log_has_a_size_and_perhaps_a_retention_of_its_own
                after_any_trims_every_store_reads_the_same;
        }
    };
    ($fresh:expr; $($facet:ident: $($case:ident)*;)*) => {
        $(mod $facet {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let fresh = || $crate::testing::store::Tenant::new($fresh());
                    $crate::testing::store::$facet::$case(fresh).await;
                }
            )*
        })*
    };
}
