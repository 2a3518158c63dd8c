use proptest::prelude::*;
use tokio::time::Instant;
use wire::{Epoch, ReadState, ResetReason, Seq, UserId};

use super::{Finding, Nodes, check, check_on, check_reader};
use crate::record::{Line, Note, Record};

const EPOCH: Epoch = Epoch(7);

fn line(seq: u64, id: &str) -> Line {
    Line { seq: Seq(seq), id: id.into(), body: Some(format!("text of {id}")), membership: None }
}

fn invoke(id: &str) -> Note {
    Note::Invoke { id: id.into(), body: format!("text of {id}"), at: Instant::now() }
}

fn ok(id: &str, seq: u64) -> Note {
    Note::Ok { id: id.into(), seq: Seq(seq), duplicate: false }
}

fn subscribed(seq: u64) -> Note {
    Note::Subscribed { epoch: EPOCH, seq: Seq(seq), head: Seq(seq) }
}

fn read(seq: u64, id: &str) -> Note {
    Note::Read(line(seq, id))
}

fn record(name: &str, notes: Vec<Note>) -> Record {
    Record { name: name.into(), user: None, notes }
}

/// ann sends a1 and a2, ben reads both.
fn clean() -> (Vec<Record>, Vec<Line>) {
    let ann = vec![
        subscribed(0),
        invoke("a1"),
        ok("a1", 1),
        read(1, "a1"),
        invoke("a2"),
        read(2, "a2"),
        ok("a2", 2),
    ];
    let ben = vec![subscribed(0), read(1, "a1"), subscribed(1), read(2, "a2")];
    (vec![record("ann", ann), record("ben", ben)], vec![line(1, "a1"), line(2, "a2")])
}

#[test]
fn a_clean_run_has_no_findings() {
    let (records, log) = clean();
    assert_eq!(check(&records, &log), []);
}

#[test]
fn a_mark_that_goes_back_or_too_far_is_found() {
    let marks = |delivered, read| ReadState {
        user: UserId::from_bytes([7; 10]),
        delivered: Seq(delivered),
        read: Seq(read),
    };
    let judged = |told: &[ReadState]| {
        let (mut records, log) = clean();
        records[0].notes.extend(told.iter().copied().map(Note::Marks));
        (check(&records, &log), check_on(Nodes::Several, &records, &log))
    };
    assert_eq!(judged(&[marks(1, 0), marks(1, 1), marks(2, 1), marks(2, 2)]), (vec![], vec![]));
    for (told, goes_back) in [
        ([marks(2, 0), marks(1, 0)], true),
        ([marks(2, 2), marks(2, 1)], true),
        ([marks(1, 0), marks(3, 0)], false),
        ([marks(1, 0), marks(1, 2)], false),
    ] {
        let found = vec![Finding::BadMarks { reader: "ann".into(), marks: told[1] }];
        let on_several = if goes_back { vec![] } else { found.clone() };
        assert_eq!(judged(&told), (found, on_several));
    }
}

#[test]
fn an_ack_before_the_commit_is_found_as_a_loss() {
    let (mut records, log) = clean();
    records[0].notes.extend([invoke("a3"), ok("a3", 3)]);
    assert_eq!(check(&records, &log), [Finding::Lost { id: "a3".into() }]);
}

#[test]
fn news_before_the_fact_is_found_as_a_phantom() {
    let (mut records, log) = clean();
    records[0].notes.push(invoke("a3"));
    records[1].notes.push(read(3, "a3"));
    assert_eq!(check(&records, &log), [Finding::Phantom { id: "a3".into() }]);
}

#[test]
fn a_refused_message_that_stands_in_the_log_is_found() {
    let (mut records, log) = clean();
    records[0].notes.push(Note::Refused { id: "a2".into() });
    assert_eq!(check(&records, &log), [Finding::Phantom { id: "a2".into() }]);
}

#[test]
fn a_retry_that_became_two_messages_is_found() {
    let (mut records, mut log) = clean();
    log.push(line(3, "a2"));
    for record in &mut records {
        record.notes.push(read(3, "a2"));
    }
    let found = check(&records, &log);
    assert!(found.contains(&Finding::TwoPlaces { id: "a2".into() }), "{found:?}");
}

#[test]
fn two_readers_with_another_order_are_found() {
    let (mut records, log) = clean();
    records[1].notes = vec![subscribed(0), read(1, "a2"), read(2, "a1")];
    let found = check(&records, &log);
    assert!(found.contains(&Finding::TwoBodies { seq: 1, reader: "ben".into() }), "{found:?}");
}

#[test]
fn a_hole_on_resume_is_found_and_an_entry_that_comes_again_too() {
    let (mut records, log) = clean();
    records[1].notes = vec![subscribed(0), subscribed(0), read(2, "a2")];
    assert_eq!(check(&records, &log), [Finding::Gap { reader: "ben".into(), after: 0, found: 2 }]);
    records[1].notes = vec![subscribed(0), read(1, "a1"), read(2, "a2"), subscribed(1), read(2, "a2")];
    assert_eq!(check(&records, &log), [Finding::Repeat { reader: "ben".into(), seq: 2 }]);
}

#[test]
fn a_sender_whose_order_was_turned_is_found() {
    let (mut records, _) = clean();
    let log = vec![line(1, "a2"), line(2, "a1")];
    records[0].notes = vec![subscribed(2), invoke("a1"), ok("a1", 2), invoke("a2"), ok("a2", 1)];
    records[1].notes = vec![subscribed(2)];
    assert_eq!(check(&records, &log), [Finding::Inverted { first: "a1".into(), second: "a2".into() }]);
}

#[test]
fn an_ack_that_names_another_place_is_found() {
    let (mut records, log) = clean();
    records[0].notes[2] = ok("a1", 2);
    assert_eq!(check(&records, &log), [Finding::WrongPlace { id: "a1".into(), acked: 2 }]);
}

#[test]
fn a_late_unsubscribe_is_found() {
    let (mut records, log) = clean();
    records[1].notes.insert(2, Note::Left { seq: Seq(1) });
    assert_eq!(check(&records, &log), [Finding::AfterLeaving { reader: "ben".into(), seq: 2 }]);
}

#[test]
fn a_reset_needs_a_cause() {
    let (mut records, log) = clean();
    records[1].notes = vec![subscribed(0), Note::Reset { reason: ResetReason::TooFarBehind, seq: Seq(2) }];
    assert_eq!(check(&records, &log), [Finding::ResetWithoutCause { reader: "ben".into(), seq: 2 }]);
}

#[test]
fn history_fills_the_whole_gap_of_a_reset_or_it_is_found() {
    let log: Vec<Line> = (1..=1_200).map(|seq| line(seq, &format!("m{seq}"))).collect();
    let judged = |filled: &[Line]| {
        let reset = Note::Reset { reason: ResetReason::TooFarBehind, seq: Seq(1_199) };
        let notes =
            vec![subscribed(0), reset, read(1_200, "m1200"), Note::Refilled { lines: filled.to_vec() }];
        check_reader(&record("ben", notes), &log)
    };
    assert_eq!(judged(&log[..1_199]), []);
    let unfilled = Finding::Unfilled { reader: "ben".into(), after: 0, until: 1_199 };
    for partly in [&log[..0], &log[..1_198], &log[1..1_199], &log[..1_200]] {
        assert_eq!(judged(partly), std::slice::from_ref(&unfilled));
    }
    let mut other = log[..1_199].to_vec();
    other[7].body = Some("something else".into());
    assert_eq!(judged(&other), [Finding::TwoBodies { seq: 8, reader: "ben".into() }]);
}

#[test]
fn a_log_with_a_hole_and_a_reader_who_stopped_early_are_found() {
    let (mut records, mut log) = clean();
    records[1].notes.pop();
    assert_eq!(check(&records, &log), [Finding::Unread { reader: "ben".into(), last: 1, head: 2 }]);
    log.remove(0);
    let found = check(&records, &log);
    assert!(found.contains(&Finding::LogGap { expected: 1, found: 2 }), "{found:?}");
}

proptest! {
    #[test]
    fn whatever_is_broken_in_a_good_run_is_found(count in 2u64..30, at in 0u64..30, kind in 0u8..4) {
        let at = at % count;
        let ids: Vec<String> = (0..count).map(|n| format!("m{n}")).collect();
        let mut log: Vec<Line> = ids.iter().zip(1..).map(|(id, seq)| line(seq, id)).collect();
        let mut ann = vec![subscribed(0)];
        let mut ben = vec![subscribed(0)];
        for (id, seq) in ids.iter().zip(1..) {
            ann.extend([invoke(id), ok(id, seq), read(seq, id)]);
            ben.push(read(seq, id));
        }
        let good = [record("ann", ann.clone()), record("ben", ben.clone())];
        prop_assert_eq!(check(&good, &log), []);
        let place = usize::try_from(at).unwrap();
        match kind {
            0 => { ben.remove(place + 1); }
            1 => { ben.insert(place + 1, ben[place + 1].clone()); }
            2 => { log.remove(place); }
            _ => { log[place].body = Some("something else".into()); }
        }
        let broken = [record("ann", ann), record("ben", ben)];
        prop_assert!(!check(&broken, &log).is_empty());
    }
}
