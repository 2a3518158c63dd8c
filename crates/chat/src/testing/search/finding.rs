//! Finding: words, parts of words, filters, and what a hit shows.

use std::sync::Arc;

use wire::{ConversationSummary, Topic};

use super::world::{World, ask};
use crate::ports::store::Store;
use crate::search::SearchQuery;
use crate::service::SearchRequest;

pub async fn words_and_parts_of_words_are_found_the_newest_first(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world
        .say(&world.ann, &["Oolong **tea** at four", "steady", "Tea, please", "crème brûlée", "a pot of tea"])
        .await;
    for (query, expected) in [
        ("tea", vec!["a pot of tea", "Tea, please", "steady", "Oolong tea at four"]),
        ("TE", vec!["a pot of tea", "Tea, please", "Oolong tea at four"]),
        ("tea pot", vec!["a pot of tea"]),
        ("\"of tea\"", vec!["a pot of tea"]),
        ("long", vec!["Oolong tea at four"]),
        ("p", vec!["a pot of tea", "Tea, please"]),
        ("CREME brulee", vec!["crème brûlée"]),
        ("coffee", vec![]),
    ] {
        assert_eq!(world.found(&world.ben, query).await, expected, "{query}");
    }
}

pub async fn dense_writing_is_found_by_any_part(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world
        .say(
            &world.ann,
            &["我喜欢喝茶", "コーヒーを飲む", "한국어를 배워요", "สวัสดีครับ", "iPhone手机", "👩‍🔬 👍"],
        )
        .await;
    for (query, expected) in [
        ("茶", vec!["我喜欢喝茶"]),
        ("我", vec!["我喜欢喝茶"]),
        ("喝茶", vec!["我喜欢喝茶"]),
        ("喜喝", vec![]),
        ("ｺｰﾋｰ", vec!["コーヒーを飲む"]),
        ("한국", vec!["한국어를 배워요"]),
        ("워요", vec!["한국어를 배워요"]),
        ("สวัส", vec!["สวัสดีครับ"]),
        ("phone手", vec!["iPhone手机"]),
        ("👍", vec!["👩‍🔬 👍"]),
        ("👩‍🔬", vec!["👩‍🔬 👍"]),
    ] {
        assert_eq!(world.found(&world.ben, query).await, expected, "{query}");
    }
}

pub async fn a_search_is_narrowed_by_conversation_author_and_time(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let World { node, ann, ben, tea, .. } = &world;
    let coffee = node.group(ben, "Coffee").await;
    let first = world.say(ann, &["milk of ann"]).await.remove(0).timestamp;
    node.say(ben, coffee, "milk elsewhere").await;
    node.clock.advance(40 * 86_400_000);
    let later = world.say(ben, &["milk of ben"]).await.remove(0).timestamp;
    let milk = ask("milk");
    for (request, expected) in [
        (milk.clone(), vec!["milk of ben", "milk elsewhere", "milk of ann"]),
        (
            SearchRequest { conversation: Some(Topic::group(*tea)), ..milk.clone() },
            vec!["milk of ben", "milk of ann"],
        ),
        (SearchRequest { authors: Some(vec![ann.id]), ..milk.clone() }, vec!["milk of ann"]),
        (
            SearchRequest { authors: Some(vec![ben.id, ann.id]), to: Some(later), ..milk.clone() },
            vec!["milk elsewhere", "milk of ann"],
        ),
        (SearchRequest { authors: Some(vec![]), ..milk.clone() }, vec![]),
        (SearchRequest { from: Some(later), ..milk.clone() }, vec!["milk of ben"]),
        (SearchRequest { from: Some(first), to: Some(first), ..milk.clone() }, vec![]),
        (SearchRequest { to: Some(wire::Timestamp(first.0 + 1)), ..milk.clone() }, vec!["milk of ann"]),
        (
            SearchRequest { query: SearchQuery::default(), authors: Some(vec![ben.id]), ..milk.clone() },
            vec!["milk of ben", "milk elsewhere"],
        ),
    ] {
        assert_eq!(world.found_by(ben, request.clone()).await, expected, "{request:?}");
    }
}

pub async fn a_hit_says_where_it_is_and_marks_the_words(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let said = world.say(&world.ben, &["Green *tea*,\n\nplease"]).await.remove(0);
    let whispered = world.whisper(&world.ben, &world.ann, "tea?").await;
    let page = world.page(&world.ann, "tea").await;
    let [direct, group] = page.hits.as_slice() else { panic!("{page:?}") };
    assert!(matches!(&direct.what, ConversationSummary::Direct { with, .. } if with.id == world.ben.id));
    assert_eq!((direct.what.topic(), direct.seq), (whispered.topic, whispered.seq));
    assert!(matches!(&group.what, ConversationSummary::Group(group) if group.name.as_str() == "Tea"));
    assert_eq!((group.seq, group.at, &group.author), (said.seq, said.timestamp, &world.ben.person()));
    let marked = [("Green ", false), ("tea", true), (", please", false)];
    assert_eq!(group.excerpt.0, marked.map(|(piece, is_hit)| (piece.to_owned(), is_hit)));
    assert_eq!(page.next, None);
}
