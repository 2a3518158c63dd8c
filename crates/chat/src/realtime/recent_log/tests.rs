//! Unit tests of the newest entries of one log.

use wire::{Epoch, Event, GroupId, Quote, RichText, SendId, Timestamp, Topic};

use super::*;
use crate::rules::change;
use crate::testing::person;
use wire::Amendment;

fn entry(seq: u64, data: &str) -> Entry<Json> {
    let (id, topic) = (SendId::from_bytes([7; 10]), Topic::group(GroupId::from_bytes([9; 10])));
    Entry { id, topic, seq: Seq(seq), data: Json::of(&data), timestamp: Timestamp(5) }
}

/// Returns a log of some entries, the first of which has this Seq.
fn log(begins: u64, head: u64) -> RecentLog {
    let first = begins.max((head + 1).saturating_sub(ENTRIES as u64));
    let entries = (first..=head).map(|seq| entry(seq, "old")).collect();
    RecentLog::of(&Page { entries, epoch: Epoch(1), begins: Seq(begins), head: Seq(head) }).unwrap()
}

fn appended(seq: u64) -> LogChange {
    LogChange { appended: vec![(Seq(seq), RecentEntry::of(&entry(seq, "new")))], ..LogChange::default() }
}

fn newest(log: &RecentLog, limit: usize) -> Option<Vec<String>> {
    let entries = log.entries(log.bounds(), Range { limit, ..Range::default() })?;
    Some(entries.into_iter().map(|entry| format!("{} {:?}", entry.seq, entry.data)).collect())
}

#[test]
fn a_change_that_a_page_has_is_not_applied_again() {
    let mut log = log(1, 11);
    let older = LogChange { rewritten: vec![entry(5, "older")], ..appended(10) };
    assert!(log.apply(&older));
    assert!(newest(&log, 11).unwrap().iter().all(|entry| entry.contains("old\"")));
    assert!(log.apply(&LogChange { rewritten: vec![entry(5, "newer")], ..appended(12) }));
    assert_eq!(newest(&log, 8).unwrap()[0], "5 \"newer\"");
}

#[test]
fn a_log_with_a_hole_is_of_no_use() {
    assert!(!log(1, 11).apply(&appended(13)));
    let trimmed = |from, to| LogChange { begins: vec![(Seq(from), Seq(to))], ..LogChange::default() };
    assert!(!log(1, 11).apply(&trimmed(3, 5)), "another node has trimmed it before");
    let mut log = log(1, 11);
    assert!(log.apply(&trimmed(1, 9)) && log.apply(&trimmed(9, 12)));
    assert_eq!((newest(&log, 5), log.bytes()), (Some(vec![]), 0));
    assert!(log.apply(&appended(12)));
    assert_eq!(newest(&log, 5).unwrap(), ["12 \"new\""]);
}

#[test]
fn a_reader_from_before_a_change_does_not_get_it() {
    let (mut log, range) = (log(1, 11), Range { limit: 3, ..Range::default() });
    let before = log.bounds();
    assert!(log.apply(&appended(12)));
    let seqs = |log: &RecentLog, bounds| {
        Some(log.entries(bounds, range)?.iter().map(|entry| entry.seq.0).collect::<Vec<_>>())
    };
    assert_eq!(seqs(&log, before), Some(vec![9, 10, 11]), "and nothing later");
    assert!(log.apply(&LogChange { rewritten: vec![entry(10, "edited")], ..appended(13) }));
    assert_eq!(seqs(&log, before), None);
    assert_eq!(seqs(&log, log.bounds()), Some(vec![11, 12, 13]));
    let later = LogBounds { head: Seq(14), ..log.bounds() };
    let other = LogBounds { epoch: Epoch(2), ..log.bounds() };
    let trimmed = LogBounds { begins: Seq(2), ..log.bounds() };
    assert_eq!([later, other, trimmed].map(|bounds| seqs(&log, bounds)), [None, None, None]);
}

#[test]
fn a_log_has_so_many_entries_and_bytes() {
    let mut log = log(1, 500);
    assert_eq!((log.entries.len(), log.first()), (ENTRIES, Seq(301)));
    assert!(log.apply(&appended(501)));
    assert_eq!((log.entries.len(), log.first()), (ENTRIES, Seq(302)));
    assert_eq!(newest(&log, ENTRIES + 1), None);
    let large = entry(502, &"巨".repeat(LOG_BYTES / 3));
    let large = LogChange { appended: vec![(Seq(502), RecentEntry::of(&large))], ..LogChange::default() };
    assert!(log.apply(&large));
    assert_eq!(log.entries.len(), 1);
    assert!(log.apply(&appended(503)) && log.bytes() < 1_000, "the large one is gone");
}

#[test]
fn a_row_is_known_by_its_type() {
    let (zoe, text) = (person("Zoë"), RichText::plain("שלום"));
    let quote = Quote { seq: Seq(1), author: zoe.clone(), excerpt: "\"type\"".into(), files: None };
    let mut events = vec![
        Event::message(zoe.clone(), "edited".into(), text.clone(), Some(quote)),
        Event::Left { person: zoe.clone() },
        Event::Restricted,
        Event::Tombstone { author: zoe.clone(), by: zoe.clone() },
    ];
    let amendments = [
        Amendment::Edit("x".into()),
        Amendment::Delete,
        Amendment::React(wire::Emoji::new("🍵").unwrap(), true),
        Amendment::Pin(false),
    ];
    events.extend(amendments.iter().map(|amendment| change(Seq(1), &zoe, amendment, text.clone())));
    let topic = Topic::group(GroupId::from_bytes([9; 10]));
    let (seq, id, message) = (Seq(1), SendId::from_bytes([7; 10]), None);
    events.push(Event::RestrictedMessage { topic, seq, id, message });
    for event in events {
        let entry = RecentEntry::new(&Json::of(&event), Frame::text(""));
        assert_eq!(entry.is_row, !event.is_silent(), "{event:?}");
    }
}
