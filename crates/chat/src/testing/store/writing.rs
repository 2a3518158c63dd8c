//! Helpers of the store contract: short forms of writes.

use std::sync::Arc;

use wire::{
    Conversation, Description, Epoch, GroupId, GroupName, JoinPolicy, Json, Member, Page, Person, Role,
    SendId, Settings, Timestamp, Topic, UserId,
};

use super::Tenant;
use crate::auth::session::TokenHash;
use crate::ports::store::{
    BodyHash, Checked, Committed, Done, Draft, Ends, Fact, GroupChange, Mentions, NewSession, Permission,
    PermissionTo, Range, Sender, TypedWrite, UserWrite, Version, Write,
};
use crate::testing::{ann, ben, cal};

/// The time of everything in these cases, unless they say otherwise.
pub(super) const NOW: Timestamp = Timestamp(1_795_234_657_250);
/// The group of these cases.
pub(super) const TEA: GroupId = GroupId::from_bytes(*b"..tea.....");

/// Returns writes of several areas as one batch.
macro_rules! batch {
    ($($write:expr),* $(,)?) => {
        vec![$($crate::ports::store::Write::from($write)),*]
    };
}

pub(super) use batch;

/// Commits a batch: writes of one area, or of several as [`Write`]s.
pub(super) async fn commit<W: TypedWrite>(store: &Tenant, writes: Vec<W>) -> Vec<W::Outcome> {
    let writes = writes.into_iter().map(Into::into).collect();
    let outcomes = store.commit(writes).await.unwrap().into_iter();
    outcomes.map(|outcome| W::outcome(outcome).unwrap()).collect()
}

/// Commits one write; returns everything that follows from it.
pub(super) async fn committed(store: &Tenant, write: impl Into<Write>) -> Committed {
    store.committed([write.into()].into()).await.unwrap()
}

/// Commits one write.
pub(super) async fn commit_one<W: TypedWrite>(store: &Tenant, write: W) -> W::Outcome {
    let mut outcomes = commit(store, vec![write]).await;
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

/// Prepares a store in which ann, ben and cal exist, and ann has created the group, which is now at version 1.
pub(super) async fn with_tea(store: Arc<Tenant>) -> Arc<Tenant> {
    with_people(&store).await;
    assert_eq!(commit_one(&store, founding(TEA, "tea", &ann())).await, Checked::Done);
    store
}

/// Creates the users ann, ben and cal.
pub(super) async fn with_people(store: &Tenant) {
    let introduce =
        |(person, token): (Person, u8)| UserWrite::CreateGuest { person, session: session(hash(token), NOW) };
    let writes = [(ann(), 1), (ben(), 2), (cal(), 3)].map(introduce);
    assert_eq!(commit(store, writes.into()).await, [Done, Done, Done]);
}

/// Returns a session that begins now.
pub(super) fn session(token: TokenHash, at: Timestamp) -> NewSession {
    NewSession { token, label: "a browser".into(), at }
}

/// Returns a token's hash.
pub(super) const fn hash(token: u8) -> TokenHash {
    TokenHash([token; 32])
}

/// Returns a sender's entry on a topic, with an id of theirs and a text of at most 16 bytes.
///
/// # Panics
/// If the text is longer, or the id is none.
#[must_use]
pub fn draft(topic: &Topic, sender: Sender, id: &str, text: &str) -> Draft {
    let mut body = [0; 16];
    body[..text.len()].copy_from_slice(text.as_bytes());
    Draft {
        topic: topic.clone(),
        sender,
        id: SendId::new(id).unwrap(),
        body: BodyHash(body),
        data: Json::of(&text),
        at: NOW,
        right: None,
        about: None,
        counts: false,
        is_row: true,
        mentions: Mentions::default(),
        ends: Ends::Nobody,
    }
}

/// Returns a member's message in a group.
pub(super) fn message(group: GroupId, by: &Person, id: &str, text: &str) -> Draft {
    let draft = draft(&Topic::group(group), Sender::User(by.id), id, text);
    Draft {
        right: Some(Permission {
            conversation: Conversation::Group(group),
            user: by.id,
            to: PermissionTo::Speak,
            now: NOW,
        }),
        ..draft
    }
}

/// Returns the creation of a group, with an entry in its log.
pub(super) fn founding(group: GroupId, name: &str, by: &Person) -> GroupChange {
    let created = Fact::Created { settings: settings(name), at: NOW };
    let news = draft(&Topic::group(group), Sender::User(by.id), &format!("founding-{name}"), "created");
    GroupChange { group, version: None, facts: vec![created, seated(by, Role::Admin)], news: vec![news] }
}

/// Returns the settings of a group for ten.
pub(super) fn settings(name: &str) -> Settings {
    Settings {
        name: GroupName::new(name).unwrap(),
        description: Description::default(),
        limit: 10,
        join_policy: JoinPolicy::Open,
        announcing: false,
        slow_s: 0,
        archived: false,
    }
}

/// Returns a user's role in a group; none without a membership.
pub(super) async fn role(store: &Tenant, group: GroupId, user: UserId) -> Option<Role> {
    store.standing(Conversation::Group(group), user).await.unwrap().and_then(|standing| standing.role)
}

/// Returns a change without entries.
pub(super) fn change(group: GroupId, version: u64, facts: Vec<Fact>) -> GroupChange {
    GroupChange { group, version: Some(Version(version)), facts, news: vec![] }
}

pub(super) fn seated(person: &Person, role: Role) -> Fact {
    Fact::MemberAdded(Member::new(person.clone(), role, NOW))
}

pub(super) const fn unseated(user: UserId) -> Fact {
    Fact::MemberRemoved(user)
}

pub(super) fn topic(name: &str) -> Topic {
    Topic::new(name).unwrap()
}

/// Returns the whole log.
pub(super) async fn whole(store: &Tenant, topic: &Topic) -> Page<Json> {
    store.page(topic, Range { limit: usize::MAX, ..Range::default() }).await.unwrap()
}

/// Returns the data of the whole log.
pub(super) async fn texts(store: &Tenant, topic: &Topic) -> Vec<String> {
    let entries = whole(store, topic).await.entries.into_iter();
    entries.map(|entry| serde_json::from_str(entry.data.as_str()).unwrap()).collect()
}

/// Returns the page of a topic without entries.
pub(super) const fn empty_page(epoch: Epoch) -> Page<Json> {
    Page { entries: vec![], epoch, begins: wire::Seq(1), head: wire::Seq::ZERO }
}
