//! Store contract: users and groups with keys of an application.

use wire::{
    Conversation, Description, GroupId, Member, Person, PersonName, Role, SendId, Seq, Timestamp, Topic,
    UserId,
};

use super::Fresh;
use super::writing::{
    NOW, TEA, change, commit, commit_one, draft, founding, hash, message, seated, session, texts, unseated,
    whole, with_people, with_tea,
};
use crate::names::ExternalKey;
use crate::ports::store::{
    Checked, Done, Draft, Fact, FoundUser, GroupChange, GroupWithMessage, GroupWithMessageOutcome,
    KeyedGroup, KeyedUser, ListedMember, LogOutcome, LogWrite, PutUser, PutUserOutcome, Sender, SessionWrite,
    UserWrite, Version, is_placeholder,
};
use crate::testing::{ann, ben, cal};

fn key(text: &str) -> ExternalKey {
    ExternalKey::new(text).unwrap()
}

fn person(id: u8, name: &str) -> Person {
    Person { id: UserId::from_bytes([id; 10]), name: PersonName::new(name).unwrap() }
}

fn put(text: &str, id: u8, name: &str) -> PutUser {
    let bio = None;
    PutUser { key: key(text), person: person(id, name), bio, version: None, sign_up: None, at: NOW }
}

fn keyed(text: &str, id: u8, name: &str, version: u64) -> KeyedUser {
    let (bio, version) = (Description::default(), Version(version));
    KeyedUser { key: key(text), person: person(id, name), bio, version }
}

pub async fn a_user_is_put_under_a_key_once(fresh: impl Fresh) {
    let store = fresh();
    let zoe = keyed("shop/42 ü", 9, "Zoë", 1);
    let created = PutUserOutcome::Put { user: zoe.clone(), created: true };
    assert_eq!(commit_one(&store, put("shop/42 ü", 9, "Zoë")).await, created);
    // Another id is proposed, and not taken.
    let again = PutUserOutcome::Put { user: zoe.clone(), created: false };
    assert_eq!(commit_one(&store, put("shop/42 ü", 8, "Zoë")).await, again);
    assert_eq!(store.person(person(8, "Zoë").id).await.unwrap(), None);
    let mut renamed = put("shop/42 ü", 8, "李雷");
    renamed.bio = Some(Description::new("Tea at four.").unwrap());
    let user = KeyedUser { bio: renamed.bio.clone().unwrap(), ..keyed("shop/42 ü", 9, "李雷", 2) };
    let changed = PutUserOutcome::Put { user: user.clone(), created: false };
    assert_eq!(commit_one(&store, renamed).await, changed);
    assert_eq!(store.user_by_key(&key("shop/42 ü")).await.unwrap(), Some(user.clone()));
    assert_eq!(store.key_of_user(user.person.id).await.unwrap(), Some(user.clone()));
    assert_eq!(store.person(user.person.id).await.unwrap(), Some(user.person.clone()));
    assert_eq!(store.profile(user.person.id).await.unwrap().unwrap().bio, user.bio);
    // Without a description the one that they have stays.
    let kept = put("shop/42 ü", 8, "李雷");
    assert_eq!(commit_one(&store, kept).await, PutUserOutcome::Put { user, created: false });
    for other in ["shop/42", "SHOP/42 Ü"] {
        assert_eq!(store.user_by_key(&key(other)).await.unwrap(), None);
    }
}

pub async fn a_user_changes_only_in_the_version_that_was_expected(fresh: impl Fresh) {
    let store = fresh();
    let expecting = |version, name| PutUser { version: Some(Version(version)), ..put("42", 9, name) };
    assert_eq!(commit_one(&store, expecting(1, "Zoë")).await, PutUserOutcome::Stale);
    assert_eq!(store.user_by_key(&key("42")).await.unwrap(), None);
    commit_one(&store, put("42", 9, "Zoë")).await;
    assert_eq!(commit_one(&store, expecting(2, "Zoe")).await, PutUserOutcome::Stale);
    let changed = PutUserOutcome::Put { user: keyed("42", 9, "Zoe", 2), created: false };
    assert_eq!(commit_one(&store, expecting(1, "Zoe")).await, changed);
}

pub async fn users_are_listed_by_key(fresh: impl Fresh) {
    let store = fresh();
    for (id, text) in [(1, "b"), (2, "a"), (3, "c/1"), (4, "ä")] {
        commit_one(&store, put(text, id, "Zoë")).await;
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

pub async fn users_are_found_by_the_beginning_of_their_key_and_by_their_name(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let keyed =
        [(11, "c/2", "Wanjirũ Mwangi"), (12, "c/10", "李雷"), (13, "staff", "Li Lei"), (14, "x", "C/2")];
    for (id, text, name) in keyed {
        commit_one(&store, put(text, id, name)).await;
    }
    let found = async |words: &str, limit| -> Vec<String> {
        let found = store.users_with(words, limit).await.unwrap();
        let name = |user: &FoundUser| {
            assert!(user.keyed.as_ref().is_none_or(|keyed| keyed.person == user.person), "{user:?}");
            user.keyed.as_ref().map_or(user.person.name.to_string(), |keyed| keyed.key.to_string())
        };
        found.iter().map(name).collect()
    };
    // Those with the key come first, by key.
    assert_eq!(found("c/", 9).await, ["c/10", "c/2", "x"]);
    assert_eq!(found("c/", 1).await, ["c/10"]);
    assert_eq!(found("c/2", 9).await, ["c/2", "x"]);
    assert_eq!(found("C/2", 9).await, ["x"], "a key has its case, a name none");
    assert_eq!(found("mwang", 9).await, ["c/2"]);
    assert_eq!(found("雷", 9).await, ["c/10"]);
    assert_eq!(found("an", 9).await, ["ann", "c/2"], "guests have no key");
    assert_eq!(found("nobody", 9).await, [""; 0]);
    let (user, name) = (person(11, "x").id, PersonName::new("Deleted user").unwrap());
    let remove = UserWrite::Remove { user, name, tokens_valid_from: NOW, at: NOW };
    commit_one(&store, remove).await;
    assert_eq!((found("c/2", 9).await, found("mwangi", 9).await), (vec!["x".to_owned()], vec![]));
    assert_eq!(found("deleted", 9).await, [""; 0]);
}

pub async fn a_member_with_a_key_is_no_guest(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, put("42", 9, "Zoë")).await;
    let seats = [person(9, "Zoë"), ben()].map(|person| seated(&person, Role::Member));
    commit_one(&store, change(TEA, 1, seats.into())).await;
    let known = |members: Vec<Member>| -> Vec<String> {
        let known = members.into_iter().filter(|member| member.account);
        known.map(|member| member.person.name.to_string()).collect()
    };
    let roster = store.roster(TEA).await.unwrap().unwrap();
    assert_eq!(known(roster.members), ["Zoë"]);
    for words in ["", "zo"] {
        assert_eq!(known(store.members(TEA, words, None, 9).await.unwrap()), ["Zoë"], "{words}");
    }
    let parts = store.members_after(TEA, None, 9).await.unwrap();
    assert_eq!(known(parts.into_iter().map(|listed| listed.member).collect()), ["Zoë"]);
    for viewer in [None, Some(person(9, "Zoë").id)] {
        let shown = store.group(TEA, viewer, usize::from(viewer.is_none()) * 9).await.unwrap().unwrap();
        assert_eq!(known(shown.members), ["Zoë"]);
    }
}

pub async fn a_removed_user_leaves_a_name(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let name = PersonName::new("Deleted user").unwrap();
    commit_one(&store, put("42", 9, "Zoë")).await;
    let zoe = person(9, "Zoë").id;
    let signs_in = SessionWrite::SignIn { user: zoe, checked: None, session: session(hash(40), NOW) };
    commit_one(&store, signs_in).await;
    commit_one(&store, UserWrite::Block { by: zoe, user: ann().id, on: true }).await;
    let (user, tokens_valid_from) = (zoe, NOW);
    let remove = UserWrite::Remove { user, name: name.clone(), tokens_valid_from, at: NOW };
    assert_eq!(commit_one(&store, remove).await, Done);
    assert_eq!(store.user_by_key(&key("42")).await.unwrap(), None);
    assert_eq!(store.person(zoe).await.unwrap().unwrap().name, name);
    assert_eq!(store.sessions(zoe).await.unwrap(), []);
    assert_eq!(store.session(hash(40)).await.unwrap(), None);
    assert_eq!(store.blocked(zoe).await.unwrap(), []);
    // A name says nothing: others may have the same.
    commit_one(&store, put("43", 11, "Deleted user")).await;
    let deleted = async |user| store.is_deleted(user).await.unwrap();
    assert_eq!((deleted(zoe).await, deleted(ann().id).await), (true, false));
    assert!(!deleted(person(11, "Deleted user").id).await);
    // The key is free again, for another user.
    let other = PutUserOutcome::Put { user: keyed("42", 10, "Zoë", 1), created: true };
    assert_eq!(commit_one(&store, put("42", 10, "Zoë")).await, other);
}

pub async fn a_group_has_its_key_from_the_beginning_and_no_other_has_it(fresh: impl Fresh) {
    let store = fresh();
    let with_key = |group: GroupId, text: &str| {
        let GroupChange { facts, news, .. } = founding(group, text, &ann());
        let facts = facts.into_iter().chain([Fact::Keyed(key("orders/7"))]).collect();
        GroupChange { group, version: None, facts, news }
    };
    let introduce = UserWrite::CreateGuest { person: ann(), session: session(hash(1), NOW) };
    commit_one(&store, introduce).await;
    let founded = commit_one(&store, with_key(TEA, "tea")).await;
    assert_eq!(founded, Checked::Done);
    let group = KeyedGroup { key: key("orders/7"), group: TEA };
    assert_eq!(store.group_by_key(&key("orders/7")).await.unwrap(), Some(group.clone()));
    assert_eq!(store.key_of_group(TEA).await.unwrap(), Some(group.clone()));
    assert_eq!(store.groups_by_key(None, 9).await.unwrap(), [group]);
    let other = GroupId::from_bytes([9; 10]);
    assert_eq!(commit_one(&store, with_key(other, "coffee")).await, Checked::Stale);
    assert_eq!(store.roster(other).await.unwrap(), None);
    let version = store.roster(TEA).await.unwrap().map(|roster| roster.version);
    let deleted = GroupChange { group: TEA, version, facts: vec![Fact::Deleted], news: vec![] };
    commit_one(&store, deleted).await;
    assert_eq!(store.group_by_key(&key("orders/7")).await.unwrap(), None);
    let again = commit_one(&store, with_key(other, "coffee")).await;
    assert_eq!(again, Checked::Done);
}

/// Returns the creation of a group with a number as its key.
fn numbered(id: u8) -> GroupChange {
    let group = GroupId::from_bytes([id; 10]);
    let GroupChange { facts, news, .. } = founding(group, &format!("group-{id}"), &ann());
    GroupChange { group, version: None, facts: facts.into_iter().chain([Fact::Numbered]).collect(), news }
}

/// Returns the creation of a group with a key.
fn created_with_key(id: u8, text: &str) -> GroupChange {
    let mut change = founding(GroupId::from_bytes([id; 10]), &format!("group-{id}"), &ann());
    change.facts.push(Fact::Keyed(key(text)));
    change
}

pub async fn the_greatest_numbers_that_are_keys_are_passed_over(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let greatest = i64::MAX / 2;
    for (id, number) in [(1, greatest), (2, greatest + 1), (3, greatest + 2)] {
        commit_one(&store, created_with_key(id, &number.to_string())).await;
    }
    for (id, number) in [(4, greatest + 3), (5, greatest + 4)] {
        assert_eq!(commit_one(&store, numbered(id)).await, Checked::Done);
        let found = store.group_by_key(&key(&number.to_string())).await.unwrap();
        assert_eq!(found.map(|found| found.group), Some(GroupId::from_bytes([id; 10])));
    }
}

pub async fn a_group_without_a_key_gets_a_number_that_no_other_had(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let keys = async || -> Vec<String> {
        let groups = store.groups_by_key(None, 99).await.unwrap();
        groups.iter().map(|group| group.key.to_string()).collect()
    };
    for id in [1, 2] {
        commit_one(&store, numbered(id)).await;
    }
    assert_eq!(keys().await, ["1", "2"]);
    // Numbers that the application gives itself are passed over; other keys are not.
    for (id, text) in [(3, "7"), (4, "09"), (5, "order 99"), (6, "99999999999999999999")] {
        assert_eq!(commit_one(&store, created_with_key(id, text)).await, Checked::Done);
    }
    commit_one(&store, numbered(7)).await;
    let eight = KeyedGroup { key: key("8"), group: GroupId::from_bytes([7; 10]) };
    assert_eq!(store.group_by_key(&eight.key).await.unwrap(), Some(eight.clone()));
    // That of a deleted group is not given again.
    let deleted = change(eight.group, 1, vec![Fact::Deleted]);
    commit_one(&store, deleted).await;
    commit_one(&store, numbered(8)).await;
    assert_eq!(store.group_by_key(&eight.key).await.unwrap(), None);
    assert!(keys().await.contains(&"9".to_owned()));
}

pub async fn an_id_creates_one_group(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let mut again = numbered(2);
    again.news[0].id = numbered(1).news[0].id.clone();
    let outcomes = commit(&store, vec![numbered(1), again.clone()]).await;
    assert_eq!(outcomes, [Checked::Done, Checked::Stale]);
    assert_eq!(store.roster(again.group).await.unwrap(), None);
    commit_one(&store, numbered(3)).await;
    assert!(store.group_by_key(&key("2")).await.unwrap().is_some(), "no number was used up");
}

/// Returns the creation of a group with ann and ben under a key, with a message by ann.
fn begun(id: u8, text: &str, sent: &str, recipients: Option<Vec<UserId>>) -> GroupWithMessage {
    let mut change = created_with_key(id, text);
    change.facts.push(seated(&ben(), Role::Member));
    let draft = message(change.group, &ann(), sent, "hello");
    GroupWithMessage {
        change,
        draft: Draft { right: None, counts: true, ..draft },
        recipients,
        files: Vec::new(),
    }
}

pub async fn a_first_message_and_its_group_are_there_together(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let first = GroupWithMessageOutcome::Message(LogOutcome::Posted { seq: Seq(2) });
    let taken = GroupWithMessageOutcome::Message(LogOutcome::SendIdTaken);
    // The second one came too late for the key, and the third one's id was used.
    let writes = vec![
        begun(1, "orders/7", "m-1", None),
        begun(2, "orders/7", "m-1", None),
        begun(3, "orders/8", "m-1", None),
        begun(4, "orders/8", "m-2", None),
    ];
    let outcomes = commit(&store, writes).await;
    assert_eq!(outcomes, [first.clone(), GroupWithMessageOutcome::Stale, taken, first]);
    for (id, text) in [(1, "orders/7"), (4, "orders/8")] {
        let group = GroupId::from_bytes([id; 10]);
        assert_eq!(store.group_by_key(&key(text)).await.unwrap().map(|keyed| keyed.group), Some(group));
        assert_eq!(texts(&store, &Topic::group(group)).await, ["created", "hello"]);
        let unread = async |user| store.unread(Conversation::Group(group), user, Seq::ZERO).await.unwrap();
        assert_eq!((unread(ann().id).await.messages, unread(ben().id).await.messages), (0, 1));
    }
    for id in [2, 3] {
        let group = GroupId::from_bytes([id; 10]);
        assert_eq!(store.roster(group).await.unwrap(), None);
        assert_eq!(whole(&store, &Topic::group(group)).await.head, Seq::ZERO);
    }
    // The same message again is found in the group of the key.
    let again = message(GroupId::from_bytes([1; 10]), &ann(), "m-1", "hello");
    assert_eq!(commit_one(&store, again).await, LogOutcome::Repeated { seq: Seq(2), at: NOW });
}

pub async fn a_first_message_to_some_begins_a_group_too(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let mut begins = begun(1, "orders/7", "m-1", Some(vec![ben().id]));
    begins.change.facts.push(seated(&cal(), Role::Member));
    let posted = GroupWithMessageOutcome::Message(LogOutcome::Posted { seq: Seq(2) });
    assert_eq!(commit_one(&store, begins).await, posted);
    let topic = Topic::group(GroupId::from_bytes([1; 10]));
    let found = store.restricted(&topic, Seq(2)).await.unwrap().unwrap();
    assert_eq!(found.audience.users(), [ann().id, ben().id]);
    assert!(is_placeholder(&whole(&store, &topic).await.entries[1].data));
    let copies = async |user: UserId| whole(&store, &Topic::user(user)).await.head;
    let heads = (copies(ann().id).await, copies(ben().id).await, copies(cal().id).await);
    assert_eq!(heads, (Seq(1), Seq(1), Seq::ZERO));
    let sent = store.sent(Sender::User(ann().id), &SendId::new("m-1").unwrap()).await.unwrap().unwrap();
    assert_eq!((sent.topic, sent.seq), (topic, Seq(2)));
}

pub async fn members_are_listed_after_one_who_has_left(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    commit_one(&store, put("42", 9, "Zoë")).await;
    let seat = |person: &Person, ms: i64| {
        let since = Timestamp(NOW.0 + ms);
        Fact::MemberAdded(Member::new(person.clone(), Role::Member, since))
    };
    let zoe = person(9, "Zoë");
    // Those of one moment come by id, and a clock that was set back puts somebody before others.
    let joins = vec![seat(&cal(), 5), seat(&zoe, 9), seat(&ben(), 5)];
    commit_one(&store, change(TEA, 1, joins)).await;
    let listed = async |after, limit| store.members_after(TEA, after, limit).await.unwrap();
    let names = |members: &[ListedMember]| -> Vec<String> {
        members.iter().map(|listed| listed.member.person.name.to_string()).collect()
    };
    let all = listed(None, 9).await;
    assert_eq!(names(&all), ["ann", "ben", "cal", "Zoë"]);
    assert_eq!(all[3].keyed, Some(keyed("42", 9, "Zoë", 1)));
    assert_eq!(all[0].keyed, None);
    let after = Some((all[1].member.since, ben().id));
    assert_eq!(names(&listed(after, 1).await), ["cal"]);
    commit_one(&store, change(TEA, 2, vec![unseated(ben().id)])).await;
    assert_eq!(names(&listed(after, 9).await), ["cal", "Zoë"]);
    assert_eq!(names(&listed(Some((Timestamp(NOW.0 + 10), zoe.id)), 9).await), [""; 0]);
    assert_eq!(store.members_after(GroupId::from_bytes([9; 10]), None, 9).await.unwrap(), []);
}

pub async fn what_was_sent_with_each_id_is_found(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let (own, by) = (Topic::user(ann().id), Sender::User(ann().id));
    for id in ["a/0", "a/2"] {
        commit_one(&store, LogWrite::Post(draft(&own, by, id, id))).await;
    }
    let ids = ["a/2", "a/1", "a/0"].map(|id| SendId::new(id).unwrap());
    let sent = store.sent_each(by, &ids).await.unwrap();
    let seqs: Vec<_> = sent.iter().map(|sent| sent.as_ref().map(|sent| sent.seq)).collect();
    assert_eq!(seqs, [Some(Seq(2)), None, Some(Seq(1))]);
    assert_eq!(sent[0], store.sent(by, &ids[0]).await.unwrap());
    assert_eq!(store.sent_each(Sender::User(ben().id), &ids).await.unwrap(), [None, None, None]);
}
