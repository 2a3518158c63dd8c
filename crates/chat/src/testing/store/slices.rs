//! Store contract: slices of several logs, with the rights that end there.

use std::sync::Arc;

use wire::{ApplicationId, LogKey, Seq, Topic};

use super::Fresh;
use super::Tenant;
use super::writing::{TEA, change, commit, commit_one, draft, message, topic, with_tea};
use crate::ports::store::{Draft, Ends, FAR_BEHIND, Fact, LogSlice, SLICE_ENDS, SLICE_ENTRIES, Sender};
use crate::testing::{ann, ben, cal};

pub async fn entries_come_with_the_rights_that_end_there(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let ends = [
        Ends::of(ben().id),
        Ends::Nobody,
        Ends::Users(vec![ann().id, cal().id]),
        Ends::Everyone,
        Ends::Nobody,
    ];
    for (number, ends) in ends.iter().enumerate() {
        let said = message(TEA, &ann(), &number.to_string(), "x");
        commit_one(&store, Draft { ends: ends.clone(), ..said }).await;
    }
    for after in 0..=6 {
        let (slice, page) = (slice(&store, &log(), after).await, whole(&store, after).await);
        let LogSlice::Entries(entries) = slice else { panic!("{slice:?}") };
        let (entries, ended): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        assert_eq!(entries, page, "after {after}");
        let skipped = usize::try_from(after).unwrap();
        let all: Vec<_> = std::iter::once(Ends::Nobody).chain(ends.clone()).skip(skipped).collect();
        assert_eq!(ended, all, "after {after}");
    }
    assert_eq!(slice(&store, &log(), 7).await, LogSlice::Entries(vec![]), "past the head");
    assert_eq!(slice(&store, &log(), u64::MAX).await, LogSlice::Entries(vec![]));
}

pub async fn the_news_of_a_change_end_rights_too(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let mut left = change(TEA, 1, vec![]);
    let news = draft(&Topic::group(TEA), Sender::User(ben().id), "left", "left");
    left.news = vec![Draft { ends: Ends::of(ben().id), ..news }];
    commit_one(&store, left).await;
    let LogSlice::Entries(entries) = slice(&store, &log(), 1).await else { panic!("there are two entries") };
    assert_eq!(entries.into_iter().map(|(_, ends)| ends).collect::<Vec<_>>(), [Ends::of(ben().id)]);
}

pub async fn a_slice_has_so_many_entries_and_far_behind_only_those_that_end_a_right(fresh: impl Fresh) {
    let store = fresh();
    let news = topic("news");
    let key = LogKey::new(ApplicationId::BUILT_IN, news.clone());
    let last = FAR_BEHIND + 50;
    let every_tenth = |seq: u64| if seq.is_multiple_of(10) { Ends::of(ben().id) } else { Ends::Nobody };
    let draft =
        |seq: u64| Draft { ends: every_tenth(seq), ..draft(&news, Sender::Open, &format!("n{seq}"), "x") };
    commit(&store, (1..=last).map(draft).collect()).await;
    let LogSlice::Entries(entries) = slice(&store, &key, 50).await else { panic!("not too far behind") };
    assert_eq!(
        entries.iter().map(|(entry, _)| entry.seq.0).collect::<Vec<_>>(),
        (51..=50 + SLICE_ENTRIES as u64).collect::<Vec<_>>()
    );
    let all: Vec<_> = (5..=last / 10).map(|tenth| (Seq(10 * tenth), Ends::of(ben().id))).collect();
    assert!(all.len() < SLICE_ENDS);
    assert_eq!(slice(&store, &key, 49).await, LogSlice::Ends { ends: all, to: Seq(last) });
    let many = |seq: u64| Draft { id: wire::SendId::new(&format!("m{seq}")).unwrap(), ..draft(10) };
    commit(&store, (0..900).map(many).collect()).await;
    let LogSlice::Ends { ends, to } = slice(&store, &key, 10).await else { panic!("too far behind") };
    assert_eq!((ends.len(), Some(to)), (SLICE_ENDS, ends.last().map(|(seq, _)| *seq)), "as far as it looked");
    assert!(to < Seq(last + 900));
}

pub async fn several_logs_are_read_at_once_and_a_deleted_one_is_absent(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let news = LogKey::new(ApplicationId::BUILT_IN, topic("news"));
    let other = LogKey::new(ApplicationId(7), topic("news"));
    let nothing = LogKey::new(ApplicationId::BUILT_IN, topic("nothing"));
    for id in ["1", "2"] {
        commit_one(&store, draft(&topic("news"), Sender::Open, id, id)).await;
    }
    let all: Arc<[LogKey]> = [log(), nothing.clone(), news.clone()].into();
    let heads = store.store().heads(Arc::clone(&all)).await.unwrap();
    assert_eq!(heads, [Some(Seq(1)), None, Some(Seq(2))]);
    let after: Arc<[(LogKey, Seq)]> =
        all.iter().cloned().map(|log| (log, Seq(1))).chain([(other, Seq(1))]).collect();
    let slices = store.store().slices(after, Seq::ZERO).await.unwrap().logs;
    let seqs = |slice: &LogSlice| match slice {
        LogSlice::Entries(entries) => Some(entries.iter().map(|(entry, _)| entry.seq.0).collect::<Vec<_>>()),
        _ => None,
    };
    // The entries of the other application's log have other times, so they are not those of this one.
    assert_eq!(
        slices.iter().map(seqs).collect::<Vec<_>>(),
        [Some(vec![]), None, Some(vec![2]), Some(vec![2])]
    );
    assert_eq!(slices[1], LogSlice::Absent);
    assert_ne!(slices[2], slices[3]);

    commit_one(&store, change(TEA, 1, vec![Fact::Deleted])).await;
    assert_eq!(store.store().heads(all).await.unwrap(), [None, None, Some(Seq(2))]);
    assert_eq!(slice(&store, &log(), 1).await, LogSlice::Absent);
}

fn log() -> LogKey {
    LogKey::new(ApplicationId::BUILT_IN, Topic::group(TEA))
}

async fn slice(store: &Tenant, log: &LogKey, after: u64) -> LogSlice {
    let after = (log.clone(), Seq(after));
    store.store().slices(Arc::new([after]), Seq::ZERO).await.unwrap().logs.remove(0)
}

async fn whole(store: &Tenant, after: u64) -> Vec<wire::Entry<wire::Json>> {
    let range = crate::ports::store::Range { after: Some(Seq(after)), before: None, limit: 100 };
    store.page(&Topic::group(TEA), range).await.unwrap().entries
}
