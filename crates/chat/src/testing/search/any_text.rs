//! Any text and any query: the index finds what a scan of all messages finds.

use std::sync::Arc;

use proptest::prelude::*;
use wire::{Event, Topic};

use super::world::{World, ask};
use crate::ports::store::{Range, Store, event_of};
use crate::search::{SearchQuery, searched_text};
use crate::testing::for_all;

/// Returns texts in which random words are likely to stand.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[abc茶が한ก👍 .é\\-]{1,24}",
        1 => any::<String>(),
        1 => "\\PC{1,40}",
    ]
}

/// Returns queries: random ones, and parts of texts.
fn queries() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[abc茶が한ก👍 .é\"\\-]{1,5}",
        1 => "\\PC{1,6}",
    ]
}

pub async fn any_search_finds_what_a_scan_finds(store: Arc<dyn Store>) {
    let world = Arc::new(World::new(store).await);
    let inputs = (
        proptest::collection::vec(texts(), 1..8),
        proptest::collection::vec((queries(), any::<prop::sample::Index>(), 1..8_usize), 1..8),
    );
    for_all(60, inputs, move |(texts, queries)| {
        let world = Arc::clone(&world);
        async move {
            let topic = Topic::group(world.tea);
            for text in &texts {
                let id = world.node.chat.new_send_id();
                // A text that shows nothing is refused.
                let _ = world.node.chat.post(&world.ann, topic.clone(), id, text, None).await;
            }
            world.index().await;
            let part = |(typed, start, length): (String, prop::sample::Index, usize)| {
                let letters: Vec<char> = texts.concat().chars().collect();
                let start = start.index(letters.len().max(1));
                [typed, letters.into_iter().skip(start).take(length).collect()]
            };
            for typed in queries.into_iter().flat_map(part) {
                if let Ok(query) = SearchQuery::parse(&typed) {
                    let expected = scan(&world, &topic, &query).await;
                    let found = world.found(&world.ben, &typed).await.len();
                    assert_eq!(found, expected, "{typed:?} {:?}", ask(&typed).query);
                }
            }
        }
    })
    .await;
}

/// Counts the messages that match, of all that there are.
async fn scan(world: &World, topic: &Topic, query: &SearchQuery) -> usize {
    let reader = world.store().reader(world.ann.application);
    let all = reader.page(topic, Range { limit: usize::MAX, ..Range::default() }).await.unwrap();
    let matches = |data: &wire::Json| match event_of(data) {
        Event::Message { body, .. } => query.matches(&searched_text(&body)),
        _ => false,
    };
    all.entries.iter().filter(|entry| matches(&entry.data)).count()
}
