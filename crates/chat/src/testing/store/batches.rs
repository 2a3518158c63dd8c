//! Store contract: batches.

use std::sync::Arc;

use wire::{Refusal, Role, Seq, Topic};

use super::Fresh;
use super::writing::{
    NOW, TEA, batch, change, commit, draft, founding, hash, message, seated, session, texts, topic, unseated,
    whole, with_tea,
};
use crate::ports::store::{
    Checked, Done, LogOutcome, Outcome, Range, Sender, SessionWrite, UserWrite, Write,
};
use crate::testing::{ann, ben, cal, person};

pub async fn nothing_to_write_is_written(fresh: impl Fresh) {
    let store = fresh();
    assert_eq!(commit::<Write>(&store, vec![]).await, []);
    let posted = commit(&store, vec![draft(&topic("news"), Sender::Open, "1", "x")]).await;
    assert_eq!(posted, [LogOutcome::Posted { seq: Seq(1) }]);
}

pub async fn a_batch_takes_effect_in_its_order(fresh: impl Fresh) {
    let store = fresh();
    let words: Vec<String> = (0..100).rev().map(|n| format!("word {n}")).collect();
    let writes =
        words.iter().enumerate().map(|(n, word)| draft(&topic("news"), Sender::Open, &n.to_string(), word));
    commit(&store, writes.collect()).await;
    assert_eq!(texts(&store, &topic("news")).await, words);
}

pub async fn every_write_has_its_outcome(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let news = topic("news");
    let dan = person("dan");
    let writes = batch![
        UserWrite::CreateGuest { person: dan.clone(), session: session(hash(4), NOW) },
        message(TEA, &ann(), "1", "hello"),
        message(TEA, &dan, "1", "hello"),
        change(TEA, 1, vec![seated(&dan, Role::Member)]),
        message(TEA, &dan, "1", "hello"),
        message(TEA, &dan, "1", "hello"),
        message(TEA, &dan, "1", "other"),
        change(TEA, 1, vec![unseated(dan.id)]),
        SessionWrite::Touch { token: hash(4), at: NOW },
        draft(&news, Sender::Open, "1", "x"),
    ];
    let expected = [
        Outcome::Users(Done),
        Outcome::Log(LogOutcome::Posted { seq: Seq(2) }),
        Outcome::Log(LogOutcome::Refused(Refusal::NotMember)),
        Outcome::Groups(Checked::Done),
        Outcome::Log(LogOutcome::Posted { seq: Seq(3) }),
        Outcome::Log(LogOutcome::Repeated { seq: Seq(3), at: NOW }),
        Outcome::Log(LogOutcome::SendIdTaken),
        Outcome::Groups(Checked::Stale),
        Outcome::Sessions(Checked::Done),
        Outcome::Log(LogOutcome::Posted { seq: Seq(1) }),
    ];
    assert_eq!(commit(&store, writes).await, expected);
}

pub async fn what_is_refused_leaves_no_trace_and_the_rest_goes_through(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let mut stale = change(TEA, 0, vec![seated(&ben(), Role::Member)]);
    stale.news = vec![draft(&Topic::group(TEA), Sender::User(ben().id), "joined", "joined")];
    let writes = batch![
        message(TEA, &ann(), "1", "one"),
        message(TEA, &cal(), "1", "no seat"),
        message(TEA, &ann(), "1", "id taken"),
        stale,
        founding(TEA, "again", &cal()),
        message(TEA, &ann(), "2", "two"),
    ];
    commit(&store, writes).await;
    assert_eq!(texts(&store, &Topic::group(TEA)).await, ["created", "one", "two"]);
    let roster = store.roster(TEA).await.unwrap().unwrap();
    assert_eq!(roster.settings.name.as_str(), "tea");
    assert_eq!(roster.members.iter().map(|member| member.person.clone()).collect::<Vec<_>>(), [ann()]);
    assert_eq!(store.conversations(ben().id, 99).await.unwrap().mine, []);
}

pub async fn commits_made_at_once_all_find_their_places(fresh: impl Fresh) {
    let store = fresh();
    let commits = (0..40).map(|number| {
        let store = Arc::clone(&store);
        let write = |half| draft(&topic("news"), Sender::Open, &format!("{number}/{half}"), "x");
        let writes = vec![write("a"), write("b")];
        tokio::spawn(async move { commit(&store, writes).await })
    });
    let mut places = vec![];
    for commit in commits.collect::<Vec<_>>() {
        let outcomes = commit.await.unwrap();
        let [LogOutcome::Posted { seq: first }, LogOutcome::Posted { seq: second }] = outcomes[..] else {
            panic!("{outcomes:?}");
        };
        assert_eq!(second, first.next(), "a batch stays together");
        places.extend([first.0, second.0]);
    }
    places.sort_unstable();
    assert_eq!(places, (1..=80).collect::<Vec<_>>());
    assert_eq!(whole(&store, &topic("news")).await.entries.len(), 80);
}

pub async fn a_reader_never_sees_half_a_batch(fresh: impl Fresh) {
    let store = fresh();
    let writer = Arc::clone(&store);
    let writing = tokio::spawn(async move {
        for number in 0..30 {
            let write = |part| draft(&topic("news"), Sender::Open, &format!("{number}/{part}"), "x");
            commit(&writer, vec![write("a"), write("b"), write("c")]).await;
            tokio::task::yield_now().await;
        }
    });
    let mut head = Seq::ZERO;
    while head < Seq(90) {
        let range = Range { after: Some(head), before: None, limit: usize::MAX };
        let page = store.page(&topic("news"), range).await.unwrap();
        assert_eq!(page.head.0 % 3, 0);
        assert_eq!(page.entries.len() as u64, page.head.0 - head.0, "the head belongs to the entries");
        head = page.head;
        tokio::task::yield_now().await;
    }
    writing.await.unwrap();
}
