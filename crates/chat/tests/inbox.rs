//! The inbox at the level of the domain: who reads what, and what its cursor is good for.

use std::sync::Arc;

use chat::testing::{Node, SeededChance, User};
use chat::{Caller, Inbox, InboxLoss, InboxReset, MemoryStore, Window};
use wire::{Conversation, Event, Pair, Refusal, Seq, Topic};

/// Returns the texts of the messages of a part.
fn texts(part: &Inbox) -> Vec<String> {
    let text = |entry: &wire::Entry<wire::Json>| match serde_json::from_str(entry.data.as_str()).unwrap() {
        Event::Message { text, .. } => Some(text),
        _ => None,
    };
    part.entries.iter().filter_map(text).collect()
}

fn over(seed: u64) -> Node {
    Node::over(Arc::new(MemoryStore::new(&SeededChance::new(seed), Window::default())))
}

async fn whisper(node: &Node, by: &User, to: &User, text: &str) {
    let topic = Topic::direct(Pair::of(by.id, to.id).unwrap());
    node.chat.post(by, topic, node.chat.new_send_id(), text, None).await.unwrap();
}

#[tokio::test]
async fn a_user_reads_what_is_theirs_after_their_cursor() {
    let node = over(0);
    let (omar, zoe, lilei) =
        (node.introduce("عمر").await, node.introduce("Zoë").await, node.introduce("李雷").await);
    let group = node.group(&zoe, "Tea").await;
    node.say(&zoe, group, "before Omar came").await;
    node.chat.join(&omar, group, None).await.unwrap();
    node.say(&zoe, group, "one").await;
    whisper(&node, &zoe, &omar, "two").await;
    whisper(&node, &zoe, &lilei, "not for Omar").await;
    let part = node.chat.inbox(&omar, None, 100).await.unwrap();
    assert_eq!(
        (texts(&part), part.more, part.resets.clone()),
        (vec!["one".into(), "two".into()], false, vec![])
    );
    let none = node.chat.inbox(&omar, Some(&part.cursor), 100).await.unwrap();
    assert_eq!((none.entries.len(), none.more), (0, false));
    assert_ne!(none.cursor, part.cursor, "equal cursors are not seen to be equal");
    node.say(&zoe, group, "three").await;
    let next = node.chat.inbox(&omar, Some(&none.cursor), 1).await.unwrap();
    assert_eq!(texts(&next), ["three"]);

    node.chat.leave(&omar, group).await.unwrap();
    node.say(&zoe, group, "without Omar").await;
    let left = node.chat.inbox(&omar, Some(&next.cursor), 100).await.unwrap();
    let tea = Topic::of(Conversation::Group(group));
    assert_eq!(texts(&left), [] as [&str; 0]);
    assert_eq!(left.resets, [InboxReset { topic: Some(tea), reason: InboxLoss::NotMember }]);
    node.chat.join(&omar, group, None).await.unwrap();
    node.say(&zoe, group, "with Omar").await;
    assert_eq!(texts(&node.chat.inbox(&omar, Some(&left.cursor), 100).await.unwrap()), ["with Omar"]);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_user_alone() {
    let node = over(0);
    let (omar, zoe) = (node.introduce("عمر").await, node.introduce("Zoë").await);
    let cursor = node.chat.inbox(&omar, None, 100).await.unwrap().cursor;
    let bad = Err(Refusal::CursorBad.into());
    assert_eq!(node.chat.inbox(&zoe, Some(&cursor), 100).await, bad);
    let elsewhere = Caller { application: wire::ApplicationId(7), ..omar.caller() };
    assert_eq!(node.chat.inbox(&elsewhere, Some(&cursor), 100).await, bad);
    assert_eq!(node.chat.inbox(&omar, Some("AAAA"), 100).await, bad);
    let nobody = node.chat.inbox(&Caller::default(), None, 100).await;
    assert_eq!(nobody, Err(Refusal::SignInNeeded.into()));
    let operator = node.chat.inbox(&Caller::operator(), None, 100).await;
    assert_eq!(operator, Err(Refusal::NotApplication.into()));
}

#[tokio::test]
async fn after_a_restore_an_inbox_goes_on_with_what_is_new() {
    // Two stores with the same users and the same secret, as before and after a restore.
    let (before, after) = (over(0), over(5));
    assert_ne!(before.epoch(), after.epoch());
    let omar = before.introduce("عمر").await;
    assert_eq!(after.introduce("عمر").await, omar);
    let group = after.group(&omar, "Tea").await;
    after.say(&omar, group, "known").await;
    let cursor = before.chat.inbox(&omar, None, 100).await.unwrap().cursor;
    let part = after.chat.inbox(&omar, Some(&cursor), 100).await.unwrap();
    assert_eq!((part.entries.len(), part.more), (0, false));
    assert_eq!(part.resets, [InboxReset { topic: None, reason: InboxLoss::EpochChanged }]);
    after.say(&omar, group, "new").await;
    let part = after.chat.inbox(&omar, Some(&part.cursor), 100).await.unwrap();
    assert_eq!((texts(&part), part.resets), (vec!["new".into()], vec![]));
}

#[tokio::test]
async fn passing_a_cursor_says_that_what_came_before_has_arrived() {
    let node = over(0);
    let (omar, zoe) = (node.introduce("عمر").await, node.introduce("Zoë").await);
    let group = node.group(&zoe, "Tea").await;
    node.chat.join(&omar, group, None).await.unwrap();
    let said = node.say(&zoe, group, "one").await.seq;
    let topic = Topic::group(group);
    let delivered = async || {
        let marks = node.chat.read_states(&zoe, &topic).await.unwrap();
        marks.iter().find(|mark| mark.user == omar.id).map_or(Seq::ZERO, |mark| mark.delivered)
    };
    let part = node.chat.inbox(&omar, None, 100).await.unwrap();
    assert!(delivered().await < said, "reading alone proves nothing");
    node.chat.inbox(&omar, Some(&part.cursor), 100).await.unwrap();
    let waits = async {
        while delivered().await < said {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), waits).await.expect("it is never delivered");
}
