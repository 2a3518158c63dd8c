//! Admission: entries of several sources, in any order.

use std::collections::HashMap;

use broker::{Ends, Frame, SubscriptionError};
use proptest::prelude::*;
use wire::Seq;

use crate::connection::{ANN, BEN, Connection, broker, frame, log_key, publish, publish_ending, run_passes};

/// A source of entries brings one of them, or a slice as the tailer does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Entry(u64),
    Slice(u64),
    Skip(u64),
}

proptest! {
    #[test]
    fn in_whatever_order_entries_come_readers_get_all_up_to_their_end_in_order(
        steps in prop::collection::vec(
            prop_oneof![
                8 => (1..=40u64).prop_map(Step::Entry),
                2 => (1..=8u64).prop_map(Step::Slice),
                1 => (1..=5u64).prop_map(Step::Skip),
            ],
            1..120,
        ),
        removed in 1..=40u64,
    ) {
        let (broker, _shards) = broker(100_000);
        let [mut ann, mut ben] = [ANN, BEN].map(|user| Connection::subscribed(&broker, user));
        let ends = |seq| if seq == removed { Ends::of(BEN) } else { Ends::Nobody };
        let admit = |seq: u64| publish_ending(&broker, &log_key(), seq, &ends(seq));
        let head = || broker.admitted(&log_key()).unwrap_or_default().0;
        let (mut got, mut bens, mut ended) = (Vec::new(), Vec::new(), false);
        for step in steps.into_iter().chain((0..5).map(|_| Step::Slice(8))) {
            match step {
                Step::Entry(seq) => admit(seq),
                Step::Slice(count) => (head() + 1..=(head() + count).min(40)).for_each(admit),
                Step::Skip(count) => {
                    let (after, to) = (head(), (head() + count).min(40));
                    let ended: Vec<_> =
                        (after + 1..=to).map(|seq| (Seq(seq), ends(seq))).filter(|(_, ends)| !ends.is_nobody()).collect();
                    broker.skip(&log_key(), Seq(after), Seq(to), &ended);
                }
            }
            for (user, got) in [(&mut ann, &mut got), (&mut ben, &mut bens)] {
                loop {
                    let (more, errors) = user.drain();
                    got.extend(more);
                    match errors.first() {
                        Some(SubscriptionError::Behind { key, cursor, until }) => {
                            prop_assert!(until.0 <= head(), "nothing past what this node has seen");
                            let page: Vec<Frame> = (cursor.0 + 1..=until.0).map(frame).collect();
                            user.outbound.offer(key, &page);
                        }
                        Some(_) => {
                            ended = true;
                            break;
                        }
                        None => break,
                    }
                }
            }
        }
        prop_assert_eq!(head(), 40);
        prop_assert_eq!(got, (1..=40).collect::<Vec<_>>());
        prop_assert_eq!(bens, (1..=removed).collect::<Vec<_>>());
        prop_assert!(ended);
    }
}

#[test]
fn what_comes_too_early_waits_and_is_noted_as_a_gap() {
    let (broker, mut shards) = broker(1_000);
    let mut ann = Connection::subscribed(&broker, ANN);
    publish(&broker, &log_key(), 1..=2);
    publish(&broker, &log_key(), 4..=5);
    assert_eq!(ann.drain(), (vec![1, 2], vec![]));
    assert_eq!(broker.take_gaps(), HashMap::from([(log_key(), Seq(5))]));
    assert_eq!(broker.take_gaps(), HashMap::new());
    publish(&broker, &log_key(), 3..=3);
    run_passes(&mut shards);
    assert_eq!((ann.received(), broker.take_gaps()), (vec![3, 4, 5], HashMap::new()));
    assert_eq!(broker.heads(), [(log_key(), Seq(5))]);
}

#[test]
fn a_gap_is_never_skipped_unless_its_ends_are_known() {
    let (broker, _shards) = broker(1_000);
    let mut ann = Connection::subscribed(&broker, ANN);
    let mut ben = Connection::subscribed(&broker, BEN);
    publish(&broker, &log_key(), 1..=2);
    publish(&broker, &log_key(), 6..=6);
    broker.skip(&log_key(), Seq(3), Seq(5), &[]);
    assert_eq!(broker.admitted(&log_key()), Some(Seq(2)), "nobody has looked at the third");
    broker.skip(&log_key(), Seq(1), Seq(5), &[(Seq(2), Ends::of(ANN)), (Seq(4), Ends::of(BEN))]);
    assert_eq!(broker.admitted(&log_key()), Some(Seq(6)));
    let behind = |until| SubscriptionError::Behind { key: log_key(), cursor: Seq(0), until: Seq(until) };
    assert_eq!(ann.drain(), (vec![], vec![behind(6)]), "the end at the second was seen before");
    assert_eq!(ben.drain(), (vec![], vec![behind(4)]));
}

#[test]
fn only_so_much_waits_and_the_rest_is_read_again() {
    let (broker, mut shards) = broker(1_000_000);
    let ann = Connection::subscribed(&broker, ANN);
    let long = |seq: u64| Frame::text(&format!("{seq:040000}"));
    let admit = |seq: u64| broker.admit(&log_key(), Seq(seq), &Ends::Nobody, || long(seq));
    // Two of them have more bytes than may wait, so one does.
    [3, 2].into_iter().for_each(admit);
    assert_eq!(
        broker.take_gaps(),
        HashMap::from([(log_key(), Seq(3))]),
        "the dropped one is known to be missing"
    );
    admit(1);
    assert_eq!(broker.admitted(&log_key()), Some(Seq(2)));
    publish(&broker, &log_key(), 4..=500);
    admit(3);
    assert_eq!(broker.admitted(&log_key()), Some(Seq(3 + 256)));
    run_passes(&mut shards);
    assert_eq!(ann.received(), (1..=259).collect::<Vec<_>>());
}
