//! Sending through a [`Chat`]: once, again, too fast, by many at the same time.

use std::sync::Arc;

use chat::store::Range;
use chat::testing::{Gate, Listener, Node, SeededChance, User};
use chat::{Ack, Caller, Chat, Error, Limits, MemoryStore, Store, Window};
use wire::{Event, GroupId, Json, Refusal, SendId, Seq, Topic};

#[tokio::test]
async fn the_same_id_with_the_same_text_is_the_same_message() {
    let node = Node::volatile();
    let (ann, group) = ann_in_tea(&node).await;
    let first = post(&node, &ann, group, "1", "hello").await.unwrap();
    assert!(!first.duplicate);
    node.clock.advance(5_000);
    // Invisible differences, such as the space at the end, make no other text.
    for text in ["hello", "hello \r\n"] {
        let again = post(&node, &ann, group, "1", text).await.unwrap();
        assert_eq!(again, Ack { duplicate: true, ..first.clone() });
    }
    let later = post(&node, &ann, group, "2", "hello").await.unwrap();
    assert_eq!(later.seq, first.seq.next(), "the repeats have taken no place");
}

#[tokio::test]
async fn an_id_is_not_taken_for_another_message() {
    let node = Node::volatile();
    let (ann, group) = ann_in_tea(&node).await;
    let other_group = node.group(&ann, "chess").await;
    post(&node, &ann, group, "1", "hello").await.unwrap();
    let taken = Err(Error::Refusal(Refusal::SendIdTaken));
    assert_eq!(post(&node, &ann, group, "1", "bye").await, taken);
    assert_eq!(post(&node, &ann, other_group, "1", "hello").await, taken);
    let ben = node.introduce("ben").await;
    node.chat.join(&ben, group, None).await.unwrap();
    assert!(post(&node, &ben, group, "1", "bye").await.is_ok(), "ben has ids of his own");
}

#[tokio::test]
async fn who_sends_too_fast_is_told_when_to_go_on() {
    let limits = Limits { send_burst: 3, send_per_second: 2.0, ..Limits::default() };
    let store = MemoryStore::new(&SeededChance::new(0), Window::default());
    let node = Node::limited(Arc::new(store), limits);
    let (ann, group) = ann_in_tea(&node).await;
    let ben = node.introduce("ben").await;
    node.chat.join(&ben, group, None).await.unwrap();
    for number in 0..3 {
        post(&node, &ann, group, &number.to_string(), "hello").await.unwrap();
    }
    let too_fast = Err(Error::Refusal(Refusal::TooFast { retry_ms: 500 }));
    assert_eq!(post(&node, &ann, group, "3", "hello").await, too_fast);
    assert!(post(&node, &ben, group, "3", "hello").await.is_ok(), "ben does not wait for ann");
    node.clock.advance(500);
    assert!(post(&node, &ann, group, "3", "hello").await.is_ok());
    assert_eq!(post(&node, &ann, group, "4", "hello").await, too_fast);
}

#[tokio::test]
async fn what_has_no_words_or_no_place_is_refused() {
    let node = Node::volatile();
    let (ann, group) = ann_in_tea(&node).await;
    let ben = node.introduce("ben").await;
    let no_group = GroupId::from_bytes([0; wire::ID_BYTES]);
    let long = "x".repeat(wire::limits::TEXT_BYTES + 1);
    for (who, group, text, refusal) in [
        (&ann, group, " \n ", Refusal::TextEmpty),
        (&ann, group, long.as_str(), Refusal::TextTooLong),
        (&ann, no_group, "hello", Refusal::NotFound),
        (&ben, group, "hello", Refusal::NotMember),
    ] {
        assert_eq!(post(&node, who, group, "1", text).await, Err(Error::Refusal(refusal)));
    }
    let own = Topic::user(ann.id);
    let posted = node.chat.post(&ann, own, SendId::new("1").unwrap(), "hello", None).await;
    assert_eq!(posted, Err(Error::Refusal(Refusal::NotFound)), "news of a user are not for writing");
}

#[tokio::test]
async fn an_open_topic_takes_what_a_conversation_does_not() {
    let node = Node::volatile();
    let news = || Topic::new("news").unwrap();
    let refused = |refusal| Err(Error::Refusal(refusal));
    let group = Topic::group(GroupId::from_bytes([0; wire::ID_BYTES]));
    let node = &node;
    let publish = |open_topics, topic: Topic| {
        let caller = Caller { open_topics, ..Caller::default() };
        let id = Some(SendId::new("1").unwrap());
        async move { node.chat.publish(&caller, topic, id, Json::of(&1)).await }
    };
    assert_eq!(publish(false, news()).await, refused(Refusal::TokenNeeded));
    assert_eq!(publish(true, group).await, refused(Refusal::TopicReserved));
    assert_eq!(publish(true, news()).await.unwrap().seq, Seq(1));
    assert!(publish(true, news()).await.unwrap().duplicate);
}

#[tokio::test]
async fn what_is_begun_first_comes_first_though_nobody_waited() {
    let store = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let gate = Gate::before(store);
    let node = Node::over(Arc::clone(&gate) as Arc<dyn Store>);
    let (ann, group) = ann_in_tea(&node).await;
    let before = gate.batches().len();
    gate.close_gate();
    let mut sendings = vec![];
    for number in 0..20 {
        let id = SendId::new(&number.to_string()).unwrap();
        sendings.push(node.chat.begin_post(&ann, Topic::group(group), id, "hello", None).await.unwrap());
    }
    gate.open_gate();
    // Waiting for the last first makes no difference.
    let mut places = vec![];
    for sending in sendings.into_iter().rev() {
        places.insert(0, node.chat.finish(sending).await.unwrap().seq.0);
    }
    assert_eq!(places, (2..=21).collect::<Vec<_>>());
    let batches = gate.batches().split_off(before);
    assert_eq!(batches.iter().sum::<usize>(), 20);
    assert!(batches.len() <= 2, "what waits is committed together: {batches:?}");
}

#[tokio::test]
async fn a_sender_who_goes_away_has_sent_all_the_same() {
    let node = Node::volatile();
    let (ann, group) = ann_in_tea(&node).await;
    let id = SendId::new("1").unwrap();
    drop(node.chat.begin_post(&ann, Topic::group(group), id, "hello", None).await.unwrap());
    let again = post(&node, &ann, group, "1", "hello").await.unwrap();
    assert_eq!((again.seq, again.duplicate), (Seq(2), true));
}

#[tokio::test]
async fn what_is_no_fact_is_not_told() {
    let store = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let gate = Gate::before(store);
    let node = Node::over(Arc::clone(&gate) as Arc<dyn Store>);
    let (ann, group) = ann_in_tea(&node).await;
    let topic = Topic::group(group);
    let mut listener = Listener::new(&node.chat, Some(&ann));
    listener.subscribe(&topic, None).await.unwrap();

    gate.set_broken(true);
    let failed = post(&node, &ann, group, "1", "hello").await.unwrap_err();
    assert_eq!(failed.into_refusal(), Refusal::Unavailable);
    listener.take_all().await;
    assert_eq!(listener.heard(), []);

    gate.set_broken(false);
    let ack = post(&node, &ann, group, "1", "hello").await.unwrap();
    assert!(!ack.duplicate, "nothing had been written");
    listener.until_seq(&topic, 2).await;
    assert_eq!(listener.seqs(&topic), [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everyone_who_talks_at_once_gets_a_place_and_all_hear_the_same() {
    let node = Node::volatile();
    let (ann, group) = ann_in_tea(&node).await;
    let topic = Topic::group(group);
    let mut listener = Listener::new(&node.chat, Some(&ann));
    listener.subscribe(&topic, None).await.unwrap();
    let mut talking = vec![];
    for number in 0..40 {
        let person = node.introduce(&format!("guest {number}")).await;
        node.chat.join(&person, group, None).await.unwrap();
        talking.push(tokio::spawn(talk(Arc::clone(&node.chat), person, topic.clone())));
    }
    let mut places = vec![];
    for talk in talking {
        let acks = talk.await.unwrap();
        assert!(acks.is_sorted(), "one's own messages keep their order");
        places.extend(acks);
    }
    places.sort_unstable();
    // The group's beginning, forty joins, and ten messages of each.
    let head = 1 + 40 + 400;
    let joins: Vec<u64> = (2..=head).filter(|place| places.binary_search(place).is_err()).collect();
    assert_eq!((places.len(), joins.len()), (400, 40));
    listener.until_seq(&topic, head).await;
    assert_eq!(listener.seqs(&topic), (2..=head).collect::<Vec<_>>());
    let caller = Caller { open_topics: false, ..ann.caller() };
    let newest = Range { limit: 100, ..Range::default() };
    let page = node.chat.events(&caller, &topic, newest).await.unwrap();
    let history: Vec<Event> = page.entries.into_iter().map(|entry| entry.data).collect();
    assert!(listener.events(&topic).ends_with(&history));
}

async fn talk(chat: Arc<Chat>, person: User, topic: Topic) -> Vec<u64> {
    let mut acks = vec![];
    for number in 0..10 {
        let text = format!("{} {number}", person.name);
        acks.push(chat.post(&person, topic.clone(), chat.new_send_id(), &text, None).await.unwrap().seq.0);
    }
    acks
}

async fn ann_in_tea(node: &Node) -> (User, GroupId) {
    let ann = node.introduce("ann").await;
    let group = node.group(&ann, "tea").await;
    (ann, group)
}

async fn post(node: &Node, who: &User, group: GroupId, id: &str, text: &str) -> Result<Ack, Error> {
    node.chat.post(who, Topic::group(group), SendId::new(id).unwrap(), text, None).await
}
