//! Store contract: amendments of messages.

use wire::{
    Amendment, Conversation, Emoji, Event, Json, Person, Refusal, RichText, Role, Seq, Timestamp, Topic,
};

use super::writing::{
    NOW, TEA, change, commit, commit_one, committed, draft, message, seated, topic, unseated, whole, with_tea,
};
use super::{Fresh, Tenant};
use crate::ports::store::{
    Amend, AmendOutcome, Draft, LogOutcome, Permission, PermissionTo, Sender, event_of, version_of,
};
use crate::rules;
use crate::testing::{ann, ben, cal};

/// Returns a message to the group.
fn said(by: &Person, id: &str, text: &str) -> Draft {
    let event = Event::message(by.clone(), text.into(), RichText::plain(text), None);
    Draft { data: Json::of(&event), counts: true, ..message(TEA, by, id, text) }
}

/// Returns an amendment of the message at `target`.
fn amend(by: &Person, id: &str, target: u64, amendment: Amendment) -> Amend {
    let (target, body) = (Seq(target), RichText::default());
    let told = rules::change(target, by, &amendment, body.clone());
    let news = Draft {
        data: Json::of(&told),
        right: Some(Permission {
            conversation: Conversation::Group(TEA),
            user: by.id,
            to: PermissionTo::Amend,
            now: NOW,
        }),
        about: Some(target),
        is_row: !told.is_silent(),
        ..message(TEA, by, id, "changed")
    };
    Amend { target, by: by.clone(), amendment, body, mentions: None, version: None, news }
}

fn edit(by: &Person, id: &str, target: u64, text: &str) -> Amend {
    amend(by, id, target, Amendment::Edit(text.into()))
}

/// Returns the messages of the group, as they are now; a deleted one is a `-`, a change is a `*`.
async fn texts(store: &Tenant) -> Vec<String> {
    let text = |event: Event| match event {
        Event::Message { text, .. } => text,
        Event::Tombstone { .. } => "-".into(),
        _ => "*".into(),
    };
    let entries = whole(store, &Topic::group(TEA)).await.entries.into_iter().skip(1);
    entries.map(|entry| text(event_of(&entry.data))).collect()
}

pub async fn a_change_of_an_entry_is_read_in_its_place_and_told_at_the_end(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, said(&ann(), "1", "helo")).await;
    let before = whole(&store, &Topic::group(TEA)).await;
    let outcome = commit_one(&store, edit(&ann(), "2", 2, "hello")).await;
    assert_eq!(outcome, LogOutcome::Posted { seq: Seq(3) }.into());
    assert_eq!(texts(&store).await, ["hello", "*"]);
    let after = whole(&store, &Topic::group(TEA)).await;
    let changed = wire::Entry { data: after.entries[1].data.clone(), ..before.entries[1].clone() };
    assert_eq!(after.entries[1], changed, "nothing else of the entry has changed");
    let kept = store.kept(&Topic::group(TEA), Seq(2)).await.unwrap().unwrap();
    assert_eq!(kept.entry, changed);
    // The message still has its id, with its first text.
    let again = commit_one(&store, said(&ann(), "1", "helo")).await;
    assert_eq!(again, LogOutcome::Repeated { seq: Seq(2), at: NOW });
}

pub async fn changes_of_one_message_by_many_at_once_all_become_facts(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let seats = [ben(), cal()].map(|person| seated(&person, Role::Member));
    commit_one(&store, change(TEA, 1, seats.into())).await;
    commit_one(&store, said(&ann(), "1", "one")).await;
    let react = |by: &Person, id: &str, on| amend(by, id, 2, Amendment::React(Emoji::new("👍").unwrap(), on));
    let writes = vec![
        react(&ann(), "2", true),
        react(&ben(), "2", true),
        react(&ben(), "3", true),
        edit(&ann(), "3", 2, "two"),
        edit(&ben(), "4", 2, "mine"),
        react(&cal(), "4", true),
        react(&ann(), "5", false),
        edit(&ann(), "6", 9, "nowhere"),
    ];
    let posted = |seq| AmendOutcome::Posted { seq: Seq(seq) };
    let refused = |refusal| AmendOutcome::Refused(refusal);
    assert_eq!(
        commit(&store, writes).await,
        [
            posted(3),
            posted(4),
            AmendOutcome::Unchanged { seq: Seq(2), at: NOW },
            posted(5),
            refused(Refusal::NotAuthor),
            posted(6),
            posted(7),
            refused(Refusal::NotFound),
        ]
    );
    let kept = store.kept(&Topic::group(TEA), Seq(2)).await.unwrap().unwrap();
    let Event::Message { text, reactions, .. } = event_of(&kept.entry.data) else { panic!("{kept:?}") };
    assert_eq!((text.as_str(), &reactions[0].people), ("two", &vec![ben().id, cal().id]));
}

pub async fn a_change_expects_the_version_that_the_message_has_in_the_commit(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, said(&ann(), "1", "helo")).await;
    let version = async || {
        let kept = store.kept(&Topic::group(TEA), Seq(2)).await.unwrap().unwrap();
        version_of(&kept.entry.data)
    };
    let first = version().await;
    let expecting = |id: &str, text: &str, version| {
        let change = amend(&ann(), id, 2, Amendment::Edit(text.into()));
        Amend { version: Some(version), ..change }
    };
    // Both were decided on the same version.
    let outcomes = commit(&store, vec![expecting("2", "hello", first), expecting("3", "hallo", first)]).await;
    assert_eq!(
        outcomes,
        [AmendOutcome::Posted { seq: Seq(3) }, AmendOutcome::Refused(Refusal::VersionStale)]
    );
    assert_eq!(texts(&store).await, ["hello", "*"]);
    // A repeat of a change has its first outcome, and what is so already needs no version.
    let again = AmendOutcome::Repeated { seq: Seq(3), at: NOW };
    assert_eq!(commit_one(&store, expecting("2", "hello", first)).await, again);
    let unchanged = AmendOutcome::Unchanged { seq: Seq(2), at: NOW };
    assert_eq!(commit_one(&store, expecting("4", "hello", first)).await, unchanged);
    // A reaction is a change, too, and taking it back leads to the version before.
    let second = version().await;
    let react = |id: &str, on| amend(&ann(), id, 2, Amendment::React(Emoji::new("👍").unwrap(), on));
    commit_one(&store, react("5", true)).await;
    let third = version().await;
    commit_one(&store, react("6", false)).await;
    assert!(first != second && second != third, "{first:?} {second:?} {third:?}");
    assert_eq!(version().await, second);
    let deletion = Amend { version: Some(third), ..amend(&ann(), "7", 2, Amendment::Delete) };
    let refused = AmendOutcome::Refused(Refusal::VersionStale);
    assert_eq!(commit_one(&store, deletion.clone()).await, refused);
    let deletion = Amend { version: Some(second), ..deletion };
    assert_eq!(commit_one(&store, deletion).await, AmendOutcome::Posted { seq: Seq(6) });
}

pub async fn the_same_change_again_is_the_same_change(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, said(&ann(), "1", "one")).await;
    let two = edit(&ann(), "2", 2, "two");
    commit_one(&store, two.clone()).await;
    assert_eq!(commit_one(&store, two).await, AmendOutcome::Repeated { seq: Seq(3), at: NOW });
    assert_eq!(texts(&store).await, ["two", "*"]);
}

pub async fn without_the_right_nothing_is_changed(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, change(TEA, 1, vec![seated(&ben(), Role::Member)])).await;
    commit_one(&store, said(&ben(), "1", "mine")).await;
    commit_one(&store, change(TEA, 2, vec![unseated(ben().id)])).await;
    let refused = commit_one(&store, edit(&ben(), "2", 2, "still mine")).await;
    assert_eq!(refused, AmendOutcome::Refused(Refusal::NotMember));
    assert_eq!(texts(&store).await, ["mine"]);
}

pub async fn what_is_about_an_entry_is_found_and_rewritten_with_it(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    commit_one(&store, said(&ann(), "1", "secret")).await;
    let quote = wire::Quote { seq: Seq(2), author: ann(), excerpt: "secret".into(), files: None };
    let event = Event::message(ann(), "really?".into(), RichText::plain("really?"), Some(quote));
    let answer = Draft { about: Some(Seq(2)), data: Json::of(&event), ..said(&ann(), "2", "really?") };
    commit(&store, vec![answer, said(&ann(), "3", "else")]).await;
    let found = store.about(&tea, Seq(2)).await.unwrap();
    assert_eq!(found.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [Seq(3)]);
    assert_eq!(store.about(&tea, Seq(3)).await.unwrap(), []);
    assert_eq!(store.about(&topic("news"), Seq(2)).await.unwrap(), []);

    let committed = committed(&store, edit(&ann(), "4", 2, "a secret")).await;
    let rewritten: Vec<_> = committed.rewritten.into_iter().map(|rewritten| rewritten.entry).collect();
    assert_eq!(
        rewritten,
        whole(&store, &tea).await.entries[1..3],
        "the message, and the answer that quotes it"
    );
    commit_one(&store, amend(&ann(), "5", 2, Amendment::Delete)).await;
    assert_eq!(texts(&store).await, ["-", "really?", "else", "*", "*"]);
    let about = store.about(&tea, Seq(2)).await.unwrap();
    assert_eq!(about.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [Seq(3), Seq(5), Seq(6)]);
    assert!(about.iter().all(|entry| !entry.data.as_str().contains("secret")), "{about:?}");
}

pub async fn what_is_pinned_is_found_until_it_is_no_longer(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let tea = Topic::group(TEA);
    for (id, text) in [("1", "one"), ("2", "two"), ("3", "three")] {
        commit_one(&store, said(&ann(), id, text)).await;
    }
    let pin = |id, target, on| amend(&ann(), id, target, Amendment::Pin(on));
    commit(&store, vec![pin("4", 3, true), pin("5", 2, true), pin("6", 4, true)]).await;
    let pinned =
        async || -> Vec<Seq> { store.pinned(&tea).await.unwrap().iter().map(|entry| entry.seq).collect() };
    assert_eq!(pinned().await, [Seq(2), Seq(3), Seq(4)]);
    commit_one(&store, pin("7", 2, false)).await;
    commit_one(&store, amend(&ann(), "8", 4, Amendment::Delete)).await;
    assert_eq!(pinned().await, [Seq(3)]);
    assert_eq!(store.pinned(&topic("news")).await.unwrap(), []);
}

pub async fn a_moment_has_its_place_in_a_log(fresh: impl Fresh) {
    let store = fresh();
    let news = topic("news");
    assert_eq!(store.place_at(&news, NOW).await.unwrap(), None);
    for (id, at) in [("1", 10), ("2", 20), ("3", 20), ("4", 40)] {
        commit_one(&store, Draft { at: Timestamp(at), ..draft(&news, Sender::Open, id, id) }).await;
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
    assert_eq!(
        commit_one(&store, edit(&cal(), "1", 1, "x")).await,
        AmendOutcome::Refused(Refusal::NotMember)
    );
    assert_eq!(
        commit_one(&store, edit(&ann(), "1", 7, "x")).await,
        LogOutcome::Refused(Refusal::NotFound).into()
    );
}
