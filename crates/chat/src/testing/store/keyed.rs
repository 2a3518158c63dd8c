//! Store contract: users and groups with keys of an application.

use wire::{Description, GroupId, Person, PersonName, UserId};

use super::Fresh;
use super::writing::{NOW, TEA, commit_one, founding, hash, session, with_tea};
use crate::names::ExternalKey;
use crate::ports::store::{Fact, GroupChange, KeyedGroup, KeyedUser, Outcome, PutUser, Version, Write};
use crate::testing::ann;

fn key(text: &str) -> ExternalKey {
    ExternalKey::new(text).unwrap()
}

fn person(id: u8, name: &str) -> Person {
    Person { id: UserId::from_bytes([id; 10]), name: PersonName::new(name).unwrap() }
}

fn put(text: &str, id: u8, name: &str) -> PutUser {
    let bio = None;
    PutUser { key: key(text), person: person(id, name), bio, version: None, at: NOW }
}

fn keyed(text: &str, id: u8, name: &str, version: u64) -> KeyedUser {
    let (bio, version) = (Description::default(), Version(version));
    KeyedUser { key: key(text), person: person(id, name), bio, version }
}

pub async fn a_user_is_put_under_a_key_once(fresh: impl Fresh) {
    let store = fresh();
    let zoe = keyed("shop/42 ü", 9, "Zoë", 1);
    let created = Outcome::UserPut { user: zoe.clone(), created: true };
    assert_eq!(commit_one(&store, Write::PutUser(put("shop/42 ü", 9, "Zoë"))).await, created);
    // Another id is proposed, and not taken.
    let again = Outcome::UserPut { user: zoe.clone(), created: false };
    assert_eq!(commit_one(&store, Write::PutUser(put("shop/42 ü", 8, "Zoë"))).await, again);
    assert_eq!(store.person(person(8, "Zoë").id).await.unwrap(), None);
    let mut renamed = put("shop/42 ü", 8, "李雷");
    renamed.bio = Some(Description::new("Tea at four.").unwrap());
    let user = KeyedUser { bio: renamed.bio.clone().unwrap(), ..keyed("shop/42 ü", 9, "李雷", 2) };
    let changed = Outcome::UserPut { user: user.clone(), created: false };
    assert_eq!(commit_one(&store, Write::PutUser(renamed)).await, changed);
    assert_eq!(store.user_by_key(&key("shop/42 ü")).await.unwrap(), Some(user.clone()));
    assert_eq!(store.key_of_user(user.person.id).await.unwrap(), Some(user.clone()));
    assert_eq!(store.person(user.person.id).await.unwrap(), Some(user.person.clone()));
    assert_eq!(store.profile(user.person.id).await.unwrap().unwrap().bio, user.bio);
    // Without a description the one that they have stays.
    let kept = put("shop/42 ü", 8, "李雷");
    assert_eq!(commit_one(&store, Write::PutUser(kept)).await, Outcome::UserPut { user, created: false });
    for other in ["shop/42", "SHOP/42 Ü"] {
        assert_eq!(store.user_by_key(&key(other)).await.unwrap(), None);
    }
}

pub async fn a_user_changes_only_in_the_version_that_was_expected(fresh: impl Fresh) {
    let store = fresh();
    let expecting = |version, name| PutUser { version: Some(Version(version)), ..put("42", 9, name) };
    assert_eq!(commit_one(&store, Write::PutUser(expecting(1, "Zoë"))).await, Outcome::Stale);
    assert_eq!(store.user_by_key(&key("42")).await.unwrap(), None);
    commit_one(&store, Write::PutUser(put("42", 9, "Zoë"))).await;
    assert_eq!(commit_one(&store, Write::PutUser(expecting(2, "Zoe"))).await, Outcome::Stale);
    let changed = Outcome::UserPut { user: keyed("42", 9, "Zoe", 2), created: false };
    assert_eq!(commit_one(&store, Write::PutUser(expecting(1, "Zoe"))).await, changed);
}

pub async fn users_are_listed_by_key(fresh: impl Fresh) {
    let store = fresh();
    for (id, text) in [(1, "b"), (2, "a"), (3, "c/1"), (4, "ä")] {
        commit_one(&store, Write::PutUser(put(text, id, "Zoë"))).await;
    }
    let listed = async |after: Option<&str>, limit| -> Vec<String> {
        let after = after.map(key);
        let users = store.users_by_key(after.as_ref(), limit).await.unwrap();
        users.iter().map(|user| user.key.to_string()).collect()
    };
    assert_eq!(listed(None, 9).await, ["a", "b", "c/1", "ä"]);
    assert_eq!(listed(Some("a"), 2).await, ["b", "c/1"]);
    assert_eq!(listed(Some("bb"), 1).await, ["c/1"]);
    assert_eq!(listed(Some("ä"), 9).await, [""; 0]);
}

pub async fn a_removed_user_leaves_a_name(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let name = PersonName::new("Deleted user").unwrap();
    commit_one(&store, Write::PutUser(put("42", 9, "Zoë"))).await;
    let zoe = person(9, "Zoë").id;
    let signs_in = Write::SignIn { user: zoe, checked: None, session: session(hash(40), NOW) };
    commit_one(&store, signs_in).await;
    commit_one(&store, Write::Block { by: zoe, user: ann().id, on: true }).await;
    assert_eq!(
        commit_one(&store, Write::RemoveUser { user: zoe, name: name.clone(), at: NOW }).await,
        Outcome::Done
    );
    assert_eq!(store.user_by_key(&key("42")).await.unwrap(), None);
    assert_eq!(store.person(zoe).await.unwrap().unwrap().name, name);
    assert_eq!(store.sessions(zoe).await.unwrap(), []);
    assert_eq!(store.session(hash(40)).await.unwrap(), None);
    assert_eq!(store.blocked(zoe).await.unwrap(), []);
    // The key is free again, for another user.
    let other = Outcome::UserPut { user: keyed("42", 10, "Zoë", 1), created: true };
    assert_eq!(commit_one(&store, Write::PutUser(put("42", 10, "Zoë"))).await, other);
}

pub async fn a_group_has_its_key_from_the_beginning_and_no_other_has_it(fresh: impl Fresh) {
    let store = fresh();
    let with_key = |group: GroupId, text: &str| {
        let GroupChange { facts, news, .. } = founding(group, text, &ann());
        let facts = facts.into_iter().chain([Fact::Keyed(key("orders/7"))]).collect();
        GroupChange { group, version: None, facts, news }
    };
    let introduce = Write::CreateGuest { person: ann(), session: session(hash(1), NOW) };
    commit_one(&store, introduce).await;
    let founded = commit_one(&store, Write::ChangeGroup(with_key(TEA, "tea"))).await;
    assert_eq!(founded, Outcome::Done);
    let group = KeyedGroup { key: key("orders/7"), group: TEA };
    assert_eq!(store.group_by_key(&key("orders/7")).await.unwrap(), Some(group.clone()));
    assert_eq!(store.key_of_group(TEA).await.unwrap(), Some(group.clone()));
    assert_eq!(store.groups_by_key(None, 9).await.unwrap(), [group]);
    let other = GroupId::from_bytes([9; 10]);
    assert_eq!(commit_one(&store, Write::ChangeGroup(with_key(other, "coffee"))).await, Outcome::Stale);
    assert_eq!(store.roster(other).await.unwrap(), None);
    let version = store.roster(TEA).await.unwrap().map(|roster| roster.version);
    let deleted = GroupChange { group: TEA, version, facts: vec![Fact::Deleted], news: vec![] };
    commit_one(&store, Write::ChangeGroup(deleted)).await;
    assert_eq!(store.group_by_key(&key("orders/7")).await.unwrap(), None);
    let again = commit_one(&store, Write::ChangeGroup(with_key(other, "coffee"))).await;
    assert_eq!(again, Outcome::Done);
}
