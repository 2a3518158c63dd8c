//! The life of a subscription: reserved, activated, paused, ended, closed.

use broker::{Activation, Ends, SubscriptionError};
use wire::Seq;

use crate::connection::{ANN, BEN, Connection, broker, frame, log_key, publish, publish_ending, run_passes};

#[test]
fn entries_published_between_reserve_and_activate_are_delivered() {
    let (broker, _shards) = broker(1_000);
    let mut ann = Connection::new(&broker, ANN, usize::MAX);
    ann.outbound.reserve(&log_key());
    publish(&broker, &log_key(), 6..=7);
    assert_eq!(ann.drain(), (vec![], vec![]), "nothing is delivered before the subscription is active");
    // The store had five entries when it was asked; the sixth and seventh came meanwhile.
    assert_eq!(ann.outbound.activate(&log_key(), Seq(5), Seq(5)), Activation::Active);
    assert_eq!(ann.drain(), (vec![6, 7], vec![]));
}

#[test]
fn the_reply_to_a_subscribe_goes_out_before_the_first_delivery() {
    let (broker, mut shards) = broker(1_000);
    let _ben = Connection::subscribed(&broker, BEN);
    publish(&broker, &log_key(), 1..=2);
    let mut ann = Connection::new(&broker, ANN, usize::MAX);
    ann.outbound.pause();
    ann.subscribe(&log_key(), 0, 2);
    publish(&broker, &log_key(), 3..=3);
    broker.signal(&log_key(), || frame(55));
    run_passes(&mut shards);
    assert_eq!(ann.received(), Vec::<u64>::new());
    ann.outbound.send_own(&frame(77));
    ann.outbound.resume();
    run_passes(&mut shards);
    assert_eq!(ann.received(), [77, 55, 1, 2, 3]);
}

#[test]
fn a_subscription_gets_the_entries_up_to_its_end_and_the_others_continue() {
    let (broker, mut shards) = broker(1_000);
    let mut ann = Connection::subscribed(&broker, ANN);
    let mut ben = Connection::subscribed(&broker, BEN);
    publish(&broker, &log_key(), 1..=3);
    publish_ending(&broker, &log_key(), 4, &Ends::of(BEN));
    publish(&broker, &log_key(), 5..=6);
    run_passes(&mut shards);
    assert_eq!(ben.drain(), (vec![1, 2, 3, 4], vec![SubscriptionError::Ended { key: log_key() }]));
    assert_eq!(ben.outbound.subscriptions(), 0);
    assert_eq!(ann.drain(), ((1..=6).collect(), vec![]));
}

#[test]
fn an_end_between_reserve_and_activate_ends_the_subscription() {
    let (broker, _shards) = broker(1_000);
    let mut ben = Connection::new(&broker, BEN, usize::MAX);
    ben.outbound.reserve(&log_key());
    publish_ending(&broker, &log_key(), 4, &Ends::of(BEN));
    publish(&broker, &log_key(), 5..=5);
    assert_eq!(ben.outbound.activate(&log_key(), Seq(3), Seq(3)), Activation::Active);
    assert_eq!(ben.drain(), (vec![4], vec![SubscriptionError::Ended { key: log_key() }]));
}

#[test]
fn an_end_that_the_permission_is_newer_than_ends_nothing() {
    let (broker, _shards) = broker(1_000);
    let _ann = Connection::subscribed(&broker, ANN);
    let mut ben = Connection::new(&broker, BEN, usize::MAX);
    // Ben was removed with the fourth entry and came back with the fifth, which the permission has seen; the end comes
    // once before the activation, and once after it.
    ben.outbound.reserve(&log_key());
    publish(&broker, &log_key(), 1..=3);
    publish_ending(&broker, &log_key(), 4, &Ends::of(BEN));
    assert_eq!(ben.outbound.activate(&log_key(), Seq(3), Seq(6)), Activation::Active);
    publish(&broker, &log_key(), 5..=5);
    publish_ending(&broker, &log_key(), 6, &Ends::of(BEN));
    publish(&broker, &log_key(), 7..=7);
    assert_eq!(ben.drain(), (vec![4, 5, 6, 7], vec![]));
    publish_ending(&broker, &log_key(), 8, &Ends::of(BEN));
    publish(&broker, &log_key(), 9..=9);
    assert_eq!(ben.drain(), (vec![8], vec![SubscriptionError::Ended { key: log_key() }]));
}

#[test]
fn a_permission_that_is_older_than_what_this_node_has_seen_is_checked_again() {
    let (broker, _shards) = broker(1_000);
    let mut ben = Connection::new(&broker, BEN, usize::MAX);
    ben.outbound.reserve(&log_key());
    // This node has not seen the entries from the third to the sixth, one of which may have ended the permission.
    publish(&broker, &log_key(), 7..=7);
    assert_eq!(ben.outbound.activate(&log_key(), Seq(2), Seq(2)), Activation::Outdated);
    assert_eq!(ben.drain(), (vec![], vec![]));
    assert_eq!(ben.outbound.activate(&log_key(), Seq(6), Seq(6)), Activation::Active);
    assert_eq!(ben.drain(), (vec![7], vec![]));
}

#[test]
fn a_permission_from_between_two_ends_is_checked_again() {
    let (broker, _shards) = broker(1_000);
    let _ann = Connection::subscribed(&broker, ANN);
    let mut ben = Connection::new(&broker, BEN, usize::MAX);
    ben.outbound.reserve(&log_key());
    for seq in 1..=3 {
        publish_ending(&broker, &log_key(), seq, &Ends::of(BEN));
    }
    assert_eq!(ben.outbound.activate(&log_key(), Seq(1), Seq(1)), Activation::Outdated);
    assert_eq!(ben.outbound.activate(&log_key(), Seq(3), Seq(3)), Activation::Active);
    publish(&broker, &log_key(), 4..=4);
    assert_eq!(ben.drain(), (vec![4], vec![]));
}

#[test]
fn a_log_that_is_gone_ends_every_subscription_whatever_its_permission() {
    let (broker, mut shards) = broker(1_000);
    let mut ann = Connection::subscribed(&broker, ANN);
    let mut ben = Connection::new(&broker, BEN, usize::MAX);
    ben.outbound.reserve(&log_key());
    publish(&broker, &log_key(), 1..=2);
    broker.close(&log_key());
    publish(&broker, &log_key(), 3..=3);
    run_passes(&mut shards);
    assert_eq!(ben.outbound.activate(&log_key(), Seq(9), Seq(9)), Activation::Active);
    for user in [&mut ann, &mut ben] {
        assert_eq!(user.drain(), (vec![], vec![SubscriptionError::Ended { key: log_key() }]));
    }
}

#[test]
fn subscribers_begin_anew_where_entries_were_lost() {
    let (broker, mut shards) = broker(1_000);
    let mut ann = Connection::subscribed(&broker, ANN);
    publish(&broker, &log_key(), 1..=2);
    run_passes(&mut shards);
    assert_eq!(ann.received(), [1, 2]);
    let mut ben = Connection::new(&broker, BEN, usize::MAX);
    ben.outbound.reserve(&log_key());
    publish(&broker, &log_key(), 9..=9);
    broker.begin_anew(&log_key());
    assert_eq!(ben.outbound.activate(&log_key(), Seq(2), Seq(2)), Activation::Outdated);
    assert_eq!(ann.drain(), (vec![], vec![SubscriptionError::Outdated { key: log_key(), cursor: Seq(2) }]));
    assert_eq!(ann.outbound.subscriptions(), 0);
    ann.subscribe(&log_key(), 9, 9);
    publish(&broker, &log_key(), 10..=10);
    assert_eq!(ann.drain(), (vec![10], vec![]), "what waited before is not delivered twice");
}

#[test]
fn a_closed_connection_gets_nothing_but_frames_of_its_own() {
    let (broker, mut shards) = broker(1_000);
    let mut ann = Connection::subscribed(&broker, ANN);
    publish(&broker, &log_key(), 1..=2);
    ann.outbound.close_handle().close();
    publish(&broker, &log_key(), 3..=3);
    broker.signal(&log_key(), || frame(8));
    run_passes(&mut shards);
    assert_eq!(ann.drain(), (vec![], vec![]));
    ann.outbound.send_own(&frame(9));
    assert_eq!(ann.drain(), (vec![9], vec![]));
}

#[test]
fn a_topic_without_subscribers_costs_nothing_and_an_idle_topic_drops_its_frames() {
    let (broker, _shards) = broker(1_000);
    broker.admit(&log_key(), Seq(1), &Ends::Nobody, || panic!("nobody needs this frame"));
    assert_eq!(broker.topics(), 0);
    let ann = Connection::subscribed(&broker, ANN);
    let mut ben = Connection::subscribed(&broker, BEN);
    assert_eq!(broker.topics(), 1);
    drop(ann);
    publish(&broker, &log_key(), 1..=1);
    broker.shrink_idle();
    broker.shrink_idle();
    let behind = SubscriptionError::Behind { key: log_key(), cursor: Seq(0), until: Seq(1) };
    assert_eq!(ben.drain(), (vec![], vec![behind]));
    assert!(ben.outbound.unsubscribe(&log_key()));
    assert!(!ben.outbound.unsubscribe(&log_key()));
    assert_eq!(broker.topics(), 0);
}
