//! Store contract: any history of writes, compared with the model.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use wire::{Conversation, GroupId, Person, Role, Seq, Timestamp, Topic};

use super::model::Model;
use super::writing::{TEA, draft, founding, hash, role, seated, topic, unseated, with_people};
use super::{Fresh, Tenant};
use crate::ports::store::{
    Draft, Fact, GroupChange, Permission, PermissionTo, Range, Sender, SessionWrite, Version, Write,
};
use crate::testing::{ann, ben, cal, for_all};

/// One random operation. Numbers choose from small sets, so that users conflict with each other.
#[derive(Clone, Copy, Debug)]
enum Operation {
    /// Sends with an id, perhaps with the permission of a membership.
    Send { who: usize, topic: usize, id: usize, text: usize, seat: Option<usize> },
    /// Creates a group.
    Found { who: usize, group: usize },
    /// Joins or leaves; decided on a roster that is a number of versions old.
    Move { who: usize, group: usize, age: u64 },
    /// Becomes an admin, or stops being one; decided on a roster that is a number of versions old.
    Rank { who: usize, group: usize, age: u64 },
    /// Marks the session of a token as seen, at a small time.
    Touch { who: usize },
}

const GROUPS: [GroupId; 2] = [TEA, GroupId::from_bytes(*b"..chess...")];

pub async fn any_history_is_the_one_the_contract_tells(fresh: impl Fresh) {
    let batches = vec(vec(operation(), 1..12), 1..12);
    for_all(48, batches, move |batches| {
        let store = fresh();
        async move {
            with_people(&store).await;
            let mut model = Model::default();
            let mut now = 0;
            for operations in batches {
                let (mut writes, mut expected, before) = (vec![], vec![], model.count());
                for operation in operations {
                    now += 1;
                    let write = write(&model, operation, Timestamp(now));
                    expected.push(model.write(&write));
                    writes.push(write);
                }
                let committed = store.committed(writes.into()).await.unwrap();
                assert_eq!(committed.outcomes, expected);
                let appended = committed.appended.into_iter().map(|appended| appended.entry);
                assert_eq!(appended.collect::<Vec<_>>(), model.appended_after(before));
            }
            compare(&store, &model).await;
        }
    })
    .await;
}

fn operation() -> impl Strategy<Value = Operation> {
    let (who, group, topic) = (0..3usize, 0..2usize, 0..topics().len());
    // Mostly the roster that was just read, sometimes one that another change has replaced.
    let age = || prop_oneof![4 => Just(0u64), 1 => 1..3u64];
    let seat = option::of(group.clone());
    prop_oneof![
        6 => (0..4usize, topic, 0..6usize, 0..2usize, seat)
            .prop_map(|(who, topic, id, text, seat)| Operation::Send { who, topic, id, text, seat }),
        2 => (who.clone(), group.clone()).prop_map(|(who, group)| Operation::Found { who, group }),
        3 => (who.clone(), group.clone(), age()).prop_map(|(who, group, age)| Operation::Move { who, group, age }),
        1 => (who.clone(), group, age()).prop_map(|(who, group, age)| Operation::Rank { who, group, age }),
        1 => who.prop_map(|who| Operation::Touch { who }),
    ]
}

fn write(model: &Model, operation: Operation, now: Timestamp) -> Write {
    let id = format!("news-{}", now.0);
    match operation {
        Operation::Send { who, topic, id, text, seat } => {
            let person = people().get(who).cloned();
            let sender = person.as_ref().map_or(Sender::Open, |person| Sender::User(person.id));
            let right = seat.zip(person).map(|(group, person)| Permission {
                conversation: Conversation::Group(GROUPS[group]),
                user: person.id,
                to: PermissionTo::Speak,
                now,
            });
            let said = draft(&topics()[topic], sender, &id.to_string(), ["yes", "no"][text]);
            Draft { right, at: now, ..said }.into()
        }
        Operation::Found { who, group } => {
            let founding = founding(GROUPS[group], "tea", &people()[who]);
            GroupChange { news: vec![news(GROUPS[group], &people()[who], &id)], ..founding }.into()
        }
        Operation::Move { who, group, age } => {
            let (group, person) = (GROUPS[group], people()[who].clone());
            let fact = match model.member(group, person.id) {
                Some(_) => unseated(person.id),
                None => seated(&person, Role::Member),
            };
            let mut change = decided(model, group, age, fact);
            change.news.push(news(group, &person, &id));
            change.into()
        }
        Operation::Rank { who, group, age } => {
            let (group, user) = (GROUPS[group], people()[who].id);
            let role = match model.member(group, user).map(|member| member.role) {
                Some(Role::Admin) => Role::Member,
                _ => Role::Admin,
            };
            decided(model, group, age, Fact::RoleChanged(user, role)).into()
        }
        Operation::Touch { who } => SessionWrite::Touch { token: hash(1), at: Timestamp(who as i64) }.into(),
    }
}

fn decided(model: &Model, group: GroupId, age: u64, fact: Fact) -> GroupChange {
    // For a group that does not exist the writer may still assume a version.
    let version = model.roster(group).map_or(1, |roster| roster.version.0).saturating_sub(age);
    GroupChange { group, version: Some(Version(version)), facts: vec![fact], news: vec![] }
}

fn news(group: GroupId, by: &Person, id: &str) -> Draft {
    draft(&Topic::group(group), Sender::User(by.id), id, id)
}

/// Compares everything that can be read with the model.
async fn compare(store: &Tenant, model: &Model) {
    for topic in topics() {
        for (after, before, limit) in [
            (None, None, usize::MAX),
            (None, None, 0),
            (None, Some(Seq(4)), 2),
            (Some(Seq(1)), None, 3),
            (Some(Seq(2)), Some(Seq(5)), 9),
        ] {
            let range = Range { after, before, limit };
            let page = store.page(&topic, range).await.unwrap();
            assert_eq!(page, model.page(&topic, range, store.epoch()), "{topic} {range:?}");
        }
    }
    for group in GROUPS {
        assert_eq!(store.roster(group).await.unwrap(), model.roster(group));
        for person in people() {
            let expected = model.member(group, person.id).map(|member| member.role);
            assert_eq!(role(store, group, person.id).await, expected);
        }
    }
    for person in people() {
        assert_eq!(store.conversations(person.id, 99).await.unwrap(), model.conversations(person.id));
    }
}

fn people() -> [Person; 3] {
    [ann(), ben(), cal()]
}

fn topics() -> [Topic; 4] {
    [topic("news"), Topic::group(GROUPS[0]), Topic::group(GROUPS[1]), Topic::user(ann().id)]
}
