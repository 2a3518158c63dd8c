//! Hostile queries: whatever is typed is words, and never a fault.

use std::sync::Arc;

use super::world::World;
use crate::ports::store::Store;
use crate::search::SearchQuery;
use crate::service::SearchRequest;

/// Pieces of query languages, odd characters and the like.
const PIECES: [&str; 40] = [
    "\"",
    "'",
    "\"\"",
    "NEAR",
    "NEAR(",
    "NEAR/2",
    "AND",
    "OR",
    "NOT",
    "*",
    "^",
    "-",
    "+",
    ":",
    "terms:",
    "{terms}",
    "(",
    ")",
    "\0",
    "\\ud800",
    "%ED%A0%80",
    "\u{fffd}",
    "\u{202e}",
    "\u{200f}",
    "\u{200d}",
    "👩\u{200d}👩\u{200d}👧",
    "🏳️‍🌈",
    "e\u{301}\u{327}",
    "ﷺ",
    "ß",
    "İ",
    "茶",
    "が",
    "한",
    "ก็",
    "क्षि",
    "; DROP TABLE messages;--",
    "rank MATCH",
    "a\u{300}\u{300}\u{300}",
    "~{2}",
];

pub async fn no_query_does_any_harm(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.say(&world.ann, &["tea"]).await;
    let mut asked = 0;
    for first in PIECES {
        for (place, second) in PIECES.iter().enumerate().filter(|(place, _)| place % 3 == 0) {
            let between = ["", " ", "\" "][place / 3 % 3];
            let typed = format!("{first}{between}{second} {first}");
            let Ok(query) = SearchQuery::parse(&typed) else { continue };
            let request = SearchRequest { query, limit: 5, ..SearchRequest::default() };
            let page = world.node.chat.search(&world.ben, &request).await;
            assert!(page.is_ok(), "{typed:?}: {page:?}");
            asked += 1;
        }
    }
    assert!(asked >= 500, "only {asked} were queries");
    for long in ["x".repeat(1_000_000), "word ".repeat(10_000), "\"".repeat(50_000), "茶".repeat(201)] {
        assert!(SearchQuery::parse(&long).is_err());
    }
    let longest = ["x".repeat(200), "茶".repeat(200), "a ".repeat(100), "é".repeat(200), "ﷺ".repeat(200)];
    for longest in longest {
        let query = SearchQuery::parse(&longest).unwrap();
        let request = SearchRequest { query, limit: 5, ..SearchRequest::default() };
        assert!(world.node.chat.search(&world.ben, &request).await.is_ok(), "{longest}");
    }
    assert_eq!(world.found(&world.ben, "tea").await, ["tea"], "all is as it was");
}
