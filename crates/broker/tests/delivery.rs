//! Publishing and reading through the broker, as connections do it.

// With that feature every lock asks a scheduler, and here is none.
#![cfg(not(feature = "schedules"))]

use std::num::NonZeroUsize;
use std::sync::Arc;

use broker::{
    Broker, BufferSink, Ended, FlushOutcome, Frame, LogBytes, OutboundConnection, Shard, SocketState,
    SubscriptionError,
};
use wire::{ApplicationId, LogKey, Seq, Topic, UserId};

const ANN: UserId = UserId::from_bytes([1; 10]);
const BEN: UserId = UserId::from_bytes([2; 10]);

/// Somebody's connection, and what has come through it.
struct Connection {
    reader: OutboundConnection,
    sink: Arc<BufferSink>,
}

impl Connection {
    fn new(broker: &Arc<Broker>, owner: UserId, room: usize) -> Self {
        let sink = Arc::new(BufferSink::new(room));
        let reader = OutboundConnection::new(Arc::clone(broker), Some(owner), Arc::clone(&sink));
        Self { reader, sink }
    }

    /// Reads the topic after `cursor`; the store knew `head`.
    fn reading(broker: &Arc<Broker>, owner: UserId, cursor: u64, head: u64) -> Self {
        let mut connection = Self::new(broker, owner, usize::MAX);
        connection.start(&log_key(), cursor, head);
        connection
    }

    fn start(&mut self, key: &LogKey, cursor: u64, head: u64) {
        assert!(self.reader.reserve(key));
        self.reader.activate(key, Seq(cursor), Seq(head));
    }

    fn got(&self) -> Vec<u64> {
        let payloads = self.sink.take();
        payloads.iter().map(|payload| std::str::from_utf8(payload).unwrap().parse().unwrap()).collect()
    }

    /// Everything it gets, and every setback, until there is nothing more.
    fn drain(&mut self) -> (Vec<u64>, Vec<SubscriptionError>) {
        let mut setbacks = Vec::new();
        loop {
            while self.reader.flush() == FlushOutcome::More {}
            match self.reader.subscription_error() {
                Some(behind @ SubscriptionError::Behind { .. }) => {
                    setbacks.push(behind);
                    return (self.got(), setbacks);
                }
                Some(ended) => setbacks.push(ended),
                None => return (self.got(), setbacks),
            }
        }
    }
}

fn log_key() -> LogKey {
    LogKey::new(ApplicationId::BUILT_IN, Topic::new("news").unwrap())
}

fn broker(log_bytes: usize) -> (Arc<Broker>, Vec<Shard>) {
    let log_bytes = LogBytes { topic: log_bytes, all: usize::MAX };
    let (broker, shards) = Broker::new(log_bytes, NonZeroUsize::new(2).unwrap());
    (Arc::new(broker), shards)
}

fn frame(number: u64) -> Frame {
    Frame::text(&format!("{number:04}"))
}

fn publish(broker: &Broker, key: &LogKey, seqs: std::ops::RangeInclusive<u64>) {
    for seq in seqs {
        broker.publish(key, Seq(seq), || frame(seq));
    }
}

#[test]
fn everyone_gets_everything_in_order_and_once() {
    let (broker, _shards) = broker(1_000);
    let mut ann = Connection::reading(&broker, ANN, 0, 0);
    let mut ben = Connection::reading(&broker, BEN, 0, 0);
    publish(&broker, &log_key(), 1..=3);
    assert_eq!(ann.drain(), (vec![1, 2, 3], vec![]));
    publish(&broker, &log_key(), 4..=9);
    assert_eq!(ann.drain(), (vec![4, 5, 6, 7, 8, 9], vec![]));
    assert_eq!(ben.drain(), ((1..=9).collect(), vec![]));
    assert_eq!(ben.drain(), (vec![], vec![]));
}

#[test]
fn shards_deliver_to_everyone_without_being_asked() {
    let (broker, mut shards) = broker(1_000_000);
    let (tea, news) = (LogKey::new(ApplicationId::BUILT_IN, Topic::new("tea").unwrap()), log_key());
    let mut people: Vec<_> = (0..10).map(|_| Connection::reading(&broker, ANN, 0, 0)).collect();
    people[3].start(&tea, 0, 0);
    publish(&broker, &news, 1..=500);
    publish(&broker, &tea, 1_001..=1_001);
    broker.advance_head(&tea, Seq(1_001));
    publish(&broker, &tea, 1_002..=1_002);
    while shards.iter_mut().any(Shard::pass) {}
    for (number, person) in people.iter_mut().enumerate() {
        let (mut got, setbacks) = (person.got(), person.drain().1);
        if number == 3 {
            // A leap: what tea had before is not here.
            let behind = SubscriptionError::Behind { key: tea.clone(), cursor: Seq(0), until: Seq(1_002) };
            assert_eq!(setbacks, [behind]);
            person.reader.advance(&tea, Seq(1_001));
            while shards.iter_mut().any(Shard::pass) {}
            got.extend(person.got());
            assert_eq!(got.pop(), Some(1_002));
        }
        assert_eq!(got, (1..=500).collect::<Vec<_>>(), "{number}");
    }
}

#[test]
fn what_is_more_than_one_write_takes_is_delivered_to_its_end() {
    let (broker, mut shards) = broker(1_000_000);
    let ann = Connection::reading(&broker, ANN, 0, 0);
    let long = |seq: u64| Frame::text(&format!("{seq:09000}"));
    (1..=50).for_each(|seq| broker.publish(&log_key(), Seq(seq), || long(seq)));
    while shards.iter_mut().any(Shard::pass) {}
    assert_eq!(ann.got(), (1..=50).collect::<Vec<_>>());
}

#[test]
fn a_socket_that_takes_a_few_bytes_at_a_time_gets_the_same() {
    let (broker, mut shards) = broker(100_000);
    let mut ann = Connection::new(&broker, ANN, 0);
    ann.start(&log_key(), 0, 0);
    ann.reader.send_own(&frame(0));
    publish(&broker, &log_key(), 1..=200);
    let mut got = Vec::new();
    for step in (1..=11).cycle().take(500) {
        shards.iter_mut().for_each(|shard| while shard.pass() {});
        ann.sink.make_room(step);
        if ann.reader.state() == SocketState::Blocked {
            ann.reader.unblock();
        }
        while ann.reader.flush() == FlushOutcome::More {}
        got.extend(ann.got());
        assert!(ann.reader.waiting() < 6, "nothing waits but the rest of one frame");
    }
    assert_eq!(got, (0..=200).collect::<Vec<_>>());
}

#[test]
fn a_socket_that_is_full_is_left_alone_until_it_has_room_and_one_that_is_broken_for_ever() {
    let (broker, mut shards) = broker(1_000);
    let mut ann = Connection::new(&broker, ANN, 6);
    let mut ben = Connection::reading(&broker, BEN, 0, 0);
    ann.start(&log_key(), 0, 0);
    publish(&broker, &log_key(), 1..=3);
    ben.sink.break_off();
    while shards.iter_mut().any(Shard::pass) {}
    assert_eq!((ann.reader.state(), ben.reader.state()), (SocketState::Blocked, SocketState::Broken));
    ann.sink.make_room(1_000);
    publish(&broker, &log_key(), 4..=4);
    while shards.iter_mut().any(Shard::pass) {}
    assert_eq!(ann.got(), [1], "its own task has not said that there is room");
    ann.reader.unblock();
    ben.reader.unblock();
    assert_eq!(ann.drain(), (vec![2, 3, 4], vec![]));
    assert_eq!((ben.drain(), ben.reader.state()), ((vec![], vec![]), SocketState::Broken));
}

#[test]
fn a_thousand_readers_that_take_nothing_keep_no_more_than_the_rest_of_one_frame_each() {
    let (broker, mut shards) = broker(10_000);
    let mut people: Vec<_> = (0..1_000).map(|room| Connection::new(&broker, ANN, room % 8)).collect();
    people.iter_mut().for_each(|person| person.start(&log_key(), 0, 0));
    for seq in 1..=5_000 {
        broker.publish(&log_key(), Seq(seq), || frame(seq));
        if seq % 100 == 0 {
            while shards.iter_mut().any(Shard::pass) {}
        }
    }
    let waiting: usize = people.iter().map(|person| person.reader.waiting()).sum();
    assert!(waiting < 6 * people.len(), "{waiting} bytes wait");
    let metrics = broker.metrics();
    assert!(metrics.log_bytes <= 10_000 && metrics.slowest_lag == 5_000, "{metrics:?}");
    // And whoever takes something again has lost nothing: the log has it, or history.
    let one = &mut people[3];
    one.sink.make_room(usize::MAX);
    one.reader.unblock();
    assert_eq!(
        one.drain().1,
        [SubscriptionError::Behind { key: log_key(), cursor: Seq(1), until: Seq(5_000) }]
    );
}

#[test]
fn what_is_said_to_one_comes_in_its_turn_and_to_nobody_else() {
    let (broker, mut shards) = broker(1_000);
    let ann = Connection::reading(&broker, ANN, 0, 0);
    let ben = Connection::reading(&broker, BEN, 0, 0);
    publish(&broker, &log_key(), 1..=1);
    shards.iter_mut().for_each(|shard| while shard.pass() {});
    ann.reader.send_own(&frame(77));
    publish(&broker, &log_key(), 2..=2);
    shards.iter_mut().for_each(|shard| while shard.pass() {});
    assert_eq!((ann.got(), ben.got()), (vec![1, 77, 2], vec![1, 2]));
}

#[test]
fn what_a_subscription_begins_with_is_said_before_anything_it_delivers() {
    let (broker, mut shards) = broker(1_000);
    let _ben = Connection::reading(&broker, BEN, 0, 0);
    publish(&broker, &log_key(), 1..=2);
    let mut ann = Connection::new(&broker, ANN, usize::MAX);
    ann.reader.pause();
    ann.start(&log_key(), 0, 2);
    publish(&broker, &log_key(), 3..=3);
    broker.signal(&log_key(), || frame(55));
    while shards.iter_mut().any(Shard::pass) {}
    assert_eq!(ann.got(), Vec::<u64>::new());
    ann.reader.send_own(&frame(77));
    ann.reader.resume();
    while shards.iter_mut().any(Shard::pass) {}
    assert_eq!(ann.got(), [77, 55, 1, 2, 3]);
}

#[test]
fn after_delivery_is_closed_nothing_is_delivered_but_goodbye() {
    let (broker, mut shards) = broker(1_000);
    let mut ann = Connection::reading(&broker, ANN, 0, 0);
    publish(&broker, &log_key(), 1..=2);
    ann.reader.close_handle().close();
    publish(&broker, &log_key(), 3..=3);
    broker.signal(&log_key(), || frame(8));
    shards.iter_mut().for_each(|shard| while shard.pass() {});
    assert_eq!(ann.drain(), (vec![], vec![]));
    ann.reader.send_own(&frame(9));
    assert_eq!(ann.drain(), (vec![9], vec![]));
}

#[test]
fn a_reader_that_falls_behind_the_log_is_sent_to_history_and_goes_on_from_there() {
    let (broker, _shards) = broker(20);
    let mut ann = Connection::reading(&broker, ANN, 0, 0);
    publish(&broker, &log_key(), 1..=100);
    let behind = SubscriptionError::Behind { key: log_key(), cursor: Seq(0), until: Seq(100) };
    assert_eq!(ann.drain(), (vec![], vec![behind]));
    ann.reader.advance(&log_key(), Seq(97));
    assert_eq!(ann.drain(), (vec![98, 99, 100], vec![]));
}

#[test]
fn what_comes_from_history_and_finds_no_room_is_asked_for_again() {
    let (broker, _shards) = broker(20);
    let mut ann = Connection::new(&broker, ANN, 15);
    ann.start(&log_key(), 0, 0);
    publish(&broker, &log_key(), 1..=100);
    let (mut got, mut asked) = (Vec::new(), 0);
    while got.len() < 100 {
        let (more, setbacks) = ann.drain();
        got.extend(more);
        if let Some(SubscriptionError::Behind { cursor, until, .. }) = setbacks.first() {
            assert_eq!((cursor.0, until.0), (got.len() as u64, 100), "nothing is asked for twice");
            let page: Vec<_> = (cursor.0 + 1..=until.0.min(cursor.0 + 10)).map(frame).collect();
            ann.reader.offer(&log_key(), &page);
            asked += 1;
        }
        ann.sink.make_room(25);
        ann.reader.unblock();
    }
    assert_eq!(got, (1..=100).collect::<Vec<_>>());
    assert!(asked > 10, "{asked}");
}

#[test]
fn what_is_published_between_attach_and_start_is_not_lost() {
    let (broker, _shards) = broker(1_000);
    let mut ann = Connection::new(&broker, ANN, usize::MAX);
    ann.reader.reserve(&log_key());
    publish(&broker, &log_key(), 6..=7);
    assert_eq!(ann.drain(), (vec![], vec![]), "nothing comes before the start");
    // The store was asked when it had five entries; the sixth and seventh came meanwhile.
    ann.reader.activate(&log_key(), Seq(5), Seq(5));
    assert_eq!(ann.drain(), (vec![6, 7], vec![]));
}

#[test]
fn who_loses_the_seat_gets_nothing_that_comes_later_and_others_do() {
    let (broker, mut shards) = broker(1_000);
    let mut ann = Connection::reading(&broker, ANN, 0, 0);
    let mut ben = Connection::reading(&broker, BEN, 0, 0);
    publish(&broker, &log_key(), 1..=4);
    broker.end(&log_key(), Ended::Of(BEN), Seq(4));
    publish(&broker, &log_key(), 5..=6);
    while shards.iter_mut().any(Shard::pass) {}
    assert_eq!(ben.drain(), (vec![1, 2, 3, 4], vec![SubscriptionError::Ended { key: log_key() }]));
    assert_eq!(ben.reader.subscriptions(), 0);
    assert_eq!(ann.drain(), ((1..=6).collect(), vec![]));
}

#[test]
fn a_seat_lost_while_the_reader_is_attaching_is_lost() {
    let (broker, _shards) = broker(1_000);
    let mut ben = Connection::new(&broker, BEN, usize::MAX);
    ben.reader.reserve(&log_key());
    broker.end(&log_key(), Ended::Of(BEN), Seq(4));
    ben.reader.activate(&log_key(), Seq(4), Seq(9));
    assert_eq!(ben.drain(), (vec![], vec![SubscriptionError::Ended { key: log_key() }]));
}

#[test]
fn a_leap_is_never_stepped_over_in_silence() {
    let (broker, _shards) = broker(1_000);
    let mut ann = Connection::reading(&broker, ANN, 0, 0);
    publish(&broker, &log_key(), 1..=2);
    publish(&broker, &log_key(), 4..=4);
    let behind = |cursor| SubscriptionError::Behind { key: log_key(), cursor: Seq(cursor), until: Seq(4) };
    assert_eq!(ann.drain(), (vec![], vec![behind(0)]));
    broker.advance_head(&log_key(), Seq(4));
    ann.reader.advance(&log_key(), Seq(3));
    assert_eq!(ann.drain(), (vec![4], vec![]));
}

#[test]
fn a_topic_that_nobody_reads_costs_nothing_and_an_idle_one_forgets_its_frames() {
    let (broker, _shards) = broker(1_000);
    broker.publish(&log_key(), Seq(1), || panic!("nobody needs this frame"));
    assert_eq!(broker.topics(), 0);
    let ann = Connection::reading(&broker, ANN, 0, 0);
    let mut ben = Connection::reading(&broker, BEN, 0, 0);
    assert_eq!(broker.topics(), 1);
    drop(ann);
    publish(&broker, &log_key(), 1..=1);
    broker.shrink_idle();
    broker.shrink_idle();
    let behind = SubscriptionError::Behind { key: log_key(), cursor: Seq(0), until: Seq(1) };
    assert_eq!(ben.drain(), (vec![], vec![behind]));
    assert!(ben.reader.unsubscribe(&log_key()));
    assert!(!ben.reader.unsubscribe(&log_key()));
    assert_eq!(broker.topics(), 0);
}

#[test]
fn what_is_done_is_counted() {
    let (broker, mut shards) = broker(1_000);
    let _ann = Connection::reading(&broker, ANN, 0, 0);
    let mut ben = Connection::new(&broker, BEN, 12);
    ben.start(&log_key(), 0, 0);
    publish(&broker, &log_key(), 1..=10);
    while shards.iter_mut().any(Shard::pass) {}
    let metrics = broker.metrics();
    assert_eq!((metrics.deliveries, metrics.writes, metrics.written_bytes, metrics.stalls), (12, 2, 72, 1));
    assert_eq!(
        (metrics.topics, metrics.subscriptions, metrics.log_bytes, metrics.slowest_lag),
        (1, 2, 60, 8)
    );
}

#[tokio::test]
async fn a_shard_that_runs_hears_of_news_however_early_they_came() {
    let (broker, shards) = broker(1_000);
    let ann = Connection::reading(&broker, ANN, 0, 0);
    publish(&broker, &log_key(), 1..=1);
    let running: Vec<_> = shards.into_iter().map(|shard| tokio::spawn(shard.run())).collect();
    ann.sink.filled().await;
    assert_eq!(ann.got(), [1]);
    publish(&broker, &log_key(), 2..=2);
    ann.sink.filled().await;
    assert_eq!(ann.got(), [2]);
    running.iter().for_each(tokio::task::JoinHandle::abort);
}

#[test]
fn what_is_told_in_passing_reaches_who_listens_now_and_nobody_else() {
    let (broker, _shards) = broker(1_000);
    let signal = |number| broker.signal(&log_key(), || frame(number));
    signal(1);
    let mut ann = Connection::reading(&broker, ANN, 0, 0);
    let mut ben = Connection::reading(&broker, BEN, 0, 0);
    signal(2);
    publish(&broker, &log_key(), 1..=1);
    assert_eq!(ann.drain(), (vec![2, 1], vec![]), "one signal, one entry");
    broker.end(&log_key(), Ended::Of(BEN), Seq(1));
    signal(3);
    assert_eq!(ann.drain(), (vec![3], vec![]));
    assert!(!ben.drain().0.contains(&3), "ben has lost the right");
}

#[test]
fn a_reader_that_was_busy_for_long_hears_only_what_was_told_last() {
    let (broker, _shards) = broker(1_000);
    let mut ann = Connection::reading(&broker, ANN, 0, 0);
    for number in 1..=5_000 {
        broker.signal(&log_key(), || frame(number));
    }
    let (heard, setbacks) = ann.drain();
    assert_eq!(setbacks, []);
    assert!(heard.len() < 5_000, "not everything is kept");
    let last: Vec<u64> = (1..=5_000).skip(5_000 - heard.len()).collect();
    assert_eq!(heard, last, "but the last of it is, in order");
    broker.signal(&log_key(), || frame(8));
    assert_eq!(ann.drain(), (vec![8], vec![]));
}
