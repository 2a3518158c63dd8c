//! Two applications on one server: equal names and ids in them have nothing to do with each other.

use std::sync::Arc;

use chat::store::{Range, RowRange};
use chat::testing::{Heard, Listener, Node, User};
use chat::{Caller, Error, Limits, MemoryStore, Window};
use wire::{ApplicationId, GroupId, JoinPolicy, Json, PageStart, Refusal, Role, SendId, Seq, Topic};

const SHOP: ApplicationId = ApplicationId(2);

/// Returns a caller with the same user in the other application.
fn in_shop(user: &User) -> Caller {
    Caller { application: SHOP, ..user.caller() }
}

#[track_caller]
fn is_hidden<T: std::fmt::Debug>(result: Result<T, Error>) {
    match result {
        Err(Error::Refusal(Refusal::NotFound | Refusal::NotMember)) => {}
        other => panic!("expected that nothing is found: {other:?}"),
    }
}

async fn with_group(node: &Node) -> (User, GroupId, Topic) {
    let owner = node.introduce("Zoë van der Meer").await;
    let group = node.group(&owner, "茶の会").await;
    node.say(&owner, group, "on Friday at four").await;
    (owner, group, Topic::group(group))
}

#[tokio::test]
async fn an_id_of_one_application_finds_nothing_in_another() {
    let node = Node::volatile();
    let (owner, group, topic) = with_group(&node).await;
    let (chat, caller) = (&node.chat, in_shop(&owner));
    is_hidden(chat.history(&caller, &topic, Range::default()).await);
    is_hidden(chat.rows(&caller, &topic, RowRange::newest(9)).await);
    is_hidden(chat.open_group(&caller, group, PageStart::Newest, None).await);
    is_hidden(chat.members(&caller, group, "", None).await);
    is_hidden(chat.join(&caller, group, None).await);
    is_hidden(chat.leave(&caller, group).await);
    is_hidden(chat.delete_group(&caller, group, "茶の会").await);
    is_hidden(chat.post(&caller, topic.clone(), SendId::new("1").unwrap(), "hello", None).await);
    is_hidden(chat.set_read(&caller, &topic, Seq(1), false).await);
    is_hidden(chat.read_states(&caller, &topic).await);
    is_hidden(chat.typing(&caller, &topic).await);
    is_hidden(chat.profile(&caller, owner.id).await);
    assert_eq!(chat.overview(&caller).await.unwrap().mine, []);
    assert_eq!(chat.listed_groups(&caller, "", None).await.unwrap().items, []);
    let mut listener = Listener::of(chat, caller);
    is_hidden(listener.subscribe(&topic, None).await);
    assert_eq!(node.say(&owner, group, "still here").await.seq, Seq(3));
}

#[tokio::test]
async fn one_topic_name_is_two_logs_in_two_applications() {
    let node = Node::volatile();
    let news = Topic::new("news").unwrap();
    let ours = Caller { open_topics: true, ..Caller::default() };
    let shops = Caller { application: SHOP, ..ours.clone() };
    let (mut here, mut there) =
        (Listener::of(&node.chat, ours.clone()), Listener::of(&node.chat, shops.clone()));
    here.subscribe(&news, None).await.unwrap();
    there.subscribe(&news, None).await.unwrap();
    let id = SendId::new("the-same-id").unwrap();
    for (caller, number) in [(&ours, 1), (&shops, 100)] {
        let sent =
            node.chat.publish(caller, news.clone(), Some(id.clone()), Json::of(&number)).await.unwrap();
        assert_eq!((sent.seq, sent.duplicate), (Seq(1), false), "each has its own ids and its own Seqs");
    }
    node.chat.publish(&shops, news.clone(), None, Json::of(&101)).await.unwrap();
    here.until_seq(&news, 1).await;
    there.until_seq(&news, 2).await;
    let data = |listener: &Listener| -> Vec<String> {
        let entries = listener.heard().iter();
        entries
            .map(|heard| match heard {
                Heard::Entry(entry) => entry.data.as_str().to_owned(),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!((data(&here), data(&there)), (vec!["1".into()], vec!["100".into(), "101".into()]));
    let page = node.chat.history(&ours, &news, Range { limit: 9, ..Range::default() }).await.unwrap();
    assert_eq!((page.head, page.entries.len()), (Seq(1), 1));
}

#[tokio::test]
async fn presence_and_ended_memberships_stay_in_their_application() {
    let node = Node::volatile();
    let (owner, group, topic) = with_group(&node).await;
    let member = node.introduce("O'Neill").await;
    node.chat.join(&member, group, None).await.unwrap();
    let mut listener = Listener::new(&node.chat, Some(&member));
    listener.subscribe(&topic, None).await.unwrap();
    // The same names in the other application, as far as names can be chosen.
    let shop_owner =
        node.chat.create_guest(&Caller { application: SHOP, ..Caller::default() }, "O'Neill").await;
    let shop_owner = Caller { application: SHOP, ..Caller::from(shop_owner.unwrap().0) };
    let shop_group = node.chat.create_group(&shop_owner, "茶の会", JoinPolicy::Listed).await.unwrap();
    assert_eq!(node.chat.listed_groups(&owner, "", None).await.unwrap().items, []);
    assert_eq!(node.chat.listed_groups(&shop_owner, "", None).await.unwrap().items.len(), 1);
    is_hidden(node.chat.set_role(&shop_owner, group, member.id, Role::Admin).await);
    is_hidden(node.chat.remove_member(&shop_owner, group, member.id, false).await);
    node.chat.delete_group(&shop_owner, shop_group.id, "茶の会").await.unwrap();
    node.say(&owner, group, "nobody was removed").await;
    listener.until(|heard| heard.iter().any(|heard| matches!(heard, Heard::Entry(_)))).await;
    assert!(!listener.heard().contains(&Heard::Ended { topic }));
}

#[tokio::test]
async fn a_noisy_application_uses_up_no_limit_and_no_history_of_another() {
    let window = Window { bytes: 60_000, ..Window::default() };
    let store = MemoryStore::new(&chat::testing::SeededChance::new(0), window);
    let limits = Limits { publish_burst: u32::MAX, ..Limits::default() };
    let node = Node::limited(Arc::new(store), limits);
    let (ours, news) = (Caller { open_topics: true, ..Caller::default() }, Topic::new("news").unwrap());
    let shops = Caller { application: SHOP, ..ours.clone() };
    for number in 0..20 {
        node.chat.publish(&ours, news.clone(), None, Json::of(&number)).await.unwrap();
    }
    for number in 0..900 {
        let topic = Topic::new(&format!("orders/{}", number % 40)).unwrap();
        node.chat.publish(&shops, topic, None, Json::of(&number)).await.unwrap();
    }
    let page = node.chat.history(&ours, &news, Range { limit: 99, ..Range::default() }).await.unwrap();
    assert_eq!((page.begins, page.entries.len()), (Seq(1), 20), "the noisy one loses its own entries");
    // The rate limit is each user's own, in each application.
    let user = node.introduce("Βασίλης").await;
    let caller = in_shop(&user);
    let mut refused = 0;
    for _ in 0..500 {
        refused += usize::from(matches!(
            node.chat.create_group(&caller, "a", JoinPolicy::Open).await,
            Err(Error::Refusal(Refusal::TooFast { .. }))
        ));
    }
    assert!(refused > 0, "the limit is used up in the other application");
    node.chat.create_group(&user, "a", JoinPolicy::Open).await.unwrap();
}
