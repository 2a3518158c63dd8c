//! Changes: search finds messages as they are now.

use std::sync::Arc;

use wire::{Amendment, Conversation, Seq, Topic};

use super::world::World;
use crate::ports::search::CandidateRequest;
use crate::ports::store::Store;
use crate::search::SearchQuery;

async fn amend(world: &World, target: Seq, amendment: Amendment) {
    let (chat, topic) = (&world.node.chat, Topic::group(world.tea));
    chat.amend(&world.ann, &topic, chat.new_send_id(), target, amendment).await.unwrap();
}

/// Returns the number of messages of the group that the index has.
async fn indexed(world: &World) -> usize {
    let request = CandidateRequest {
        application: world.ann.application,
        conversations: vec![Conversation::Group(world.tea)],
        directs_of: None,
        authors: None,
        from: None,
        to: None,
        query: SearchQuery::default(),
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
