//! What people have read, and what is told in passing.

use broker::Reader;
use chat::store::Range;
use chat::testing::{Listener, Node};
use chat::{Caller, No};
use wire::{Incoming, Json, Notice, Person, Refusal, Seq, Topic};

/// What somebody's connection is told in passing on a topic.
async fn told(node: &Node, me: &Person, topic: &Topic, act: impl AsyncFnOnce()) -> Vec<Notice> {
    let mut reader = Reader::new(std::sync::Arc::clone(node.chat.broker()), Some(me.id));
    reader.attach(topic);
    let caller = Caller { me: Some(me.clone()), ..Caller::default() };
    let head = node.chat.history(&caller, topic, Range::default()).await.unwrap().head;
    reader.start(topic, head, head);
    act().await;
    let mut frames = Vec::new();
    reader.drain(usize::MAX, &mut frames);
    let notice = |frame: &bytes::Bytes| match Incoming::<Json>::decode(std::str::from_utf8(frame).unwrap()) {
        Some(Incoming::Notice(notice)) => Some(*notice),
        _ => None,
    };
    frames.iter().filter_map(notice).collect()
}

#[tokio::test]
async fn reading_on_one_device_is_told_to_the_others() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let tea = node.group(&ann, "tea").await;
    node.chat.join(&ben, tea, None).await.unwrap();
    for text in ["one", "two", "three"] {
        node.say(&ann, tea, text).await;
    }
    assert_eq!(node.chat.visit(&ben).await.unwrap().mine[0].unread, 3);
    let topic = Topic::group(tea);
    let read = async |seq: u64, back| node.chat.read(&ben, &topic, Seq(seq), back).await.unwrap();
    let heard = told(&node, &ben, &Topic::user(ben.id), async || {
        read(4, false).await;
        read(3, false).await;
        read(2, true).await;
    })
    .await;
    let notice = |seq, unread| Notice::Read { topic: topic.clone(), seq: Seq(seq), unread, mentions: 0 };
    assert_eq!(heard, [notice(4, 1), notice(2, 3)], "a mark that does not move is not told");
    assert_eq!(node.chat.visit(&ben).await.unwrap().mine[0].unread, 3);
    let cal = node.introduce("cal").await;
    let refused = node.chat.read(&cal, &topic, Seq(1), false).await;
    assert_eq!(refused, Err(No::Refusal(Refusal::NotMember)));
}

#[tokio::test]
async fn typing_is_told_to_those_who_listen_and_is_in_no_history() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let tea = node.group(&ann, "tea").await;
    node.chat.join(&ben, tea, None).await.unwrap();
    let topic = Topic::group(tea);
    let heard = told(&node, &ann, &topic, async || node.chat.typing(&ben, &topic).await.unwrap()).await;
    assert_eq!(heard, [Notice::Typing { topic: topic.clone(), person: ben.clone() }]);
    let mut late = Listener::new(&node.chat, Some(&ann));
    late.subscribe(&topic, Some(node.beginning())).await.unwrap();
    late.take_all().await;
    assert_eq!(late.seqs(&topic), [1, 2]);

    node.chat.mute(&ann, tea, ben.id, 5).await.unwrap();
    let refused = node.chat.typing(&ben, &topic).await;
    assert_eq!(refused, Err(No::Refusal(Refusal::Muted { minutes: 5 })));
}
