//! Store contract: the entries that a commit appends, and the logs that it closes, as its caller gets them.

use wire::{ApplicationId, Conversation, Entry, Json, LogKey, NotificationLevel, Pair, Role, Topic};

use super::writing::{
    NOW, TEA, batch, change, commit, commit_one, committed, draft, founding, hash, message, seated, session,
    topic, whole, with_people, with_tea,
};
use super::{Fresh, Tenant};
use crate::ports::store::{
    AccountWrite, Appended, Checked, Commit, DirectCreation, Draft, Ends, Fact, GroupChange, LogWrite,
    OpenTopicBounds, Outcome, Sender, UserWrite, WithAudit,
};
use crate::testing::{ann, ben, person};

pub async fn every_entry_that_a_commit_appends_is_returned_in_its_order(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let zoe = person("Zoë");
    commit_one(&store, UserWrite::CreateGuest { person: zoe.clone(), session: session(hash(4), NOW) }).await;
    let joined = draft(&Topic::group(TEA), Sender::User(zoe.id), "joined", "joined");
    let added = draft(&Topic::user(zoe.id), Sender::User(zoe.id), "added", "added");
    let pair = Pair::of(ann().id, ben().id).unwrap();
    let hers = |id: &str| draft(&Topic::user(ann().id), Sender::User(ann().id), id, id);
    let writes = batch![
        message(TEA, &ann(), "1", "你好"),
        GroupChange { news: vec![joined.clone(), added], ..change(TEA, 1, vec![seated(&zoe, Role::Member)]) },
        LogWrite::Publish {
            draft: draft(&topic("news"), Sender::Open, "1", "x"),
            bounds: OpenTopicBounds { topics: 9, bytes: 99 },
        },
        LogWrite::PostFirst {
            draft: draft(&Topic::direct(pair), Sender::User(ann().id), "2", "hello"),
            creation: DirectCreation { pair, news: vec![hers("listed")] },
        },
        UserWrite::SetPreferences {
            conversation: Conversation::Group(TEA),
            user: ann().id,
            notify: NotificationLevel::Mentions,
            hidden: false,
            news: hers("preferred"),
        },
        WithAudit {
            write: UserWrite::Block { by: ann().id, user: ben().id, on: true },
            note: draft(&Topic::app_audit(), Sender::User(ann().id), "noted", "noted"),
        },
        message(TEA, &zoe, "1", "hello"),
    ];
    let committed = store.committed(writes.into()).await.unwrap();
    let logs: Vec<_> = committed.appended.iter().map(|entry| entry.log.topic.clone()).collect();
    let (group, hers) = (Topic::group(TEA), Topic::user(ann().id));
    let expected = [
        group.clone(),
        group.clone(),
        Topic::user(zoe.id),
        topic("news"),
        Topic::direct(pair),
        hers.clone(),
        hers,
        Topic::app_audit(),
        group,
    ];
    assert_eq!(logs, expected);
    assert_are_in_their_logs(&store, &committed.appended).await;
    assert_eq!(committed.closed, []);
}

pub async fn an_entry_is_returned_as_it_was_appended(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let left = Draft { ends: Ends::of(ben().id), ..message(TEA, &ann(), "left", "left") };
    let committed = committed(&store, left.clone()).await;
    let topic = Topic::group(TEA);
    let entry =
        Entry { id: left.id, topic: topic.clone(), seq: wire::Seq(2), data: left.data, timestamp: NOW };
    let log = LogKey::new(ApplicationId::BUILT_IN, topic);
    assert_eq!(committed.appended, [Appended { log, entry, ends: Ends::of(ben().id) }]);
}

pub async fn what_is_refused_or_repeated_appends_nothing(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let hello = message(TEA, &ann(), "1", "hello");
    commit_one(&store, hello.clone()).await;
    let noted = |write| WithAudit {
        write,
        note: draft(&Topic::app_audit(), Sender::User(ann().id), "noted", "noted"),
    };
    let writes = batch![
        hello,
        message(TEA, &ann(), "1", "another"),
        message(TEA, &ben(), "1", "no seat"),
        founding(TEA, "again", &ben()),
        noted(AccountWrite::MakeOwner { user: ben().id }),
    ];
    let committed = store.committed(writes.into()).await.unwrap();
    assert!(!committed.outcomes.iter().any(Outcome::is_done), "{:?}", committed.outcomes);
    assert_eq!((committed.appended, committed.closed), (vec![], vec![]));
}

pub async fn the_logs_of_a_deleted_group_are_closed(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let told = draft(&Topic::user(ann().id), Sender::User(ann().id), "gone", "gone");
    let gone = GroupChange { news: vec![told], ..change(TEA, 1, vec![Fact::Deleted]) };
    let writes = batch![message(TEA, &ann(), "1", "the last word"), gone.clone()];
    let committed = store.committed(writes.into()).await.unwrap();
    let logs: Vec<_> = committed.appended.iter().map(|entry| entry.log.topic.clone()).collect();
    assert_eq!(logs, [Topic::group(TEA), Topic::user(ann().id)], "the last word goes out all the same");
    let key = |topic| LogKey::new(ApplicationId::BUILT_IN, topic);
    assert_eq!(committed.closed, [key(Topic::group(TEA)), key(Topic::audit(TEA))]);
    assert_eq!(commit(&store, vec![gone]).await, [Checked::Stale]);
}

pub async fn a_batch_of_two_applications_appends_to_the_logs_of_each(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let commits: Vec<Commit> = [3, 1, 3]
        .into_iter()
        .enumerate()
        .map(|(number, application)| Commit {
            application: ApplicationId(application),
            write: draft(&topic("news"), Sender::Open, &format!("new-{number}"), "x").into(),
        })
        .collect();
    let committed = store.store().commit(commits, wire::Seq(u64::MAX)).await.unwrap();
    let places: Vec<_> =
        committed.appended.iter().map(|entry| (entry.log.application.0, entry.entry.seq.0)).collect();
    assert_eq!(places, [(3, 1), (1, 1), (3, 2)]);
}

/// Asserts that each entry is in its log at its Seq.
async fn assert_are_in_their_logs(store: &Tenant, appended: &[Appended]) {
    for Appended { log, entry, .. } in appended {
        let all: Vec<Entry<Json>> = whole(store, &log.topic).await.entries;
        assert!(all.contains(entry), "{entry:?}");
    }
}
