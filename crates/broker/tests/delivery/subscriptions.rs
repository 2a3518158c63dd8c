//! The life of a subscription: reserved, activated, paused, ended, closed.

use broker::{Ended, SubscriptionError};
use wire::Seq;

use crate::connection::{ANN, BEN, Connection, broker, frame, log_key, publish, run_passes};

#[test]
fn entries_published_between_reserve_and_activate_are_delivered() {
    let (broker, _shards) = broker(1_000);
    let mut ann = Connection::new(&broker, ANN, usize::MAX);
    ann.outbound.reserve(&log_key());
    publish(&broker, &log_key(), 6..=7);
    assert_eq!(ann.drain(), (vec![], vec![]), "nothing is delivered before the subscription is active");
    // The store had five entries when it was asked; the sixth and seventh came meanwhile.
    ann.outbound.activate(&log_key(), Seq(5), Seq(5));
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
    publish(&broker, &log_key(), 1..=4);
    broker.end(&log_key(), Ended::Of(BEN), Seq(4));
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
    broker.end(&log_key(), Ended::Of(BEN), Seq(4));
    ben.outbound.activate(&log_key(), Seq(4), Seq(9));
    assert_eq!(ben.drain(), (vec![], vec![SubscriptionError::Ended { key: log_key() }]));
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
    broker.publish(&log_key(), Seq(1), || panic!("nobody needs this frame"));
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
