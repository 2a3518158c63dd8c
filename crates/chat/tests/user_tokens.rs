//! User tokens at the level of the domain: what they authenticate, what their scope allows, and when they end.

use chat::store::Range;
use chat::testing::{Node, reader};
use chat::{
    ApplicationChange, BytesSource, Caller, ConversationRef, Created, DeclaredBytes, Error, NewUpload,
    OutgoingMessage, TokenScope, UserRef,
};
use wire::{Amendment, AppRole, Conversation, Json, NewAttachment, Refusal, SendId, Seq, Timestamp, Topic};

struct World {
    node: Node,
    made: Created,
    shop: Caller,
}

impl World {
    /// A shop with zoë and 李雷, who talk in the group `tea`.
    async fn new() -> Self {
        let node = Node::volatile();
        let made = node.chat.create_application(&Caller::operator(), "Shop", "").await.unwrap();
        let shop = node.chat.authenticate_api_token(&made.token).await.unwrap().unwrap();
        for (key, name) in [("zoë", "Zoë"), ("李雷", "李雷")] {
            let key = chat::store::ExternalKey::new(key).unwrap();
            node.chat.put_user(&shop, &key, name, None, None).await.unwrap();
        }
        Self { node, made, shop }
    }

    async fn group(&self, key: &str) -> Topic {
        let key = chat::store::ExternalKey::new(key).unwrap();
        let group =
            self.node.chat.create_keyed_group(&self.shop, &key, "Tea", vec![]).await.unwrap().unwrap();
        for user in ["zoë", "李雷"] {
            let user = self.node.chat.external_user(&self.shop, &named(user)).await.unwrap().person.id;
            self.node.chat.add_member(&self.shop, group.id, user).await.unwrap();
        }
        Topic::group(group.id)
    }

    async fn token(&self, user: &str, scope: TokenScope) -> String {
        self.node.chat.create_user_token(&self.shop, &named(user), None, scope).await.unwrap().token
    }

    async fn caller(&self, token: &str) -> Option<Caller> {
        match self.node.chat.authenticate_user_token(token).await {
            Ok(found) => found,
            Err(chat::Error::Refusal(Refusal::ClaimBad { .. } | Refusal::TokenRevoked { .. })) => None,
            Err(no) => panic!("{no:?}"),
        }
    }

    async fn scoped(&self, topics: Option<&[&str]>, conversations: Option<&[&str]>, write: bool) -> Caller {
        let list =
            |list: Option<&[&str]>| list.map(|list| list.iter().map(|name| (*name).to_owned()).collect());
        let scope = TokenScope::new(list(topics), list(conversations), write).unwrap();
        self.caller(&self.token("zoë", scope).await).await.unwrap()
    }
}

fn named(user: &str) -> UserRef {
    UserRef::parse(user).unwrap()
}

fn whole() -> Range {
    Range { limit: 9, ..Range::default() }
}

fn refused<T>(result: Result<T, Error>) -> Option<Refusal> {
    match result {
        Err(Error::Refusal(refusal)) => Some(refusal),
        Err(Error::Fault(fault)) => panic!("{fault}"),
        Ok(_) => None,
    }
}

#[tokio::test]
async fn a_token_is_its_user_in_the_application_that_signed_it() {
    let world = World::new().await;
    let (chat, tea) = (&world.node.chat, world.group("tea").await);
    let zoe = world.caller(&world.token("zoë", TokenScope::default()).await).await.unwrap();
    assert_eq!(zoe.application, world.made.application.id);
    assert_eq!(zoe.signed_in().unwrap().name.as_str(), "Zoë");
    chat.post(&zoe, tea.clone(), SendId::new("1").unwrap(), "茶?", None).await.unwrap();
    let page = chat.history(&zoe, &tea, whole()).await.unwrap();
    assert!(page.entries.iter().any(|entry| entry.data.as_str().contains("茶?")));
    let id = format!("id:{}", zoe.signed_in().unwrap().id);
    let by_id = world.caller(&world.token(&id, TokenScope::default()).await).await.unwrap();
    assert_eq!(by_id.signed_in(), zoe.signed_in());
    let others = chat.create_application(&Caller::operator(), "Bank", "").await.unwrap();
    let bank = chat.authenticate_api_token(&others.token).await.unwrap().unwrap();
    assert_eq!(
        refused(chat.create_user_token(&bank, &named("zoë"), None, TokenScope::default()).await),
        Some(Refusal::NotFound)
    );
    let not_application = chat.create_user_token(&zoe, &named("zoë"), None, TokenScope::default()).await;
    assert_eq!(refused(not_application), Some(Refusal::NotApplication));
}

#[tokio::test]
async fn a_token_works_for_as_long_as_was_asked_for() {
    let world = World::new().await;
    let chat = &world.node.chat;
    for (seconds, works) in [(Some(0), false), (Some(86_401), false), (Some(1), true), (Some(86_400), true)] {
        let minted = chat.create_user_token(&world.shop, &named("zoë"), seconds, TokenScope::default()).await;
        assert_eq!(minted.is_ok(), works, "{seconds:?}");
    }
    let minted =
        chat.create_user_token(&world.shop, &named("zoë"), Some(60), TokenScope::default()).await.unwrap();
    let caller = world.caller(&minted.token).await.unwrap();
    assert_eq!(caller.expires, Some(minted.expires));
    world.node.clock.advance(minted.expires.0 - chat.now().0 - 1);
    assert!(world.caller(&minted.token).await.is_some());
    world.node.clock.advance(1);
    assert!(world.caller(&minted.token).await.is_none());
    assert!(!chat.is_alive(&caller).await.unwrap());
}

#[tokio::test]
async fn a_revoked_token_ends_with_its_connection_and_a_new_one_works_soon() {
    let world = World::new().await;
    let chat = &world.node.chat;
    for all in [false, true] {
        let zoe = world.caller(&world.token("zoë", TokenScope::default()).await).await.unwrap();
        let lei = world.caller(&world.token("李雷", TokenScope::default()).await).await.unwrap();
        let watched: Vec<_> = [&zoe, &lei]
            .map(|caller| {
                let (connection, sink) = reader(chat, caller);
                let watch =
                    chat.watch_revocation(caller, connection.close_handle(), connection.wake_handle());
                (connection, sink, watch)
            })
            .into();
        if all {
            chat.revoke_all_user_tokens(&world.shop).await.unwrap();
        } else {
            chat.revoke_user_tokens(&world.shop, &named("zoë")).await.unwrap();
        }
        assert!(watched[0].0.is_closed());
        assert_eq!(watched[1].0.is_closed(), all);
        assert!(!chat.is_current(&zoe).await.unwrap());
        assert_eq!(chat.is_current(&lei).await.unwrap(), !all);
        let again = world.token("zoë", TokenScope::default()).await;
        world.node.clock.advance(1_000);
        assert!(world.caller(&again).await.is_some(), "a second later a new one works");
        world.node.clock.advance(10_000);
    }
}

#[tokio::test]
async fn a_rotation_ends_the_old_key_at_once_or_at_its_time() {
    let world = World::new().await;
    let chat = &world.node.chat;
    let old = world.token("zoë", TokenScope::default()).await;
    let caller = world.caller(&old).await.unwrap();
    let (connection, _sink) = reader(chat, &caller);
    let watch = chat.watch_revocation(&caller, connection.close_handle(), connection.wake_handle());
    assert_eq!(
        refused(chat.rotate_signing_key(&world.shop, 86_401).await).map(|no| no.code()),
        Some("field_wrong")
    );
    let key = chat.rotate_signing_key(&world.shop, 60).await.unwrap();
    assert_eq!(key.version(), 2);
    assert!(!connection.is_closed());
    let until = Timestamp(chat.now().0 + 60_000);
    assert_eq!(watch.expires(), Some(until), "the end of the key is the end of the token");
    assert_eq!(world.caller(&old).await.unwrap().expires, Some(until));
    world.node.clock.advance(60_000);
    assert!(world.caller(&old).await.is_none());

    let second = world.token("zoë", TokenScope::default()).await;
    let caller = world.caller(&second).await.unwrap();
    let (connection, _sink) = reader(chat, &caller);
    let _watch = chat.watch_revocation(&caller, connection.close_handle(), connection.wake_handle());
    chat.rotate_signing_key(&world.shop, 0).await.unwrap();
    assert!(connection.is_closed());
    assert!(world.caller(&second).await.is_none() && !chat.is_current(&caller).await.unwrap());
    let third = world.token("zoë", TokenScope::default()).await;
    chat.rotate_signing_key(&world.shop, 60).await.unwrap();
    chat.rotate_signing_key(&world.shop, 60).await.unwrap();
    assert!(world.caller(&third).await.is_none(), "only one previous key is kept");
}

#[tokio::test]
async fn a_deleted_user_has_no_tokens_and_the_next_of_the_key_does_not_inherit_them() {
    let world = World::new().await;
    let chat = &world.node.chat;
    let change = ApplicationChange { token_sign_up: Some(true), ..ApplicationChange::default() };
    chat.change_application(&world.shop, change, None).await.unwrap();
    let old = world.token("zoë", TokenScope::default()).await;
    let caller = world.caller(&old).await.unwrap();
    let (connection, _sink) = reader(chat, &caller);
    let _watch = chat.watch_revocation(&caller, connection.close_handle(), connection.wake_handle());
    chat.delete_user(&world.shop, &named("zoë")).await.unwrap();
    assert!(connection.is_closed());
    assert!(world.caller(&old).await.is_none());
    let gone = chat.external_user(&world.shop, &named("zoë")).await;
    assert_eq!(refused(gone), Some(Refusal::NotFound), "an old token signs nobody up");
    let id = format!("id:{}", caller.signed_in().unwrap().id);
    let by_id = chat.create_user_token(&world.shop, &named(&id), None, TokenScope::default()).await;
    assert_eq!(refused(by_id), Some(Refusal::NotFound));
    let key = chat::store::ExternalKey::new("zoë").unwrap();
    chat.put_user(&world.shop, &key, "Another Zoë", None, None).await.unwrap();
    assert!(world.caller(&old).await.is_none());
}

#[tokio::test]
async fn a_scope_limits_what_is_read_and_written() {
    let world = World::new().await;
    let chat = &world.node.chat;
    let (tea, office) = (world.group("tea").await, world.group("office/1").await);
    let news = Topic::new("news").unwrap();
    let outside = Some(Refusal::OutsideScope);
    let zoe = world.scoped(Some(&["news"]), Some(&["office/*"]), true).await;
    let own = Topic::user(zoe.signed_in().unwrap().id);
    assert_eq!(refused(chat.history(&zoe, &office, whole()).await), None);
    assert_eq!(refused(chat.history(&zoe, &news, whole()).await), None);
    for topic in [&tea, &own, &Topic::new("other").unwrap(), &Topic::app_audit()] {
        assert_eq!(refused(chat.history(&zoe, topic, whole()).await), outside, "{topic}");
    }
    let id = |n: &str| SendId::new(n).unwrap();
    assert_eq!(refused(chat.post(&zoe, office.clone(), id("1"), "hi", None).await), None);
    assert_eq!(refused(chat.post(&zoe, tea.clone(), id("2"), "hi", None).await), outside);
    assert_eq!(refused(chat.publish(&zoe, news.clone(), None, Json::of(&1)).await), None);
    let other = Topic::new("other").unwrap();
    assert_eq!(refused(chat.publish(&zoe, other, None, Json::of(&1)).await), outside);
    assert_eq!(refused(chat.set_read(&zoe, &tea, Seq(1), false).await), outside);
    assert_eq!(refused(chat.typing(&zoe, &tea).await), outside);
    assert_eq!(refused(chat.read_states(&zoe, &tea).await), outside);
    let delete = chat.amend(&zoe, &tea, id("3"), Seq(1), Amendment::Delete).await;
    assert_eq!(refused(delete), outside);
    for name in ["tea", "there-is-no-such-key"] {
        let found = chat.find_conversation(&zoe, &ConversationRef::parse(name).unwrap()).await;
        assert_eq!(refused(found), outside, "{name}: it is not told whether it is there");
    }
    let Some(Conversation::Group(group)) = office.conversation() else { unreachable!() };
    assert_eq!(
        refused(chat.leave(&zoe, group).await),
        outside,
        "a limited token does not manage memberships"
    );
    assert_eq!(refused(chat.create_group(&zoe, "mine", wire::JoinPolicy::Open).await), outside);

    // Open topics have to be named, also by a token for all conversations.
    let whole_token = world.scoped(None, None, true).await;
    assert_eq!(refused(chat.history(&whole_token, &tea, whole()).await), None);
    assert_eq!(refused(chat.history(&whole_token, &own, whole()).await), None);
    assert_eq!(refused(chat.history(&whole_token, &news, whole()).await), outside);
    assert_eq!(refused(chat.publish(&whole_token, news.clone(), None, Json::of(&1)).await), outside);
    let with_topics = world.scoped(Some(&["*"]), None, true).await;
    assert_eq!(refused(chat.publish(&with_topics, news.clone(), None, Json::of(&1)).await), None);
    assert_eq!(refused(chat.create_group(&with_topics, "mine", wire::JoinPolicy::Open).await), None);

    let reading = world.scoped(None, None, false).await;
    assert_eq!(refused(chat.history(&reading, &tea, whole()).await), None);
    assert_eq!(refused(chat.set_read(&reading, &tea, Seq(1), false).await), None);
    assert_eq!(refused(chat.post(&reading, tea.clone(), id("4"), "hi", None).await), outside);
    assert_eq!(refused(chat.publish(&reading, news, None, Json::of(&1)).await), outside);
    assert_eq!(refused(chat.typing(&reading, &tea).await), outside);
    let own = Topic::user(reading.signed_in().unwrap().id);
    assert_eq!(refused(chat.history(&reading, &own, whole()).await), None);
}

#[tokio::test]
async fn no_token_manages_an_account_or_the_server() {
    let world = World::new().await;
    let chat = &world.node.chat;
    // The owner of the server, with a token of the built-in application.
    let (owner, session) = chat::testing::guest(chat, "Wanjirũ").await;
    let signed_in = Caller { session: Some(session), ..owner.caller() };
    assert_eq!(chat.create_account(&signed_in, "one pot of oolong").await.unwrap(), AppRole::Owner);
    let built_in = chat.applications(&Caller::operator(), None).await.unwrap().items.remove(0).public_id;
    let token = chat.create_api_token(&Caller::operator(), built_in, "", None, false).await.unwrap();
    let program = chat.authenticate_api_token(&token).await.unwrap().unwrap();
    let user = named(&format!("id:{}", owner.id));
    let minted = chat.create_user_token(&program, &user, None, TokenScope::default()).await.unwrap();
    let by_token = chat.authenticate_user_token(&minted.token).await.unwrap().unwrap();
    let outside = Some(Refusal::OutsideScope);
    assert_eq!(refused(chat.accounts(&by_token, "", None).await.map(|_| ())), outside);
    assert_eq!(refused(chat.application_audit(&by_token, None).await.map(|_| ())), outside);
    assert_eq!(refused(chat.change_password(&by_token, "one pot of oolong", "another pot").await), outside);
    assert_eq!(chat.sessions(&by_token).await.unwrap(), [], "it sees no session but its own");
    assert_eq!(chat.account(&by_token).await.unwrap(), None);
    assert_eq!(refused(chat.sign_out(&by_token, chat::store::Sessions::All).await), outside);
    assert_eq!(refused(chat.create_password_reset(&by_token, owner.id).await.map(|_| ())), outside);
    assert_eq!(refused(chat.history(&by_token, &Topic::app_audit(), whole()).await.map(|_| ())), outside);
    let link = chat.create_sign_in_link(&program, &user).await;
    assert_eq!(refused(link.map(|_| ())), outside, "no link signs an admin of the server in");
    assert!(chat.accounts(&signed_in, "", None).await.is_ok());
}

#[tokio::test]
async fn a_link_signs_in_once_with_the_rights_of_a_token() {
    let world = World::new().await;
    let chat = &world.node.chat;
    let made = chat.create_sign_in_link(&world.shop, &named("李雷")).await.unwrap();
    let person = chat.sign_in_link(made.application, &made.token).await.unwrap();
    assert_eq!(person.name.as_str(), "李雷");
    let token = chat.use_sign_in_link(&Caller::default(), made.application, &made.token).await.unwrap();
    let again = chat.use_sign_in_link(&Caller::default(), made.application, &made.token).await;
    assert_eq!(refused(again.map(|_| ())), Some(Refusal::LinkOver));
    let session = chat.authenticate(&token).await.unwrap().unwrap();
    let caller = Caller {
        application: session.application,
        session: Some(token.clone()),
        grant: session.grant(),
        revocations: session.revocations,
        ..Caller::from(session.person.clone())
    };
    assert_eq!(
        refused(chat.create_account(&caller, "one pot of oolong").await.map(|_| ())),
        Some(Refusal::OutsideScope)
    );
    assert!(chat.overview(&caller).await.is_ok());
    let (connection, _sink) = reader(chat, &caller);
    let _watch = chat.watch_revocation(&caller, connection.close_handle(), connection.wake_handle());
    chat.revoke_user_tokens(&world.shop, &named("李雷")).await.unwrap();
    assert!(connection.is_closed());
    assert!(chat.authenticate(&token).await.unwrap().is_none());

    let late = chat.create_sign_in_link(&world.shop, &named("zoë")).await.unwrap();
    world.node.clock.advance(60_000);
    let over = chat.use_sign_in_link(&Caller::default(), late.application, &late.token).await;
    assert_eq!(refused(over.map(|_| ())), Some(Refusal::LinkOver));
}

#[tokio::test]
async fn a_link_to_a_file_ends_with_the_token_by_which_it_was_asked_for() {
    let world = World::new().await;
    let chat = &world.node.chat;
    let new = NewUpload { name: "a.txt".into(), bytes: DeclaredBytes::Exactly(3), key: None };
    let file = chat.upload(&world.shop, new, &mut BytesSource::new("tea".into())).await.unwrap().file;
    let topic = world.group("tea").await;
    let attachments = [NewAttachment { id: file.id, alt: String::new() }];
    let id = chat.new_send_id();
    let message =
        OutgoingMessage { id: &id, text: "a", reply_to: None, recipients: None, attachments: &attachments };
    let sending = chat.begin_message(&world.shop, topic, message).await.unwrap();
    chat.finish(sending).await.unwrap();
    let zoes = world.scoped(None, None, false).await;
    let (by_token, by_shop) =
        (chat.link_file(&zoes, file.id).await.unwrap(), chat.link_file(&world.shop, file.id).await.unwrap());
    let acting = chat.act_as(world.shop.clone(), &named("zoë")).await.unwrap();
    let by_acting = chat.link_file(&acting, file.id).await.unwrap();
    let opens = async |token: &str| refused(chat.open_file_link(token).await);
    for link in [&by_token, &by_shop, &by_acting] {
        assert_eq!(opens(&link.token).await, None);
    }
    chat.rotate_signing_key(&world.shop, 60).await.unwrap();
    assert_eq!(opens(&by_token.token).await, None, "the key works for a minute");
    chat.rotate_signing_key(&world.shop, 0).await.unwrap();
    assert_eq!(opens(&by_token.token).await, Some(Refusal::FileLinkOver));
    assert_eq!(opens(&by_acting.token).await, None);
    let handle = world.made.token.hash().handle();
    chat.revoke_own_api_token(&world.shop, &handle).await.unwrap();
    for link in [&by_shop, &by_acting] {
        assert_eq!(opens(&link.token).await, Some(Refusal::FileLinkOver));
    }
}
