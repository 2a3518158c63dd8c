//! Publishing and reading through the broker, as connections do it.

use std::sync::Arc;

use broker::{Broker, Ended, Reader, Setback};
use bytes::Bytes;
use wire::{Seq, Topic, UserId};

const ANN: UserId = UserId::from_bytes([1; 10]);
const BEN: UserId = UserId::from_bytes([2; 10]);

fn topic() -> Topic {
    Topic::new("news").unwrap()
}

fn reader(broker: &Arc<Broker>, owner: UserId, cursor: u64, head: u64) -> Reader {
    let mut reader = Reader::new(Arc::clone(broker), Some(owner));
    assert!(reader.attach(&topic()));
    reader.start(&topic(), Seq(cursor), Seq(head));
    reader
}

fn publish(broker: &Broker, seqs: std::ops::RangeInclusive<u64>) {
    for seq in seqs {
        broker.publish(&topic(), Seq(seq), || Bytes::from(format!("{seq:04}")));
    }
}

/// Everything the reader gets, and every setback, until there is nothing more.
fn drain(reader: &mut Reader) -> (Vec<u64>, Vec<Setback>) {
    let (mut frames, mut setbacks) = (Vec::new(), Vec::new());
    loop {
        let drained = reader.drain(16, &mut frames);
        setbacks.extend(drained.setbacks);
        if !drained.more {
            let seqs = frames.iter().map(|f| std::str::from_utf8(f).unwrap().parse().unwrap());
            return (seqs.collect(), setbacks);
        }
    }
}

#[test]
fn everyone_gets_everything_in_order_and_once() {
    let broker = Arc::new(Broker::new(1_000));
    let (mut ann, mut ben) = (reader(&broker, ANN, 0, 0), reader(&broker, BEN, 0, 0));
    publish(&broker, 1..=3);
    assert_eq!(drain(&mut ann), (vec![1, 2, 3], vec![]));
    publish(&broker, 4..=9);
    assert_eq!(drain(&mut ann), (vec![4, 5, 6, 7, 8, 9], vec![]));
    assert_eq!(drain(&mut ben), ((1..=9).collect(), vec![]));
    assert_eq!(drain(&mut ben), (vec![], vec![]));
}

#[test]
fn a_reader_that_falls_behind_the_log_is_sent_to_history_and_goes_on_from_there() {
    let broker = Arc::new(Broker::new(20));
    let mut ann = reader(&broker, ANN, 0, 0);
    publish(&broker, 1..=100);
    let behind = Setback::Behind { topic: topic(), cursor: Seq(0), until: Seq(100) };
    assert_eq!(drain(&mut ann), (vec![], vec![behind]));
    ann.advance(&topic(), Seq(97));
    assert_eq!(drain(&mut ann), (vec![98, 99, 100], vec![]));
}

#[test]
fn what_is_published_between_attach_and_start_is_not_lost() {
    let broker = Arc::new(Broker::new(1_000));
    let mut ann = Reader::new(Arc::clone(&broker), Some(ANN));
    ann.attach(&topic());
    publish(&broker, 6..=7);
    assert_eq!(drain(&mut ann), (vec![], vec![]), "nothing comes before the start");
    // The store was asked when it had five entries; the sixth and seventh came meanwhile.
    ann.start(&topic(), Seq(5), Seq(5));
    assert_eq!(drain(&mut ann), (vec![6, 7], vec![]));
}

#[test]
fn who_loses_the_seat_gets_nothing_that_comes_later_and_others_do() {
    let broker = Arc::new(Broker::new(1_000));
    let (mut ann, mut ben) = (reader(&broker, ANN, 0, 0), reader(&broker, BEN, 0, 0));
    publish(&broker, 1..=4);
    broker.end(&topic(), Ended::Of(BEN), Seq(4));
    publish(&broker, 5..=6);
    assert_eq!(drain(&mut ben), (vec![1, 2, 3, 4], vec![Setback::Ended { topic: topic() }]));
    assert_eq!(ben.subscriptions(), 0);
    assert_eq!(drain(&mut ann), ((1..=6).collect(), vec![]));
}

#[test]
fn a_seat_lost_while_the_reader_is_attaching_is_lost() {
    let broker = Arc::new(Broker::new(1_000));
    let mut ben = Reader::new(Arc::clone(&broker), Some(BEN));
    ben.attach(&topic());
    broker.end(&topic(), Ended::Of(BEN), Seq(4));
    ben.start(&topic(), Seq(4), Seq(9));
    assert_eq!(drain(&mut ben), (vec![], vec![Setback::Ended { topic: topic() }]));
}

#[test]
fn a_leap_is_never_stepped_over_in_silence() {
    let broker = Arc::new(Broker::new(1_000));
    let mut ann = reader(&broker, ANN, 0, 0);
    publish(&broker, 1..=2);
    publish(&broker, 4..=4);
    let behind = |cursor| Setback::Behind { topic: topic(), cursor: Seq(cursor), until: Seq(4) };
    assert_eq!(drain(&mut ann), (vec![], vec![behind(0)]));
    broker.raise(&topic(), Seq(4));
    ann.advance(&topic(), Seq(3));
    assert_eq!(drain(&mut ann), (vec![4], vec![]));
}

#[test]
fn a_topic_that_nobody_reads_costs_nothing() {
    let broker = Arc::new(Broker::new(1_000));
    broker.publish(&topic(), Seq(1), || panic!("nobody needs this frame"));
    assert_eq!(broker.topics(), 0);
    let (ann, mut ben) = (reader(&broker, ANN, 0, 0), reader(&broker, BEN, 0, 0));
    assert_eq!(broker.topics(), 1);
    drop(ann);
    assert!(ben.detach(&topic()));
    assert!(!ben.detach(&topic()));
    assert_eq!(broker.topics(), 0);
}

#[tokio::test]
async fn a_bell_that_rang_before_the_reader_listened_is_heard() {
    let broker = Arc::new(Broker::new(1_000));
    let mut ann = reader(&broker, ANN, 0, 0);
    ann.changed().await;
    assert_eq!(drain(&mut ann).0, Vec::<u64>::new());
    publish(&broker, 1..=1);
    ann.changed().await;
    assert_eq!(drain(&mut ann).0, [1]);
}

#[test]
fn what_is_told_in_passing_reaches_who_listens_now_and_nobody_else() {
    let broker = Arc::new(Broker::new(1_000));
    let signal = |text: &'static str| broker.signal(&topic(), || Bytes::from(text));
    signal("0001");
    let (mut ann, mut ben) = (reader(&broker, ANN, 0, 0), reader(&broker, BEN, 0, 0));
    signal("0002");
    publish(&broker, 1..=1);
    let (frames, setbacks) = drain(&mut ann);
    assert_eq!((frames.len(), setbacks), (2, vec![]), "one signal, one entry");
    broker.end(&topic(), Ended::Of(BEN), Seq(1));
    signal("0003");
    assert_eq!(drain(&mut ann), (vec![3], vec![]));
    assert!(!drain(&mut ben).0.contains(&3), "ben has lost the right");
}

#[test]
fn a_reader_that_was_busy_for_long_hears_only_what_was_told_last() {
    let broker = Arc::new(Broker::new(1_000));
    let mut ann = reader(&broker, ANN, 0, 0);
    for number in 1..=5_000 {
        broker.signal(&topic(), || Bytes::from(format!("{number:04}")));
    }
    let (heard, setbacks) = drain(&mut ann);
    assert_eq!(setbacks, []);
    assert!(heard.len() < 5_000, "not everything is kept");
    let last: Vec<u64> = (1..=5_000).skip(5_000 - heard.len()).collect();
    assert_eq!(heard, last, "but the last of it is, in order");
    broker.signal(&topic(), || Bytes::from("0008"));
    assert_eq!(drain(&mut ann), (vec![8], vec![]));
}
