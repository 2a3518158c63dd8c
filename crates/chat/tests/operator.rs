//! Applications and API tokens at the level of the domain: the operator creates, rotates and deletes them.

use std::sync::Arc;
use std::time::Duration;

use chat::store::{ApplicationKey, Range};
use chat::testing::{Node, SeededChance, reader};
use chat::{ApiToken, Caller, Error, MemoryStore, Store, Window};
use wire::{ApplicationId, Json, PublicId, Refusal, Seq, Timestamp, Topic};

fn operator() -> Caller {
    Caller::operator()
}

fn news() -> Topic {
    Topic::new("news").unwrap()
}

fn whole() -> Range {
    Range { limit: 9, ..Range::default() }
}

async fn caller_of(node: &Node, token: &ApiToken) -> Option<Caller> {
    node.chat.authenticate_api_token(token).await.unwrap()
}

/// Waits until something is true that another task brings about.
async fn until(is: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it never comes");
}

#[tokio::test]
async fn only_the_operator_manages_applications() {
    let node = Node::volatile();
    let made = node.chat.create_application(&operator(), "Shop", "").await.unwrap();
    let program = caller_of(&node, &made.token).await.unwrap();
    let ann = node.introduce("ann").await;
    let id = made.application.public_id;
    for (caller, no) in [
        (Caller::default(), Refusal::SignInNeeded),
        (ann.caller(), Refusal::NotOperator),
        (program, Refusal::NotOperator),
    ] {
        let no = Error::Refusal(no);
        assert_eq!(node.chat.create_application(&caller, "Mine", "").await, Err(no.clone()));
        assert_eq!(node.chat.applications(&caller, None).await, Err(no.clone()));
        assert_eq!(node.chat.create_api_token(&caller, id, "", None, false).await, Err(no.clone()));
        assert_eq!(node.chat.create_operator_token(&caller, "", None, false).await, Err(no.clone()));
        assert_eq!(node.chat.delete_application(&caller, id, "Shop").await, Err(no));
    }
    let token = node.chat.create_operator_token(&operator(), "ci", None, false).await.unwrap();
    let by_token = caller_of(&node, &token).await.unwrap();
    let listed = node.chat.applications(&by_token, None).await.unwrap().items;
    assert_eq!(listed.iter().map(|one| one.title.as_str()).collect::<Vec<_>>(), ["Hubbub", "Shop"]);
    let denied = node.chat.history(&by_token, &news(), whole()).await;
    assert_eq!(denied, Err(Refusal::NotApplication.into()), "an operator's token reads no content");
}

#[tokio::test]
async fn a_program_uses_what_is_in_its_application_and_nothing_else() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    let (group, direct) =
        (node.group(&ann, "tea").await, Topic::direct(wire::Pair::of(ann.id, ben.id).unwrap()));
    node.say(&ann, group, "hello").await;
    let here = node.chat.applications(&operator(), None).await.unwrap().items.remove(0).public_id;
    let token = node.chat.create_api_token(&operator(), here, "", None, false).await.unwrap();
    let ours = caller_of(&node, &token).await.unwrap();
    let made = node.chat.create_application(&operator(), "Shop", "").await.unwrap();
    let shops = caller_of(&node, &made.token).await.unwrap();
    for topic in [Topic::group(group), direct, Topic::user(ann.id), Topic::audit(group)] {
        assert!(node.chat.history(&ours, &topic, whole()).await.is_ok(), "{topic}");
        let hidden = node.chat.history(&shops, &topic, whole()).await;
        assert_eq!(hidden, Err(Refusal::NotFound.into()), "{topic}");
    }
    node.chat.publish(&shops, news(), None, Json::of(&1)).await.unwrap();
    assert_eq!(node.chat.history(&shops, &news(), whole()).await.unwrap().head, Seq(1));
    assert_eq!(node.chat.history(&ours, &news(), whole()).await.unwrap().head, Seq(0));
    assert_eq!(node.chat.overview(&shops).await, Err(Refusal::UserNeeded.into()), "it is no user");
}

#[tokio::test]
async fn a_token_has_a_rate_of_its_own() {
    let node = Node::volatile();
    let made = node.chat.create_application(&operator(), "Shop", "").await.unwrap();
    let id = made.application.public_id;
    let other = node.chat.create_api_token(&operator(), id, "", None, false).await.unwrap();
    let caller = caller_of(&node, &made.token).await.unwrap();
    for number in 0..50 {
        node.chat.publish(&caller, news(), None, Json::of(&number)).await.unwrap();
    }
    let refused = node.chat.publish(&caller, news(), None, Json::of(&50)).await;
    assert_eq!(refused, Err(Refusal::TooFast { retry_ms: 20 }.into()));
    let other = caller_of(&node, &other).await.unwrap();
    node.chat.publish(&other, news(), None, Json::of(&50)).await.unwrap();
    node.clock.advance(20);
    node.chat.publish(&caller, news(), None, Json::of(&51)).await.unwrap();
}

#[tokio::test]
async fn a_rotation_ends_the_other_tokens_and_their_connections() {
    let node = Node::volatile();
    let made = node.chat.create_application(&operator(), "Shop", "").await.unwrap();
    let id = made.application.public_id;
    let old = caller_of(&node, &made.token).await.unwrap();
    let (connection, _sink) = reader(&node.chat, &old);
    let _watch = node.chat.watch_revocation(&old, connection.close_handle(), connection.wake_handle());
    let new = node.chat.create_api_token(&operator(), id, "new", None, false).await.unwrap();
    assert!(!connection.is_closed() && node.chat.is_current(&old).await.unwrap());

    let last = node.chat.create_api_token(&operator(), id, "last", None, true).await.unwrap();
    assert!(connection.is_closed());
    assert!(!node.chat.is_current(&old).await.unwrap());
    for (token, works) in [(&made.token, false), (&new, false), (&last, true)] {
        assert_eq!(caller_of(&node, token).await.is_some(), works);
    }
    let caller = caller_of(&node, &last).await.unwrap();
    let (connection, _sink) = reader(&node.chat, &caller);
    let _watch = node.chat.watch_revocation(&caller, connection.close_handle(), connection.wake_handle());
    node.chat.create_operator_token(&operator(), "", None, true).await.unwrap();
    assert!(!connection.is_closed(), "those of the operator are others");
}

#[tokio::test]
async fn a_token_ends_at_its_time_which_its_connection_knows() {
    let node = Node::volatile();
    let made = node.chat.create_application(&operator(), "Shop", "").await.unwrap();
    let id = made.application.public_id;
    let expires = Some(Timestamp(node.chat.now().0 + 30));
    let token = node.chat.create_api_token(&operator(), id, "", expires, false).await.unwrap();
    let caller = caller_of(&node, &token).await.unwrap();
    let (connection, _sink) = reader(&node.chat, &caller);
    let watch = node.chat.watch_revocation(&caller, connection.close_handle(), connection.wake_handle());
    assert_eq!(watch.expires(), expires, "the connection closes itself then");
    node.clock.advance(30);
    assert_eq!(caller_of(&node, &token).await, None);
}

#[tokio::test]
async fn a_deleted_application_ends_at_once_and_leaves_nothing() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let node = Node::over(Arc::clone(&store));
    let made = node.chat.create_application(&operator(), "Shop", "").await.unwrap();
    let (id, public) = (made.application.id, made.application.public_id);
    let caller = caller_of(&node, &made.token).await.unwrap();
    node.chat.publish(&caller, news(), None, Json::of(&1)).await.unwrap();
    let user = node.chat.create_guest(&Caller { application: id, ..Caller::default() }, "ann").await.unwrap();
    let user = Caller { application: id, session: Some(user.1), ..Caller::from(user.0) };
    let handles: Vec<_> = [&caller, &user]
        .map(|caller| {
            let (connection, sink) = reader(&node.chat, caller);
            let watch =
                node.chat.watch_revocation(caller, connection.close_handle(), connection.wake_handle());
            (connection, sink, watch)
        })
        .into();

    let wrong = node.chat.delete_application(&operator(), public, "Shops").await;
    assert_eq!(wrong, Err(Refusal::ConfirmationWrong.into()));
    let unknown = node.chat.delete_application(&operator(), PublicId::from_bytes([9; 10]), "Shop").await;
    assert_eq!(unknown, Err(Refusal::NotFound.into()));
    let built_in = node.chat.applications(&operator(), None).await.unwrap().items.remove(0);
    let ours = node.chat.delete_application(&operator(), built_in.public_id, "Hubbub").await;
    assert_eq!(ours, Err(Refusal::NotOneself.into()));

    node.chat.delete_application(&operator(), public, "Shop").await.unwrap();
    assert!(handles.iter().all(|(connection, ..)| connection.is_closed()));
    assert_eq!(caller_of(&node, &made.token).await, None);
    assert_eq!(node.user_of(user.session.as_ref().unwrap()).await, None);
    let again = node.chat.delete_application(&operator(), public, "Shop").await;
    assert_eq!(again, Err(Refusal::NotFound.into()));
    let token = node.chat.create_api_token(&operator(), public, "", None, false).await;
    assert_eq!(token, Err(Refusal::NotFound.into()));
    until(async || store.reader(id).page(&news(), whole()).await.unwrap().head == Seq(0)).await;

    // A request that was on its way writes once more; the last look finds it.
    node.chat.publish(&caller, news(), None, Json::of(&2)).await.unwrap();
    node.clock.advance(21 * 60_000);
    until(async || store.application(ApplicationKey::Id(id)).await.unwrap().is_none()).await;
    assert_eq!(store.reader(id).page(&news(), whole()).await.unwrap().head, Seq(0));
    assert!(store.application(ApplicationKey::Id(ApplicationId::BUILT_IN)).await.unwrap().is_some());
}

#[tokio::test]
async fn what_has_expired_is_swept_in_every_application() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let node = Node::over(Arc::clone(&store));
    let made = node.chat.create_application(&operator(), "Shop", "").await.unwrap();
    let mut users = Vec::new();
    for application in [ApplicationId::BUILT_IN, made.application.id] {
        let caller = Caller { application, ..Caller::default() };
        users.push((application, node.chat.create_guest(&caller, "ann").await.unwrap().0.id));
    }
    // Longer than any session lasts, in steps that the clock of sessions follows.
    for _ in 0..200 {
        node.clock.advance(86_400_000);
    }
    while node.chat.sweep().await.unwrap() > 0 {}
    for (application, user) in users {
        let reader = store.reader(application);
        assert_eq!(reader.person(user).await.unwrap(), None, "{application}");
        assert_eq!(reader.sessions(user).await.unwrap(), [], "{application}");
    }
}
