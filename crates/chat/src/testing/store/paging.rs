//! Store contract: pages of entries and of rows.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use wire::{Json, Seq, Topic};

use super::writing::{commit, draft, empty_page, topic, whole};
use super::{Fresh, Tenant};
use crate::ports::store::{Draft, LogWrite, Range, RowRange, Sender};
use crate::testing::for_all;

pub async fn a_topic_without_entries_has_an_empty_page(fresh: impl Fresh) {
    let store = fresh();
    log_of(&store, &topic("news"), 3).await;
    for range in [
        Range { after: None, before: None, limit: 10 },
        Range { after: Some(Seq(0)), before: None, limit: 10 },
        Range { after: Some(Seq(7)), before: Some(Seq(9)), limit: 0 },
    ] {
        let page = store.page(&topic("orders"), range).await.unwrap();
        assert_eq!(page, empty_page(store.epoch()));
    }
}

pub async fn a_page_begins_after_a_place_or_ends_before_one(fresh: impl Fresh) {
    let store = fresh();
    log_of(&store, &topic("news"), 9).await;
    for (after, before, limit, seqs) in [
        (None, None, 3, vec![7, 8, 9]),
        (None, None, 20, vec![1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (None, Some(5), 3, vec![2, 3, 4]),
        (None, Some(2), 3, vec![1]),
        (None, Some(1), 3, vec![]),
        (Some(0), None, 3, vec![1, 2, 3]),
        (Some(7), None, 3, vec![8, 9]),
        (Some(9), None, 3, vec![]),
        (Some(2), Some(8), 3, vec![3, 4, 5]),
        (Some(2), Some(5), 3, vec![3, 4]),
        (Some(5), Some(6), 3, vec![]),
        (Some(6), Some(2), 3, vec![]),
    ] {
        let range = Range { after: after.map(Seq), before: before.map(Seq), limit };
        assert_eq!(seqs_of(&store, &topic("news"), range).await, seqs, "{range:?}");
    }
}

pub async fn a_page_of_nothing_still_tells_where_the_log_stands(fresh: impl Fresh) {
    let store = fresh();
    log_of(&store, &topic("news"), 4).await;
    let page = store.page(&topic("news"), Range::default()).await.unwrap();
    assert_eq!(page.entries, []);
    assert_eq!((page.epoch, page.begins, page.head), (store.epoch(), Seq(1), Seq(4)));
}

pub async fn no_place_is_too_large_to_ask_for(fresh: impl Fresh) {
    let store = fresh();
    log_of(&store, &topic("news"), 2).await;
    for far in [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1] {
        let after = Range { after: Some(Seq(far)), before: None, limit: 10 };
        assert_eq!(seqs_of(&store, &topic("news"), after).await, [0; 0], "after {far}");
        let before = Range { after: None, before: Some(Seq(far)), limit: usize::MAX };
        assert_eq!(seqs_of(&store, &topic("news"), before).await, [1, 2], "before {far}");
    }
}

pub async fn any_page_is_a_slice_of_the_log(fresh: impl Fresh) {
    let place = || option::of(0..14u64);
    let ranges = vec((place(), place(), prop_oneof![0..14usize, Just(usize::MAX)]), 1..20);
    for_all(32, (0..12usize, ranges), move |(len, ranges)| {
        let store = fresh();
        async move {
            log_of(&store, &topic("other"), 5).await;
            log_of(&store, &topic("news"), len).await;
            let log = whole(&store, &topic("news")).await.entries;
            assert_eq!(log.len(), len);
            for (after, before, limit) in ranges {
                let range = Range { after: after.map(Seq), before: before.map(Seq), limit };
                let mut slice: Vec<_> = log
                    .iter()
                    .filter(|entry| range.after.is_none_or(|after| entry.seq > after))
                    .filter(|entry| range.before.is_none_or(|before| entry.seq < before))
                    .cloned()
                    .collect();
                if range.after.is_some() {
                    slice.truncate(limit);
                } else {
                    slice.drain(..slice.len().saturating_sub(limit));
                }
                let page = store.page(&topic("news"), range).await.unwrap();
                assert_eq!(page.entries, slice, "{range:?}");
                assert_eq!((page.begins, page.head), (Seq(1), Seq(len as u64)));
            }
        }
    })
    .await;
}

pub async fn any_part_has_the_rows_of_the_places_that_it_covers(fresh: impl Fresh) {
    // Rows among any number of other entries.
    let log = vec(prop_oneof![Just(true), Just(false)], 0..40);
    let ranges = vec((0..45u64, 0..9usize, 0..9usize), 1..20);
    for_all(48, (log, ranges), move |(log, ranges)| {
        let store = fresh();
        async move {
            let news = topic("news");
            let entry = |(place, is_row): (usize, &bool)| {
                LogWrite::Post(Draft {
                    is_row: *is_row,
                    ..draft(&news, Sender::Open, &place.to_string(), "x")
                })
            };
            commit(&store, log.iter().enumerate().map(entry).collect()).await;
            let all: Vec<u64> = (1..).zip(&log).filter(|(_, is_row)| **is_row).map(|(seq, _)| seq).collect();
            let head = log.len() as u64;
            for (at, before, after) in ranges {
                let page = store.rows(&news, RowRange::split(Seq(at), before, after)).await.unwrap();
                let what = format!("{at} {before} {after} {page:?} {log:?}");
                let at = at.clamp(1, head + 1);
                let rows: Vec<u64> = page.entries.iter().map(|entry| entry.seq.0).collect();
                let (from, to) = (page.from.0, page.to.0);
                let covered: Vec<u64> = all.iter().copied().filter(|seq| (from..=to).contains(seq)).collect();
                assert_eq!(rows, covered, "every row of the places and no other: {what}");
                let (older, newer): (Vec<u64>, Vec<u64>) = all.iter().partition(|seq| **seq < at);
                let lacking = before.saturating_sub(older.len());
                let given = newer.len().min(if after == 0 { 0 } else { after + lacking });
                assert_eq!(rows.iter().filter(|seq| **seq >= at).count(), given, "{what}");
                let wanted = if before == 0 { 0 } else { before + after.saturating_sub(given) };
                assert_eq!(rows.iter().filter(|seq| **seq < at).count(), older.len().min(wanted), "{what}");
                // The Seqs continue where another part begins or ends, and end where nothing is left.
                assert!(from <= at && to + 1 >= at && from >= page.begins.0 && to <= page.head.0, "{what}");
                assert_eq!(
                    from == 1,
                    before == 0 && at == 1 || before > 0 && older.len() <= wanted,
                    "{what}"
                );
                assert_eq!(
                    to == head,
                    after == 0 && at == head + 1 || after > 0 && newer.len() <= after + lacking,
                    "{what}"
                );
            }
        }
    })
    .await;
}

pub async fn a_part_with_long_messages_has_fewer_rows_and_at_least_one(fresh: impl Fresh) {
    let store = fresh();
    let news = topic("news");
    let long = |place: usize| Draft {
        data: Json::of(&"x".repeat(1_000)),
        ..draft(&news, Sender::Open, &place.to_string(), "x")
    };
    commit(&store, (1..=9).map(long).map(LogWrite::Post).collect()).await;
    let part = async |range: RowRange, bytes| {
        let rows = store.rows(&news, RowRange { bytes, ..range }).await.unwrap();
        let seqs: Vec<u64> = rows.entries.iter().map(|entry| entry.seq.0).collect();
        (seqs, rows.from.0, rows.to.0)
    };
    assert_eq!(part(RowRange::newest(5), 10_000).await, (vec![5, 6, 7, 8, 9], 5, 9));
    assert_eq!(part(RowRange::newest(5), 2_500).await, (vec![8, 9], 8, 9));
    assert_eq!(part(RowRange::newest(5), 10).await, (vec![9], 9, 9));
    assert_eq!(part(RowRange::before(Seq(8), 5), 10).await, (vec![7], 7, 7));
    assert_eq!(part(RowRange::after(Seq(2), 5), 2_500).await, (vec![3, 4], 3, 4));
    assert_eq!(part(RowRange::split(Seq(5), 4, 4), 4_500).await, (vec![3, 4, 5, 6], 3, 6));
    assert_eq!(part(RowRange::split(Seq(5), 4, 4), 10).await, (vec![5], 5, 5));
}

/// Fills a log, in one batch.
async fn log_of(store: &Tenant, topic: &Topic, len: usize) {
    let say = |place: usize| draft(topic, Sender::Open, &format!("{topic}-{place}"), "x");
    commit(store, (1..=len).map(say).map(LogWrite::Post).collect()).await;
}

async fn seqs_of(store: &Tenant, topic: &Topic, range: Range) -> Vec<u64> {
    store.page(topic, range).await.unwrap().entries.iter().map(|entry| entry.seq.0).collect()
}
