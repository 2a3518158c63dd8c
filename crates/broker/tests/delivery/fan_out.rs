//! Fan-out: entries and ephemeral events reach the subscribers of their log, and nobody else.

use broker::{Ends, Frame, SubscriptionError};
use wire::{ApplicationId, LogKey, Seq, Topic};

use crate::connection::{ANN, BEN, Connection, broker, frame, log_key, publish, publish_ending, run_passes};

#[test]
fn every_subscriber_gets_every_entry_once_and_in_order() {
    let (broker, _shards) = broker(1_000);
    let mut ann = Connection::subscribed(&broker, ANN);
    let mut ben = Connection::subscribed(&broker, BEN);
    publish(&broker, &log_key(), 1..=3);
    assert_eq!(ann.drain(), (vec![1, 2, 3], vec![]));
    publish(&broker, &log_key(), 4..=9);
    assert_eq!(ann.drain(), (vec![4, 5, 6, 7, 8, 9], vec![]));
    assert_eq!(ben.drain(), ((1..=9).collect(), vec![]));
    assert_eq!(ben.drain(), (vec![], vec![]));
}

#[test]
fn shards_deliver_to_every_subscriber_without_a_flush_by_its_task() {
    let (broker, mut shards) = broker(1_000_000);
    let (tea, news) = (LogKey::new(ApplicationId::BUILT_IN, Topic::new("tea").unwrap()), log_key());
    let mut connections: Vec<_> = (0..10).map(|_| Connection::subscribed(&broker, ANN)).collect();
    connections[3].subscribe(&tea, 0, 0);
    publish(&broker, &news, 1..=500);
    broker.skip(&tea, Seq(0), Seq(1_001), &[]);
    publish(&broker, &tea, 1_002..=1_002);
    run_passes(&mut shards);
    for (number, connection) in connections.iter_mut().enumerate() {
        let (mut received, errors) = (connection.received(), connection.drain().1);
        if number == 3 {
            // The log of tea has a gap before its first entry.
            let behind = SubscriptionError::Behind { key: tea.clone(), cursor: Seq(0), until: Seq(1_002) };
            assert_eq!(errors, [behind]);
            connection.outbound.advance(&tea, Seq(1_001));
            run_passes(&mut shards);
            received.extend(connection.received());
            assert_eq!(received.pop(), Some(1_002));
        }
        assert_eq!(received, (1..=500).collect::<Vec<_>>(), "{number}");
    }
}

#[test]
fn entries_that_need_more_than_one_write_are_all_delivered() {
    let (broker, mut shards) = broker(1_000_000);
    let ann = Connection::subscribed(&broker, ANN);
    let long = |seq: u64| Frame::text(&format!("{seq:09000}"));
    (1..=50).for_each(|seq| broker.admit(&log_key(), Seq(seq), &Ends::Nobody, || long(seq)));
    run_passes(&mut shards);
    assert_eq!(ann.received(), (1..=50).collect::<Vec<_>>());
}

#[test]
fn entries_that_are_admitted_at_once_reach_everyone_in_one_write_each() {
    let (broker, mut shards) = broker(1_000_000);
    let [mut ann, mut ben] = [ANN, BEN].map(|user| Connection::subscribed(&broker, user));
    let ends = |seq| if seq == 30 { Ends::of(BEN) } else { Ends::Nobody };
    let all: Vec<(u64, Ends)> = (1..=40).map(|seq| (seq, ends(seq))).collect();
    broker.admit_all(&log_key(), all.iter().map(|(seq, ends)| (Seq(*seq), ends, frame(*seq))));
    run_passes(&mut shards);
    assert_eq!(broker.metrics().writes, 2);
    assert_eq!(ann.drain(), ((1..=40).collect(), vec![]));
    assert_eq!(
        ben.drain(),
        ((1..=30).collect(), vec![SubscriptionError::Ended { key: log_key() }]),
        "his right ends with one of them"
    );
}

#[test]
fn a_frame_for_one_connection_goes_out_in_its_turn_and_to_no_other() {
    let (broker, mut shards) = broker(1_000);
    let ann = Connection::subscribed(&broker, ANN);
    let ben = Connection::subscribed(&broker, BEN);
    publish(&broker, &log_key(), 1..=1);
    run_passes(&mut shards);
    ann.outbound.send_own(&frame(77));
    publish(&broker, &log_key(), 2..=2);
    run_passes(&mut shards);
    assert_eq!((ann.received(), ben.received()), (vec![1, 77, 2], vec![1, 2]));
}

#[tokio::test]
async fn a_running_shard_delivers_entries_published_before_and_after_it_started() {
    let (broker, shards) = broker(1_000);
    let ann = Connection::subscribed(&broker, ANN);
    publish(&broker, &log_key(), 1..=1);
    let tasks: Vec<_> = shards.into_iter().map(|shard| tokio::spawn(shard.run())).collect();
    ann.sink.filled().await;
    assert_eq!(ann.received(), [1]);
    publish(&broker, &log_key(), 2..=2);
    ann.sink.filled().await;
    assert_eq!(ann.received(), [2]);
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
}

#[test]
fn an_ephemeral_event_reaches_only_the_subscribers_of_that_moment() {
    let (broker, _shards) = broker(1_000);
    let signal = |number| broker.signal(&log_key(), || frame(number));
    signal(1);
    let mut ann = Connection::subscribed(&broker, ANN);
    let mut ben = Connection::subscribed(&broker, BEN);
    signal(2);
    publish_ending(&broker, &log_key(), 1, &Ends::of(BEN));
    assert_eq!(ann.drain(), (vec![2, 1], vec![]), "one ephemeral event, one entry");
    signal(3);
    assert_eq!(ann.drain(), (vec![3], vec![]));
    assert!(!ben.drain().0.contains(&3), "ben's subscription has ended");
}

#[test]
fn metrics_report_deliveries_writes_stalls_subscriptions_and_lag() {
    let (broker, mut shards) = broker(1_000);
    let _ann = Connection::subscribed(&broker, ANN);
    let mut ben = Connection::new(&broker, BEN, 12);
    ben.subscribe(&log_key(), 0, 0);
    publish(&broker, &log_key(), 1..=10);
    run_passes(&mut shards);
    let metrics = broker.metrics();
    assert_eq!((metrics.deliveries, metrics.writes, metrics.written_bytes, metrics.stalls), (12, 2, 72, 1));
    assert_eq!(
        (metrics.topics, metrics.subscriptions, metrics.log_bytes, metrics.slowest_lag),
        (1, 2, 60, 8)
    );
}
