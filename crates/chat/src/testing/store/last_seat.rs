//! Store contract: the race for the last membership of a full group.

use std::sync::Arc;

use wire::Refusal;

use super::Fresh;
use crate::service::error::Error;
use crate::service::limits::Limits;
use crate::testing::{Node, User};

pub async fn of_fifty_people_who_want_the_last_seat_one_gets_it(fresh: impl Fresh) {
    let store = fresh();
    let node = Node::limited(store.store(), Limits { group_members: 3, ..Node::patient() });
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let group = node.group(&ann, "tea").await;
    node.chat.join(&ben, group, None).await.unwrap();

    let mut people = vec![];
    for number in 0..50 {
        people.push(node.introduce(&format!("guest {number}")).await);
    }
    let joining = people.iter().map(|person| {
        let (chat, person) = (Arc::clone(&node.chat), person.clone());
        tokio::spawn(async move { chat.join(&person, group, None).await.map(|_| person) })
    });
    let mut lucky = vec![];
    for joined in joining.collect::<Vec<_>>() {
        match joined.await.unwrap() {
            Ok(person) => lucky.push(person),
            Err(no) => assert_eq!(no, Error::Refusal(Refusal::GroupFull { limit: 3 })),
        }
    }
    let [winner] = &lucky[..] else { panic!("{} people got the last seat", lucky.len()) };

    let roster = store.roster(group).await.unwrap().unwrap();
    let head = roster.head;
    let members: Vec<_> = roster.members.into_iter().map(|member| member.person).collect();
    assert_eq!(members, [&ann, &ben, winner].map(User::person));
    // The logs have three joins, and no others.
    assert_eq!(head.0, 3);
    assert_eq!(store.conversations(winner.id, 99).await.unwrap().head.0, 1);
    for person in people.iter().filter(|person| *person != winner) {
        assert_eq!(
            store.conversations(person.id, 99).await.unwrap().head.0,
            0,
            "nothing was told to {person:?}"
        );
    }
}
