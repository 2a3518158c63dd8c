//! Entries of a user's own topic.

use std::sync::Arc;

use chat::testing::{Gate, Heard, Listener, Node, SeededChance};
use chat::{Caller, MemoryStore, Window};
use wire::{Event, Json, Topic};

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

#[tokio::test]
async fn in_one_batch_each_topic_gets_its_own_entries_though_nobody_hears_the_other() {
    let gate = Gate::before(Arc::new(MemoryStore::new(&SeededChance::new(1), Window::default())));
    let node = Node::over(Arc::<Gate>::clone(&gate));
    let [heard, unheard] = ["чай", "кофе"].map(|name| Topic::new(name).unwrap());
    let caller = Caller { open_topics: true, ..Caller::default() };
    let mut listener = Listener::of(&node.chat, caller.clone());
    listener.subscribe(&heard, None).await.unwrap();
    let publish =
        |topic: &Topic| node.chat.publish(&caller, topic.clone(), None, Json::of(&format!("for {topic}")));
    let sends =
        futures::future::join4(publish(&unheard), publish(&heard), publish(&unheard), publish(&heard));
    let (one, two, three, four) = sends.await;
    assert!([one, two, three, four].iter().all(Result::is_ok));
    assert_eq!(gate.batches().first(), Some(&4));
    listener.until_seq(&heard, 2).await;
    let entries = listener.heard().iter().map(|heard| match heard {
        Heard::Entry(entry) => (entry.topic.as_str(), entry.seq.0, entry.data.as_str()),
        other => panic!("{other:?}"),
    });
    assert_eq!(entries.collect::<Vec<_>>(), [("чай", 1, "\"for чай\""), ("чай", 2, "\"for чай\"")]);
}
