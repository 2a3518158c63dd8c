//! The index and the tail of messages that it follows.

use std::sync::Arc;

use wire::{Amendment, Event, GroupId, Seq, Topic};

use super::world::World;
use crate::ports::search::IndexUpdate;
use crate::ports::store::{Commit, Position, Store, Trim, event_of};

pub async fn messages_are_followed_in_their_order(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let World { node, ann, ben, tea, .. } = &world;
    let topic = Topic::group(*tea);
    let first = node.say(ann, *tea, "first").await.seq;
    node.publish(&Topic::new("news").unwrap(), 1).await;
    let second = node.say(ben, *tea, "second").await.seq;
    let amend = async |by, target, amendment| {
        node.chat.amend(by, &topic, node.chat.new_send_id(), target, amendment).await.unwrap();
    };
    amend(ann, first, Amendment::React(wire::Emoji::new("👍").unwrap(), true)).await;
    amend(ann, first, Amendment::Edit("first, edited".into())).await;
    amend(ben, second, Amendment::Delete).await;
    let gone = node.group(ben, "gone").await;
    node.say(ben, gone, "lost").await;
    node.chat.delete_group(ben, gone, "gone").await.unwrap();
    let (mut after, mut seen, mut deleted) = (Position::default(), Vec::new(), Vec::new());
    loop {
        let tail = world.store().message_tail(after, 2).await.unwrap();
        assert!(tail.head >= tail.position && tail.position >= after);
        for message in tail.messages {
            let text = match event_of(&message.entry.data) {
                Event::Message { text, .. } => text,
                Event::Tombstone { .. } => "tombstone".into(),
                other => panic!("{other:?}"),
            };
            assert_eq!((&message.log.topic, &message.entry.topic), (&topic, &topic));
            seen.push((message.position, message.entry.seq, text));
        }
        deleted.extend(tail.deleted_logs.into_iter().map(|log| log.topic));
        if tail.position == after {
            assert_eq!(tail.head, after);
            break;
        }
        after = tail.position;
    }
    let reader = world.store().reader(ann.application);
    let at = async |seq: Seq| reader.position_of(&topic, seq).await.unwrap().unwrap();
    // Each as it is now, as often as it was said or changed; the second is a tombstone.
    let edited = (at(first).await, first, "first, edited".to_owned());
    let tombstone = (at(second).await, second, "tombstone".to_owned());
    assert_eq!(seen, [edited.clone(), edited.clone(), tombstone.clone()]);
    assert_eq!(deleted, [Topic::group(gone)]);
    assert!(edited.0 < tombstone.0);
    let found = reader.entries_at(&[tombstone.0, Position(u64::MAX >> 1), edited.0]).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|(position, entry)| (position, entry.seq)).collect();
    assert_eq!(found, [(tombstone.0, second), (edited.0, first)]);
    assert_eq!(reader.position_of(&topic, Seq(900)).await.unwrap(), None);
    let elsewhere = world.store().reader(wire::ApplicationId(7));
    assert_eq!(elsewhere.entries_at(&[edited.0]).await.unwrap(), []);
    assert_eq!(elsewhere.position_of(&topic, first).await.unwrap(), None);
}

pub async fn trims_are_followed_in_their_order_with_messages(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let World { node, ann, tea, .. } = &world;
    let groups = [*tea, node.group(ann, "Bread").await, node.group(ann, "Soup").await];
    let commit = async |group: GroupId, before: Seq| {
        let write = Trim { topic: Topic::group(group), before };
        let commit = Commit { application: ann.application, write: write.into() };
        world.store().commit(vec![commit], Seq(u64::MAX)).await.unwrap();
    };
    let mut lost = Vec::new();
    for (number, group) in groups.into_iter().enumerate() {
        let first = node.say(ann, group, "first").await.seq;
        node.say(ann, group, "second").await;
        let topic = Topic::group(group);
        let reader = world.store().reader(ann.application);
        lost.push((topic.clone(), reader.position_of(&topic, first).await.unwrap().unwrap()));
        // Once, or in two steps, of which the last one counts.
        if number == 1 {
            commit(group, first).await;
        }
        commit(group, first.next()).await;
    }
    for limit in [1, 2, 3, 100] {
        let (mut after, mut trimmed, mut texts) = (Position::default(), Vec::new(), 0);
        loop {
            let tail = world.store().message_tail(after, limit).await.unwrap();
            trimmed.extend(tail.trimmed.into_iter().map(|(log, newest)| (log.topic, newest)));
            texts += tail.messages.len();
            if tail.position == after {
                assert_eq!(tail.head, after);
                break;
            }
            assert!(tail.position > after && tail.position <= tail.head);
            after = tail.position;
        }
        assert_eq!((&trimmed, texts), (&lost, 3), "{limit} at a time");
    }
}

pub async fn an_update_from_elsewhere_changes_nothing(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    world.say(&world.ann, &["tea"]).await;
    let index = world.store().search_index();
    let position = index.position().await.unwrap();
    assert_eq!(position, world.store().message_tail(position, 1).await.unwrap().head);
    for from in [Position(0), Position(position.0 + 1)] {
        let all = world.store().message_tail(Position::default(), 100).await.unwrap();
        let deleted = all.messages.iter().map(|message| message.position).collect();
        let update = IndexUpdate { from, to: Position(position.0 + 9), deleted, ..IndexUpdate::default() };
        assert!(!index.apply(update).await.unwrap());
    }
    assert_eq!(index.position().await.unwrap(), position);
    assert_eq!(world.found(&world.ben, "tea").await, ["tea"]);
}

pub async fn an_update_may_be_applied_again(store: Arc<dyn Store>) {
    let world = World::new(store).await;
    let said = world.say(&world.ann, &["green tea", "black tea"]).await;
    let (chat, topic) = (&world.node.chat, Topic::group(world.tea));
    for text in ["red tea", "green tea"] {
        let edit = Amendment::Edit(text.into());
        chat.amend(&world.ann, &topic, chat.new_send_id(), said[0].seq, edit).await.unwrap();
        world.index().await;
    }
    assert_eq!(world.found(&world.ben, "tea").await, ["black tea", "green tea"], "each is found once");
}
