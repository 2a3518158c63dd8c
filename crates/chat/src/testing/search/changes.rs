//! Changes: search finds messages as they are now.

use std::sync::Arc;

use wire::{Amendment, ApplicationId, Conversation, GroupId, JoinPolicy, Seq, Topic};

use super::world::World;
use crate::auth::caller::Caller;
use crate::ports::search::CandidateRequest;
use crate::ports::store::{ApplicationKey, Commit, ExternalKey, Store, Trim};
use crate::search::SearchQuery;

async fn amend(world: &World, target: Seq, amendment: Amendment) {
    let (chat, topic) = (&world.node.chat, Topic::group(world.tea));
    chat.amend(&world.ann, &topic, chat.new_send_id(), target, amendment).await.unwrap();
}

/// Returns the number of messages of the group that the index has.
async fn indexed(world: &World) -> usize {
    indexed_in(world, world.ann.application, world.tea).await
}

async fn indexed_in(world: &World, application: ApplicationId, group: GroupId) -> usize {
    let request = CandidateRequest {
        application,
        conversations: vec![Conversation::Group(group)],
        directs_of: None,
        copies_of: None,
        authors: None,
        from: None,
        to: None,
        query: SearchQuery::default(),
        is_broad: false,
        before: None,
        limit: 100,
    };
    world.store().search_index().candidates(request).await.unwrap().len()
}

pub async fn an_edited_message_is_found_by_its_present_text(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let said = world.say(&world.ann, &["black tea", "other"]).await;
    amend(&world, said[0].seq, Amendment::Edit("green coffee".into())).await;
    assert_eq!(world.found(&world.ben, "black").await, Vec::<String>::new(), "even before it is indexed");
    world.index().await;
    assert_eq!(world.found(&world.ben, "black").await, Vec::<String>::new());
    assert_eq!(world.found(&world.ben, "coffee").await, ["green coffee"]);
    assert_eq!(world.found(&world.ben, "e").await, Vec::<String>::new());
    assert_eq!(indexed(&world).await, 2);
}

pub async fn a_deleted_message_is_not_found(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let said = world.say(&world.ann, &["black tea", "green tea"]).await;
    amend(&world, said[1].seq, Amendment::Delete).await;
    assert_eq!(world.found(&world.ben, "tea").await, ["black tea"], "even before it is indexed");
    world.index().await;
    assert_eq!(world.found(&world.ben, "tea").await, ["black tea"]);
    assert_eq!(indexed(&world).await, 1);
}

pub async fn nothing_of_a_deleted_group_is_found(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.say(&world.ann, &["black tea", "green tea"]).await;
    world.whisper(&world.ann, &world.ben, "our tea").await;
    assert_eq!(indexed(&world).await, 2);
    world.node.chat.delete_group(&world.ann, world.tea, "Tea").await.unwrap();
    assert_eq!(world.found(&world.ann, "tea").await, ["our tea"]);
    world.index().await;
    assert_eq!(indexed(&world).await, 0);
    assert_eq!(world.found(&world.ben, "tea").await, ["our tea"]);
}

pub async fn trimmed_messages_are_found_no_longer(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let said = world.say(&world.ann, &["black tea", "green tea", "white tea"]).await;
    world.whisper(&world.ann, &world.ben, "our tea").await;
    amend(&world, said[0].seq, Amendment::Edit("black tea, edited".into())).await;
    let topic = Topic::group(world.tea);
    let trim = async |before: Seq| {
        let write = Trim { topic: topic.clone(), before };
        let commit = Commit { application: world.ann.application, write: write.into() };
        world.store().commit(vec![commit], Seq(u64::MAX)).await.unwrap();
    };
    trim(said[2].seq).await;
    assert_eq!(world.found(&world.ben, "tea").await, ["our tea", "white tea"], "even before it is indexed");
    world.index().await;
    assert_eq!(indexed(&world).await, 1, "the index keeps nothing of them");
    world.say(&world.ann, &["red tea"]).await;
    assert_eq!(world.found(&world.ben, "tea").await, ["red tea", "our tea", "white tea"]);
    trim(Seq(u64::MAX)).await;
    world.index().await;
    assert_eq!((indexed(&world).await, world.found(&world.ben, "tea").await), (0, vec!["our tea".into()]));
}

pub async fn nothing_of_a_deleted_group_without_members_is_left(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let chat = &world.node.chat;
    let shop = chat.create_application(&Caller::operator(), "Läden", "").await.unwrap();
    let program = chat.authenticate_api_token(&shop.token).await.unwrap().unwrap();
    let key = ExternalKey::new("order-1").unwrap();
    let order = chat.create_keyed_group(&program, &key, "Order", Vec::new()).await.unwrap().unwrap().id;
    chat.post(&program, Topic::group(order), chat.new_send_id(), "white tea", None).await.unwrap();
    world.index().await;
    assert_eq!(indexed_in(&world, program.application, order).await, 1);
    chat.delete_keyed_group(&program, order, None).await.unwrap();
    world.index().await;
    assert_eq!(indexed_in(&world, program.application, order).await, 0);
}

pub async fn nothing_of_a_deleted_application_is_left(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.say(&world.ann, &["black tea", "green tea"]).await;
    let (chat, operator) = (&world.node.chat, Caller::operator());
    let shop = chat.create_application(&operator, "Shop", "").await.unwrap().application;
    let caller = Caller { application: shop.id, ..Caller::default() };
    let (zoe, _) = chat.create_guest(&caller, "Zoë").await.unwrap();
    let zoe = caller.with_user(zoe);
    let group = chat.create_group(&zoe, "Tea", JoinPolicy::Open).await.unwrap().id;
    let (topic, id) = (Topic::group(group), chat.new_send_id());
    chat.post(&zoe, topic.clone(), id, "white tea", None).await.unwrap();
    world.index().await;
    assert_eq!(world.found(&zoe, "tea").await, ["white tea"]);
    assert_eq!(indexed_in(&world, shop.id, group).await, 1);

    chat.delete_application(&operator, shop.public_id, "Shop").await.unwrap();
    while world.store().application(ApplicationKey::Id(shop.id)).await.unwrap().is_some() {
        world.node.clock.advance(60_000);
        tokio::task::yield_now().await;
    }
    assert_eq!(indexed_in(&world, shop.id, group).await, 0);
    assert_eq!(indexed(&world).await, 2, "other applications keep theirs");
}
