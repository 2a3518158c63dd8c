//! Backpressure, and recovery of subscribers that fall behind their log.

use broker::{Ends, FlushOutcome, SocketState, SubscriptionError};
use wire::Seq;

use crate::connection::{ANN, BEN, Connection, broker, frame, log_key, publish, run_passes};

#[test]
fn a_socket_that_accepts_a_few_bytes_at_a_time_gets_every_frame_in_order() {
    let (broker, mut shards) = broker(100_000);
    let mut ann = Connection::new(&broker, ANN, 0);
    ann.subscribe(&log_key(), 0, 0);
    ann.outbound.send_own(&frame(0));
    publish(&broker, &log_key(), 1..=200);
    let mut received = Vec::new();
    for room in (1..=11).cycle().take(500) {
        run_passes(&mut shards);
        ann.sink.make_room(room);
        if ann.outbound.state() == SocketState::Blocked {
            ann.outbound.unblock();
        }
        while ann.outbound.flush() == FlushOutcome::More {}
        received.extend(ann.received());
        assert!(ann.outbound.waiting() < 6, "only the rest of one frame is pending");
    }
    assert_eq!(received, (0..=200).collect::<Vec<_>>());
}

#[test]
fn a_full_socket_is_skipped_until_its_task_unblocks_it_and_a_broken_socket_for_good() {
    let (broker, mut shards) = broker(1_000);
    let mut ann = Connection::new(&broker, ANN, 6);
    let mut ben = Connection::subscribed(&broker, BEN);
    ann.subscribe(&log_key(), 0, 0);
    publish(&broker, &log_key(), 1..=3);
    ben.sink.break_off();
    run_passes(&mut shards);
    assert_eq!((ann.outbound.state(), ben.outbound.state()), (SocketState::Blocked, SocketState::Broken));
    ann.sink.make_room(1_000);
    publish(&broker, &log_key(), 4..=4);
    run_passes(&mut shards);
    assert_eq!(ann.received(), [1], "her task has not unblocked it yet");
    ann.outbound.unblock();
    ben.outbound.unblock();
    assert_eq!(ann.drain(), (vec![2, 3, 4], vec![]));
    assert_eq!((ben.drain(), ben.outbound.state()), ((vec![], vec![]), SocketState::Broken));
}

#[test]
fn a_thousand_stalled_subscribers_hold_at_most_the_rest_of_one_frame_each() {
    let (broker, mut shards) = broker(10_000);
    let mut connections: Vec<_> = (0..1_000).map(|room| Connection::new(&broker, ANN, room % 8)).collect();
    connections.iter_mut().for_each(|connection| connection.subscribe(&log_key(), 0, 0));
    for seq in 1..=5_000 {
        broker.admit(&log_key(), Seq(seq), &Ends::Nobody, || frame(seq));
        if seq % 100 == 0 {
            run_passes(&mut shards);
        }
    }
    let pending: usize = connections.iter().map(|connection| connection.outbound.waiting()).sum();
    assert!(pending < 6 * connections.len(), "{pending} bytes are pending");
    let metrics = broker.metrics();
    assert!(metrics.log_bytes <= 10_000 && metrics.slowest_lag == 5_000, "{metrics:?}");
    // A subscriber that has room again has lost nothing: it recovers from history.
    let ann = &mut connections[3];
    ann.sink.make_room(usize::MAX);
    ann.outbound.unblock();
    assert_eq!(
        ann.drain().1,
        [SubscriptionError::Behind { key: log_key(), cursor: Seq(1), until: Seq(5_000) }]
    );
}

#[test]
fn a_stalled_subscriber_gets_only_the_newest_ephemeral_events_in_order() {
    let (broker, _shards) = broker(1_000);
    let mut ann = Connection::subscribed(&broker, ANN);
    for number in 1..=5_000 {
        broker.signal(&log_key(), || frame(number));
    }
    let (received, errors) = ann.drain();
    assert_eq!(errors, []);
    assert!(received.len() < 5_000, "the oldest were dropped");
    let newest: Vec<u64> = (1..=5_000).skip(5_000 - received.len()).collect();
    assert_eq!(received, newest, "the newest were kept, in order");
    broker.signal(&log_key(), || frame(8));
    assert_eq!(ann.drain(), (vec![8], vec![]));
}

#[test]
fn a_subscriber_behind_the_log_recovers_from_history_and_continues_from_the_log() {
    let (broker, _shards) = broker(20);
    let mut ann = Connection::subscribed(&broker, ANN);
    publish(&broker, &log_key(), 1..=100);
    let behind = SubscriptionError::Behind { key: log_key(), cursor: Seq(0), until: Seq(100) };
    assert_eq!(ann.drain(), (vec![], vec![behind]));
    ann.outbound.advance(&log_key(), Seq(97));
    assert_eq!(ann.drain(), (vec![98, 99, 100], vec![]));
}

#[test]
fn entries_from_history_that_find_a_full_socket_are_requested_again() {
    let (broker, _shards) = broker(20);
    let mut ann = Connection::new(&broker, ANN, 15);
    ann.subscribe(&log_key(), 0, 0);
    publish(&broker, &log_key(), 1..=100);
    let (mut received, mut requests) = (Vec::new(), 0);
    while received.len() < 100 {
        let (next, errors) = ann.drain();
        received.extend(next);
        if let Some(SubscriptionError::Behind { cursor, until, .. }) = errors.first() {
            assert_eq!((cursor.0, until.0), (received.len() as u64, 100), "no entry that was received");
            let page: Vec<_> = (cursor.0 + 1..=until.0.min(cursor.0 + 10)).map(frame).collect();
            ann.outbound.offer(&log_key(), &page);
            requests += 1;
        }
        ann.sink.make_room(25);
        ann.outbound.unblock();
    }
    assert_eq!(received, (1..=100).collect::<Vec<_>>());
    assert!(requests > 10, "{requests}");
}
