//! Privacy: what a user may not read is not found, and nothing tells that it is there.

use std::sync::Arc;

use wire::{ApplicationId, Expected, JoinPolicy, Refusal, Topic};

use super::world::{World, ask};
use crate::auth::caller::Caller;
use crate::ports::store::Store;
use crate::service::limits::Limits;
use crate::service::{Error, SearchPage, SearchRequest};
use crate::testing::Node;

pub async fn only_members_find_what_is_said(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let World { node, ben, cal, tea, .. } = &world;
    world.say(&world.ann, &["a rare word"]).await;
    let nothing =
        SearchPage { is_partial: world.page(cal, "rare").await.is_partial, ..SearchPage::default() };
    assert_eq!(world.page(cal, "rare").await, nothing);
    let there = SearchRequest { conversation: Some(Topic::group(*tea)), ..ask("rare") };
    assert_eq!(node.chat.search(cal, &there).await, Err(Error::Refusal(Refusal::NotMember)));
    assert_eq!(world.found(ben, "rare").await, ["a rare word"]);
    node.chat.leave(ben, *tea).await.unwrap();
    assert_eq!(world.found(ben, "rare").await, Vec::<String>::new());
    assert_eq!(node.chat.search(ben, &there).await, Err(Error::Refusal(Refusal::NotMember)));
    node.chat.join(ben, *tea, None).await.unwrap();
    assert_eq!(world.found(ben, "rare").await, ["a rare word"], "members see all of the history");
    let anonymous = node.chat.search(&Caller::default(), &ask("rare")).await;
    assert_eq!(anonymous, Err(Error::Refusal(Refusal::SignInNeeded)));
}

pub async fn others_directs_are_not_found(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let World { node, ann, ben, cal, .. } = &world;
    let whispered = world.whisper(ann, ben, "a secret").await;
    assert_eq!(world.found(ann, "secret").await, ["a secret"]);
    assert_eq!(world.found(ben, "secret").await, ["a secret"]);
    assert_eq!(world.found(cal, "secret").await, Vec::<String>::new());
    let there = SearchRequest { conversation: Some(whispered.topic), ..ask("secret") };
    assert_eq!(node.chat.search(cal, &there).await, Err(Error::Refusal(Refusal::NotFound)));
    let audit = SearchRequest { conversation: Some(Topic::user(cal.id)), ..ask("secret") };
    assert_eq!(node.chat.search(cal, &audit).await, Err(Error::Refusal(Refusal::NotFound)));
    node.chat.block(ben, ann.id, true).await.unwrap();
    assert_eq!(world.found(ann, "secret").await, ["a secret"], "as the history shows it");
}

pub async fn someone_in_many_groups_finds_only_what_is_said_there(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let World { node, ann, cal, .. } = &world;
    let theirs = node.group(cal, "李雷的茶").await;
    let mut hers = Vec::new();
    for number in 0..12 {
        let group = node.group(ann, &format!("Group {number}")).await;
        node.say(ann, group, &format!("oolong {number}")).await;
        hers.insert(0, format!("oolong {number}"));
        for _ in 0..10 {
            node.say(cal, theirs, "oolong for us alone").await;
        }
    }
    world.index().await;
    for limit in [1, 5, 20] {
        assert_eq!(world.found_by(ann, SearchRequest { limit, ..ask("oolong") }).await, hers, "{limit}");
    }
    assert_eq!(world.found(ann, "alone").await, Vec::<String>::new());
    assert_eq!(world.found(cal, "oolong").await.len(), 120);
}

pub async fn equal_words_in_another_application_are_not_found(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let chat = &world.node.chat;
    let elsewhere = Caller { application: ApplicationId(7), ..Caller::default() };
    let (dan, _) = chat.create_guest(&elsewhere, "dan").await.unwrap();
    let dan = elsewhere.with_user(dan);
    let group = chat.create_group(&dan, "Tea", JoinPolicy::Open).await.unwrap();
    chat.post(&dan, Topic::group(group.id), chat.new_send_id(), "tea over there", None).await.unwrap();
    world.say(&world.ann, &["tea over here"]).await;
    assert_eq!(world.found(&world.ann, "tea").await, ["tea over here"]);
    assert_eq!(world.found(&dan, "tea").await, ["tea over there"]);
    // The same ids, in the wrong application.
    let intruder = Caller { application: ApplicationId(7), ..world.ann.caller() };
    assert_eq!(world.found(&intruder, "tea").await, Vec::<String>::new());
    let there = SearchRequest { conversation: Some(Topic::group(world.tea)), ..ask("tea") };
    assert_eq!(chat.search(&intruder, &there).await, Err(Error::Refusal(Refusal::NotFound)));
}

pub async fn searches_are_limited(store: Arc<dyn Store>) {
    let node = Node::limited(store, Limits { search_burst: 2, searches_per_second: 1.0, ..Node::patient() });
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    for _ in 0..2 {
        node.chat.search(&ann, &ask("tea")).await.unwrap();
    }
    let refused = node.chat.search(&ann, &ask("tea")).await;
    assert_eq!(refused, Err(Error::Refusal(Refusal::TooFast { retry_ms: 1_000 })));
    node.chat.search(&ben, &ask("tea")).await.unwrap();
    node.clock.advance(1_000);
    node.chat.search(&ann, &ask("tea")).await.unwrap();
    node.clock.advance(9_000);
    let nothing = node.chat.search(&ann, &SearchRequest { limit: 20, ..SearchRequest::default() }).await;
    assert!(matches!(nothing, Err(Error::Refusal(Refusal::FieldWrong { wants: Expected::SearchQuery, .. }))));
}
