//! Pages: cursors lead through all hits.

use std::sync::Arc;

use wire::{Expected, Refusal, Seq, Topic};

use super::world::{World, ask};
use crate::ports::store::{Commit, Store, Trim};
use crate::service::{Error, SearchRequest};

pub async fn pages_follow_each_other_until_the_last(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let texts: Vec<String> = (0..50).map(|number| format!("tea number {number}")).collect();
    world.say(&world.ann, &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let expected: Vec<&str> = texts.iter().rev().map(String::as_str).collect();
    for limit in [1, 7, 10, 20] {
        let request = SearchRequest { limit, ..ask("tea") };
        assert_eq!(world.found_by(&world.ben, request).await, expected, "{limit}");
    }
    let mut request = SearchRequest { limit: 10, ..ask("tea") };
    let mut pages = 0;
    loop {
        let page = world.node.chat.search(&world.ben, &request).await.unwrap();
        pages += 1;
        assert_eq!(page.hits.len(), 10);
        let Some(next) = page.next else { break };
        request.cursor = Some(next);
        // Messages that are sent meanwhile move nothing.
        world.say(&world.ann, &["more tea"]).await;
    }
    assert_eq!(pages, 5, "the last page says that it is the last");
}

pub async fn rare_hits_are_found_behind_many_candidates(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.say(&world.ann, &["abcd"]).await;
    // They have all triples of the word, and not the word.
    for _ in 0..26 {
        world.say_at_once("abc bcd", 200).await;
    }
    assert_eq!(world.found(&world.ben, "abcd").await, ["abcd"]);
}

pub async fn pages_go_on_though_the_message_where_one_ended_was_trimmed(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let other = world.node.group(&world.ben, "李雷的茶").await;
    world.node.say(&world.ben, other, "older tea").await;
    let said = world.say(&world.ann, &["tea one", "tea two", "tea three"]).await;
    let mut request = SearchRequest { limit: 2, ..ask("tea") };
    let page = world.node.chat.search(&world.ben, &request).await.unwrap();
    assert_eq!(page.hits.iter().map(|hit| hit.seq).collect::<Vec<_>>(), [said[2].seq, said[1].seq]);
    request.cursor = page.next;
    let write = Trim { topic: Topic::group(world.tea), before: said[2].seq };
    let commit = Commit { application: world.ann.application, write: write.into() };
    world.store().commit(vec![commit], Seq(u64::MAX)).await.unwrap();
    let page = world.node.chat.search(&world.ben, &request).await.unwrap();
    let found: Vec<String> = page.hits.iter().map(|hit| hit.excerpt.plain()).collect();
    assert_eq!((found, page.next), (vec!["older tea".to_owned()], None));
}

pub async fn a_cursor_is_good_for_its_own_log_only(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.say(&world.ann, &["tea one", "tea two"]).await;
    let chat = &world.node.chat;
    let next = chat.search(&world.ben, &SearchRequest { limit: 1, ..ask("tea") }).await.unwrap().next;
    let bad = Err(Error::Refusal(crate::search::CURSOR_BAD));
    let with = |cursor: Option<String>| SearchRequest { cursor, ..ask("tea") };
    assert_eq!(chat.search(&world.ben, &with(next.clone())).await.unwrap().hits.len(), 1);
    assert_eq!(chat.search(&world.cal, &with(next.clone())).await, bad, "cal may not read that message");
    assert_eq!(chat.search(&world.ben, &with(Some("nonsense".into()))).await, bad);
    let topic = Topic::group(world.tea);
    let epoch = world.node.epoch();
    let unknown = crate::search::SearchCursor { epoch, topic: topic.clone(), seq: wire::Seq(u64::MAX) };
    assert_eq!(chat.search(&world.ben, &with(Some(unknown.to_string()))).await, bad);
    let older = crate::search::SearchCursor { epoch: wire::Epoch(!epoch.0), topic, seq: wire::Seq(2) };
    assert_eq!(chat.search(&world.ben, &with(Some(older.to_string()))).await, bad);
    chat.leave(&world.ben, world.tea).await.unwrap();
    assert_eq!(chat.search(&world.ben, &with(next)).await, bad);
    assert!(matches!(bad, Err(Error::Refusal(Refusal::FieldWrong { wants: Expected::PageCursor, .. }))));
}
