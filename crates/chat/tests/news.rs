//! Entries of a user's own topic.

use chat::testing::{Listener, Node};
use wire::{Event, Topic};

#[tokio::test]
async fn ben_is_told_which_groups_are_his() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let topic = Topic::user(ben.id);
    let (mut phone, mut desk) =
        (Listener::new(&node.chat, Some(&ben)), Listener::new(&node.chat, Some(&ben)));
    for listener in [&mut phone, &mut desk] {
        listener.subscribe(&topic, None).await.unwrap();
    }
    let tea = node.chat.create_group(&ann, "tea", wire::JoinPolicy::Open).await.unwrap();
    node.chat.join(&ben, tea.id, None).await.unwrap();
    node.chat.join(&ben, tea.id, None).await.unwrap();
    let chess = node.chat.create_group(&ben, "chess", wire::JoinPolicy::Open).await.unwrap();
    node.chat.leave(&ben, tea.id).await.unwrap();
    node.chat.leave(&ben, tea.id).await.unwrap();
    let told = [
        Event::GroupAdded { group: tea.clone() },
        Event::GroupAdded { group: chess.clone() },
        Event::GroupGone { id: tea.id },
    ];
    for listener in [&mut phone, &mut desk] {
        listener.take_all().await;
        assert_eq!(listener.events(&topic), told, "each once, though he asked twice");
    }
    let groups = node.chat.overview(&ben).await.unwrap().mine;
    assert_eq!(
        groups.into_iter().map(|mine| mine.what).collect::<Vec<_>>(),
        [wire::ConversationSummary::Group(chess)]
    );
}

#[tokio::test]
async fn a_page_and_the_news_after_it_leave_nothing_out() {
    let node = Node::volatile();
    let ben = node.introduce("ben").await;
    let tea = node.chat.create_group(&ben, "tea", wire::JoinPolicy::Open).await.unwrap();
    let visit = node.chat.overview(&ben).await.unwrap();
    assert_eq!(visit.mine[0].what, wire::ConversationSummary::Group(tea));
    let chess = node.chat.create_group(&ben, "chess", wire::JoinPolicy::Open).await.unwrap();
    let mut listener = Listener::new(&node.chat, Some(&ben));
    let topic = Topic::user(ben.id);
    listener.subscribe(&topic, Some(visit.cursor)).await.unwrap();
    listener.take_all().await;
    assert_eq!(listener.events(&topic), [Event::GroupAdded { group: chess }]);
}
