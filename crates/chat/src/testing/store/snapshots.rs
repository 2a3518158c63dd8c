//! Store contract: snapshots, and the list of all users that an export reads.

use wire::{ApplicationId, Person, PersonName, Role, Topic, UserId};

use super::Fresh;
use super::writing::{
    NOW, TEA, change, commit, commit_one, draft, hash, message, seated, session, whole, with_people, with_tea,
};
use crate::names::ExternalKey;
use crate::ports::store::{PutUser, Range, Sender, UserWrite};
use crate::testing::{ann, ben, cal};

fn person(id: u8, name: &str) -> Person {
    Person { id: UserId::from_bytes([id; 10]), name: PersonName::new(name).unwrap() }
}

fn put(id: u8, name: &str) -> PutUser {
    let key = ExternalKey::new(&format!("staff/{id}")).unwrap();
    PutUser { key, person: person(id, name), bio: None, version: None, sign_up: None, at: NOW }
}

pub async fn a_snapshot_sees_no_later_commit(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let (topic, all) = (Topic::group(TEA), Range { limit: 100, ..Range::default() });
    commit_one(&store, message(TEA, &ann(), "1", "早")).await;
    let before = whole(&store, &topic).await;
    let snapshot = store.store().snapshot(ApplicationId::BUILT_IN).await.unwrap();
    commit_one(&store, message(TEA, &ann(), "2", "مساء")).await;
    commit_one(&store, put(9, "李雷")).await;
    assert_eq!(snapshot.page(&topic, all).await.unwrap(), before);
    assert_eq!(snapshot.person(person(9, "李雷").id).await.unwrap(), None);
    let now = whole(&store, &topic).await;
    assert_eq!((now.entries.len(), now.head), (before.entries.len() + 1, before.head.next()));
    let later = store.store().snapshot(ApplicationId::BUILT_IN).await.unwrap();
    assert_eq!(later.page(&topic, all).await.unwrap(), now);
    assert_eq!(snapshot.page(&topic, all).await.unwrap(), before, "each has its own time");
}

pub async fn users_are_listed_by_id_but_guests_who_never_did_anything(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let [idle, writer, member] =
        [(20, "idle"), (21, "Žofie"), (22, "نور")].map(|(id, name)| person(id, name));
    for (guest, token) in [&idle, &writer, &member].into_iter().zip(10..) {
        let session = session(hash(token), NOW);
        commit_one(&store, UserWrite::CreateGuest { person: guest.clone(), session }).await;
    }
    commit_one(&store, super::writing::founding(TEA, "tea", &ann())).await;
    commit_one(&store, change(TEA, 1, vec![seated(&member, Role::Member)])).await;
    commit_one(&store, draft(&Topic::user(ann().id), Sender::User(writer.id), "1", "once")).await;
    commit_one(&store, UserWrite::Block { by: ben().id, user: cal().id, on: true }).await;
    commit(&store, vec![put(30, "李雷"), put(31, "Olga")]).await;
    let gone = PersonName::new("Deleted user").unwrap();
    let (user, at) = (person(31, "Olga").id, NOW);
    commit_one(&store, UserWrite::Remove { user, name: gone, tokens_valid_from: at, at }).await;
    let mut all = vec![
        ann(),
        ben(),
        cal(),
        writer.clone(),
        member.clone(),
        person(30, "李雷"),
        person(31, "Deleted user"),
    ];
    all.sort_by_key(|person| person.id.to_string());
    for limit in [1, 2, 3, 100] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = store.users(after, limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.person.id);
            listed.extend(page.into_iter().map(|profile| profile.person));
        }
        assert_eq!(listed, all, "{limit} at once");
    }
}
