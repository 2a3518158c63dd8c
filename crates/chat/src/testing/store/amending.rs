use wire::{Conversation, Json, Person, Refusal, Role, Seq, Timestamp, Topic};

use super::Fresh;
use super::writing::{
    NOW, TEA, change, commit, commit_one, draft, message, seated, texts, topic, unseated, whole, with_tea,
};
use crate::store::{Amend, Draft, Mentions, Outcome, Right, RightTo, Sender, Version, Write};
use crate::testing::{ann, ben, cal};

/// Somebody says something else instead of the entry at `target`.
fn amend(by: &Person, id: &str, target: u64, version: u64, text: &str) -> Amend {
    let news = message(TEA, by, id, "changed");
    let right =
        Some(Right { conversation: Conversation::Group(TEA), user: by.id, to: RightTo::Amend, now: NOW });
    Amend {
        target: Seq(target),
        version: Version(version),
        data: Json::of(&text),
        pinned: false,
        counts: false,
        mentions: Mentions::default(),
        others: vec![],
        news: Draft { right, about: Some(Seq(target)), ..news },
    }
}

pub async fn a_change_of_an_entry_is_read_in_its_place_and_told_at_the_end(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&*store, message(TEA, &ann(), "1", "helo")).await;
    let before = whole(&*store, &Topic::group(TEA)).await;
    let outcome = commit_one(&*store, Write::Amend(amend(&ann(), "2", 2, 0, "hello"))).await;
    assert_eq!(outcome, Outcome::Posted { seq: Seq(3) });
    assert_eq!(texts(&*store, &Topic::group(TEA)).await, ["created", "hello", "changed"]);
    let after = whole(&*store, &Topic::group(TEA)).await;
    let changed = wire::Entry { data: Json::of(&"hello"), ..before.entries[1].clone() };
    assert_eq!(after.entries[1], changed, "nothing else of the entry has changed");

    let kept = store.kept(&Topic::group(TEA), Seq(2)).await.unwrap().unwrap();
    assert_eq!((kept.entry, kept.version), (changed, Version(1)));
    // The message still has its id, with what it was first.
    let again = commit_one(&*store, message(TEA, &ann(), "1", "helo")).await;
    assert_eq!(again, Outcome::Repeated { seq: Seq(2), at: NOW });
}

pub async fn a_change_decided_on_an_old_entry_writes_nothing(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&*store, message(TEA, &ann(), "1", "one")).await;
    let writes = vec![
        Write::Amend(amend(&ann(), "2", 2, 0, "two")),
        Write::Amend(amend(&ann(), "3", 2, 0, "three")),
        Write::Amend(amend(&ann(), "3", 2, 1, "three")),
        Write::Amend(amend(&ann(), "4", 9, 0, "nowhere")),
    ];
    let posted = |seq| Outcome::Posted { seq: Seq(seq) };
    assert_eq!(commit(&*store, writes).await, [posted(3), Outcome::Stale, posted(4), Outcome::Stale]);
    assert_eq!(texts(&*store, &Topic::group(TEA)).await, ["created", "three", "changed", "changed"]);
}

pub async fn the_same_change_again_is_the_same_change(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&*store, message(TEA, &ann(), "1", "one")).await;
    let two = amend(&ann(), "2", 2, 0, "two");
    commit_one(&*store, Write::Amend(two.clone())).await;
    let again = commit_one(&*store, Write::Amend(two)).await;
    assert_eq!(again, Outcome::Repeated { seq: Seq(3), at: NOW });
    assert_eq!(store.kept(&Topic::group(TEA), Seq(2)).await.unwrap().unwrap().version, Version(1));
}

pub async fn without_the_right_nothing_is_changed(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&*store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    commit_one(&*store, message(TEA, &ben(), "1", "mine")).await;
    commit_one(&*store, change(TEA, 2, vec![unseated(ben().id)])).await;
    let refused = commit_one(&*store, Write::Amend(amend(&ben(), "2", 2, 0, "still mine"))).await;
    assert_eq!(refused, Outcome::Refused(Refusal::NotMember));
    assert_eq!(texts(&*store, &Topic::group(TEA)).await, ["created", "mine"]);
}

pub async fn what_is_about_an_entry_is_found_and_rewritten_with_it(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    commit_one(&*store, message(TEA, &ann(), "1", "secret")).await;
    let answer = Draft { about: Some(Seq(2)), ..message(TEA, &ann(), "2", "secret?") };
    commit(&*store, vec![answer.into(), message(TEA, &ann(), "3", "else").into()]).await;
    let found = store.about(&tea, Seq(2)).await.unwrap();
    assert_eq!(found.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [Seq(3)]);
    assert_eq!(store.about(&tea, Seq(3)).await.unwrap(), []);
    assert_eq!(store.about(&topic("news"), Seq(2)).await.unwrap(), []);

    let gone = Amend { others: vec![(Seq(3), Json::of(&"?"))], ..amend(&ann(), "4", 2, 0, "gone") };
    commit_one(&*store, Write::Amend(gone)).await;
    assert_eq!(texts(&*store, &tea).await, ["created", "gone", "?", "else", "changed"]);
    let about: Vec<Seq> = store.about(&tea, Seq(2)).await.unwrap().iter().map(|entry| entry.seq).collect();
    assert_eq!(about, [Seq(3), Seq(5)], "the news of a change are about it too");
}

pub async fn what_is_pinned_is_found_until_it_is_no_longer(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    for (id, text) in [("1", "one"), ("2", "two")] {
        commit_one(&*store, message(TEA, &ann(), id, text)).await;
    }
    let pin = |id, target, version, text, pinned| {
        Write::Amend(Amend { pinned, ..amend(&ann(), id, target, version, text) })
    };
    commit(&*store, vec![pin("3", 3, 0, "two", true), pin("4", 2, 0, "one", true)]).await;
    let pinned =
        async || -> Vec<Seq> { store.pinned(&tea).await.unwrap().iter().map(|entry| entry.seq).collect() };
    assert_eq!(pinned().await, [Seq(2), Seq(3)]);
    commit_one(&*store, pin("5", 2, 1, "one", false)).await;
    assert_eq!(pinned().await, [Seq(3)]);
    assert_eq!(store.pinned(&topic("news")).await.unwrap(), []);
}

pub async fn a_moment_has_its_place_in_a_log(fresh: impl Fresh) {
    let store = fresh();
    let news = topic("news");
    assert_eq!(store.place_at(&news, NOW).await.unwrap(), None);
    for (id, at) in [("1", 10), ("2", 20), ("3", 20), ("4", 40)] {
        commit_one(&*store, Draft { at: Timestamp(at), ..draft(&news, Sender::Open, id, id) }).await;
    }
    let expected = [(0, Some(1)), (10, Some(1)), (11, Some(2)), (20, Some(2)), (21, Some(4)), (41, None)];
    for (at, seq) in expected {
        assert_eq!(store.place_at(&news, Timestamp(at)).await.unwrap(), seq.map(Seq), "at {at}");
    }
}

pub async fn an_entry_that_is_not_there_is_not_found(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    for (topic, seq) in [(Topic::group(TEA), 0), (Topic::group(TEA), 2), (topic("news"), 1)] {
        assert_eq!(store.kept(&topic, Seq(seq)).await.unwrap(), None, "{topic} {seq}");
    }
    let refused = commit_one(&*store, Write::Amend(amend(&cal(), "1", 1, 0, "x"))).await;
    assert_eq!(refused, Outcome::Refused(Refusal::NotMember));
}
