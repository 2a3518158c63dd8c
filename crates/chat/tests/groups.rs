//! A group's log and page after membership changes, and the members who may leave.

use chat::Error;
use chat::testing::{Listener, Node};
use wire::{Event, GroupView, JoinPolicy, Member, Refusal, Role, Topic};

#[tokio::test]
async fn the_log_of_a_group_tells_who_came_who_went_and_who_was_made_an_admin() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let tea = node.chat.create_group(&ann, " tea  time ", JoinPolicy::Open).await.unwrap();
    node.chat.join(&ben, tea.id, None).await.unwrap();
    node.chat.set_role(&ann, tea.id, ben.id, Role::Admin).await.unwrap();
    node.chat.set_role(&ann, tea.id, ben.id, Role::Admin).await.unwrap();
    let GroupView::Inside(page) =
        node.chat.open_group(&ben, tea.id, wire::PageStart::Newest, None).await.unwrap()
    else {
        panic!("ben has a seat");
    };
    assert_eq!(page.what.title(), "tea time");
    let seat =
        |person: &chat::testing::User| Member::new(person.person(), Role::Admin, page.members[0].since);
    assert_eq!((page.members.clone(), page.members_at), (vec![seat(&ann), seat(&ben)], page.page.head));

    node.chat.leave(&ann, tea.id).await.unwrap();
    let mut listener = Listener::new(&node.chat, Some(&ben));
    listener.subscribe(&Topic::group(tea.id), Some(node.beginning())).await.unwrap();
    listener.take_all().await;
    let events = [
        Event::Created { by: ann.person(), name: tea.name.clone() },
        Event::Joined { member: Member { role: Role::Member, ..seat(&ben) } },
        Event::Ranked { person: ben.person(), role: Role::Admin, by: ann.person() },
        Event::Left { person: ann.person() },
    ];
    assert_eq!(listener.events(&Topic::group(tea.id)), events);
    let last = node.chat.open_group(&ann, tea.id, wire::PageStart::Newest, None).await.unwrap();
    assert_eq!(last, GroupView::Outside { group: tea, members: 1, closed: None });
}

#[tokio::test]
async fn the_only_admin_stays_until_somebody_else_is_one() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let tea = node.group(&ann, "tea").await;
    node.chat.join(&ben, tea, None).await.unwrap();
    assert_eq!(node.chat.leave(&ann, tea).await, Err(Error::Refusal(Refusal::LastAdmin)));
    assert_eq!(
        node.chat.set_role(&ben, tea, ben.id, Role::Admin).await,
        Err(Error::Refusal(Refusal::NotAdmin))
    );
    node.chat.set_role(&ann, tea, ben.id, Role::Admin).await.unwrap();
    assert!(node.chat.leave(&ann, tea).await.is_ok());
    assert!(node.chat.leave(&ben, tea).await.is_ok(), "who is alone may go");
}
