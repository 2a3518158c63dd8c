use std::sync::Arc;

use broker::{Reader, Setback};
use bytes::Bytes;
use wire::{Incoming, Topic};

use super::outside::{SeededChance, chat_over};
use crate::acts::CatchUp;
use crate::bus::{Bus, Hint};
use crate::chat::{Caller, Chat};
use crate::limits::Limits;
use crate::store::Store;
use crate::volatile::{VolatileStore, Window};

/// Two nodes over one store: what ann says on one, ben hears on the other, in order and without a hole; and
/// when he loses his seat there, he hears nothing later.
pub async fn what_one_node_commits_all_nodes_deliver(bus: Arc<dyn Bus>) {
    let store: Arc<dyn Store> = Arc::new(VolatileStore::new(&SeededChance::new(1), Window::default()));
    let limits = Limits { send_burst: 1_000, ..Limits::default() };
    let (here, _) = chat_over(Arc::clone(&store), Some(Arc::clone(&bus)), limits);
    let (there, _) = chat_over(store, Some(bus), limits);
    let (ann, _) = here.introduce("ann").await.unwrap();
    let (ben, _) = here.introduce("ben").await.unwrap();
    let group = here.create_group(&ann, "tea").await.unwrap();
    here.join(&ben, group.id).await.unwrap();
    let topic = Topic::group(group.id);

    let caller = Caller { me: Some(ben.clone()), open_topics: false };
    let mut reader = Reader::new(Arc::clone(there.broker()), Some(ben.id));
    let begun = there.subscribe(&mut reader, &caller, &topic, None).await.unwrap();
    for n in 0..20 {
        here.post(&ann, topic.clone(), here.new_send_id(), &format!("line {n}")).await.unwrap();
    }
    here.leave(&ben, group.id).await.unwrap();
    here.post(&ann, topic.clone(), here.new_send_id(), "behind his back").await.unwrap();

    let heard = hear_until_ended(&there, &mut reader).await;
    let expected: Vec<u64> = (begun.head.0 + 1..=begun.head.0 + 21).collect();
    assert_eq!(heard, expected, "twenty lines and the leave, and nothing later");
}

/// A bus may drop hints: the next one of the topic brings everything.
pub async fn a_dropped_hint_is_made_good_by_the_next(bus: Arc<dyn Bus>) {
    let store: Arc<dyn Store> = Arc::new(VolatileStore::new(&SeededChance::new(2), Window::default()));
    // This node is on no common bus, so every hint of it is dropped.
    let (here, _) = chat_over(Arc::clone(&store), None, Limits::default());
    let (there, _) = chat_over(store, Some(Arc::clone(&bus)), Limits::default());
    let topic = Topic::new("news").unwrap();
    let caller = Caller { me: None, open_topics: true };
    let mut reader = Reader::new(Arc::clone(there.broker()), None);
    there.subscribe(&mut reader, &caller, &topic, None).await.unwrap();
    let mut head = None;
    for _ in 0..5 {
        let ack = here.publish(&caller, topic.clone(), None, wire::Json::of(&1)).await.unwrap();
        head = Some(ack.seq);
    }
    bus.announce(Hint::News { topic, head: head.unwrap() });
    let mut heard = Vec::new();
    while heard.len() < 5 {
        reader.changed().await;
        hear(&there, &mut reader, &mut heard).await;
    }
    assert_eq!(heard, [1, 2, 3, 4, 5]);
}

async fn hear_until_ended(chat: &Chat, reader: &mut Reader) -> Vec<u64> {
    let mut heard = Vec::new();
    while !hear(chat, reader, &mut heard).await {
        reader.changed().await;
    }
    heard
}

/// Takes everything there is, as a connection does; true if a subscription has ended.
async fn hear(chat: &Chat, reader: &mut Reader, heard: &mut Vec<u64>) -> bool {
    let mut frames: Vec<Bytes> = Vec::new();
    let mut ended = false;
    loop {
        let drained = reader.drain(1_000, &mut frames);
        let caught_up = drained.setbacks.is_empty();
        for setback in drained.setbacks {
            match setback {
                Setback::Ended { .. } => ended = true,
                Setback::Behind { topic, cursor, until } => {
                    match chat.catch_up(reader, &topic, cursor, until).await.unwrap() {
                        CatchUp::Frames(more) => frames.extend(more),
                        CatchUp::Reset { reason, .. } => panic!("reset: {reason:?}"),
                    }
                }
            }
        }
        for frame in frames.drain(..) {
            match Incoming::decode(std::str::from_utf8(&frame).unwrap()) {
                Some(Incoming::Entry(entry)) => heard.push(entry.seq.0),
                other => panic!("not an entry: {other:?}"),
            }
        }
        if !drained.more && caught_up {
            return ended;
        }
    }
}
