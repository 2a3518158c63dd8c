//! Publishes messages to an open topic of a node in memory: `publishing MESSAGES WINDOW SUBSCRIBERS`.
//!
//! Everything runs in one thread, so that `valgrind --tool=callgrind` counts the instructions of the whole way from the
//! call to the bytes of each subscriber. They can be compared between commits on a busy machine; times cannot.

use std::sync::Arc;

use chat::testing::{Node, SeededChance, reader};
use chat::{Caller, MemoryStore, Window};
use futures::StreamExt;
use wire::{Json, Topic};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let mut next = |otherwise| arguments.next().unwrap_or(otherwise);
    let (messages, window, subscribers) = (next(10_000), next(128), next(4));
    let store = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let node = Node::limited(store, Node::patient());
    let Ok(topic) = Topic::new("fanout") else { return };
    let caller = Caller { open_topics: true, ..Caller::default() };
    let mut connections = Vec::new();
    for _ in 0..subscribers {
        let (mut connection, sink) = reader(&node.chat, &caller);
        let subscribed = node.chat.subscribe(&mut connection, &caller, &topic, None).await;
        assert!(subscribed.is_ok(), "{subscribed:?}");
        connections.push((connection, sink));
    }
    let payload = Json::of(&"x".repeat(128));
    let sends = futures::stream::iter(0..messages)
        .map(|_| node.chat.publish(&caller, topic.clone(), None, payload.clone()));
    let acks = sends.buffer_unordered(window).filter(|ack| std::future::ready(ack.is_ok())).count().await;
    tokio::task::yield_now().await;
    let received: usize = connections.iter().map(|(_, sink)| sink.take().len()).sum();
    println!("{acks} acknowledged, {received} received");
}
