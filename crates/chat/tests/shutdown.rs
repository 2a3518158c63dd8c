//! A [`Chat`] that is shut down finishes the accepted writes, and accepts no more.

use std::sync::Arc;

use chat::store::Range;
use chat::testing::{Gate, Node, SeededChance};
use chat::{Error, MemoryStore, Store, Window};
use wire::{ApplicationId, Refusal, SendId, Topic};

#[tokio::test]
async fn everything_that_was_taken_is_committed_and_answered() {
    let gate = Gate::before(Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default())));
    let node = Node::over(Arc::clone(&gate) as Arc<dyn Store>);
    let ann = node.introduce("ann").await;
    let topic = Topic::group(node.group(&ann, "tea").await);
    gate.close_gate();
    let mut sendings = vec![];
    for number in 0..300 {
        let id = SendId::new(&number.to_string()).unwrap();
        sendings.push(node.chat.begin_post(&ann, topic.clone(), id, "hello", None).await.unwrap());
    }
    let late = async {
        // The shutdown has begun: the other half of the join was polled first.
        let late = node.chat.post(&ann, topic.clone(), SendId::new("late").unwrap(), "hello", None).await;
        assert_eq!(late, Err(Error::Refusal(Refusal::Unavailable)));
        gate.open_gate();
    };
    let (shut_down, ()) = tokio::join!(biased; node.chat.shut_down(), late);
    shut_down.unwrap();
    for (sending, seq) in sendings.into_iter().zip(2..) {
        assert_eq!(node.chat.finish(sending).await.unwrap().seq.0, seq);
    }
    let page = gate
        .reader(ApplicationId::BUILT_IN)
        .page(&topic, Range { limit: usize::MAX, ..Range::default() })
        .await
        .unwrap();
    assert_eq!(page.head.0, 301);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_middle_of_everything_each_sender_learns_what_became_of_it() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let node = Node::over(Arc::clone(&store));
    let ann = node.introduce("ann").await;
    let topic = Topic::group(node.group(&ann, "tea").await);
    let sending = (0..2_000).map(|number| {
        let (chat, ann, topic) = (Arc::clone(&node.chat), ann.clone(), topic.clone());
        let id = SendId::new(&number.to_string()).unwrap();
        tokio::spawn(async move { (id.clone(), chat.post(&ann, topic, id, "hello", None).await) })
    });
    let sending: Vec<_> = sending.collect();
    node.chat.shut_down().await.unwrap();
    let mut acknowledged = vec![];
    for send in sending {
        match send.await.unwrap() {
            (id, Ok(ack)) => acknowledged.push((ack.seq, id)),
            (_, Err(no)) => assert_eq!(no, Error::Refusal(Refusal::Unavailable)),
        }
    }
    acknowledged.sort();
    let range = Range { after: Some(wire::Seq(1)), before: None, limit: usize::MAX };
    let page = store.reader(ApplicationId::BUILT_IN).page(&topic, range).await.unwrap();
    let kept: Vec<_> = page.entries.into_iter().map(|entry| (entry.seq, entry.id)).collect();
    assert_eq!(kept, acknowledged, "what was acknowledged is there, and nothing else");
}

#[tokio::test]
async fn shutting_down_twice_is_shutting_down_once() {
    let node = Node::volatile();
    node.chat.shut_down().await.unwrap();
    node.chat.shut_down().await.unwrap();
    let nobody = node.chat.create_guest(&chat::Caller::default(), "ann").await;
    assert_eq!(nobody.err(), Some(Error::Refusal(Refusal::Unavailable)));
}
