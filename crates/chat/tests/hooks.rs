//! Incoming webhooks, as the members of a group and the programs that post see them.

use bytes::Bytes;
use chat::names::HookName;
use chat::testing::{Listener, Node, SeededChance, User};
use chat::{Ack, Caller, Error, HookWithToken, Limits, MemoryStore, Principal, Window};
use serde_json::{Value, json};
use std::sync::Arc;
use wire::{Event, GroupId, HookChange, Inline, Refusal, Role, SendId, Setting, Topic};

/// A group of ann, its admin, with ben; and a webhook.
struct Tea {
    node: Node,
    ann: User,
    ben: User,
    id: GroupId,
    made: HookWithToken,
}

impl Tea {
    async fn new() -> Self {
        Self::on(Node::volatile()).await
    }

    async fn on(node: Node) -> Self {
        let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
        let id = node.group(&ann, "tea").await;
        node.chat.join(&ben, id, None).await.unwrap();
        let made = node.chat.create_hook(&ann, id, "Kettle").await.unwrap();
        Self { node, ann, ben, id, made }
    }

    async fn caller(&self) -> Option<Caller> {
        self.node.chat.authenticate_hook(self.made.token.reveal()).await.unwrap()
    }

    /// Posts a payload by the URL of the webhook.
    async fn post(&self, payload: &Value) -> Result<Ack, Error> {
        let caller = self.caller().await.ok_or(Refusal::NotFound)?;
        self.node.chat.post_by_hook(&caller, Bytes::from(payload.to_string()), None).await
    }

    /// Returns the events of the group's log.
    async fn events(&self) -> Vec<Event> {
        let all = chat::store::Range { limit: 100, ..Default::default() };
        let page = self.node.chat.events(&self.ann.caller(), &Topic::group(self.id), all).await.unwrap();
        page.entries.into_iter().map(|entry| entry.data).collect()
    }

    async fn unread(&self, of: &User) -> (u32, u32) {
        let mine = self.node.chat.overview(of).await.unwrap().mine;
        let tea = mine.into_iter().find(|item| item.what.topic() == Topic::group(self.id)).unwrap();
        (tea.unread, tea.mentions)
    }
}

fn refused<T>(refusal: Refusal) -> Result<T, Error> {
    Err(Error::Refusal(refusal))
}

#[tokio::test]
async fn a_program_posts_under_the_name_of_its_webhook_and_members_hear_it_live() {
    let tea = Tea::new().await;
    let topic = Topic::group(tea.id);
    let mut ben = Listener::new(&tea.node.chat, Some(&tea.ben));
    ben.subscribe(&topic, None).await.unwrap();
    let ack =
        tea.post(&json!({ "text": "*Water* boils", "username": "ann", "channel": "#other" })).await.unwrap();
    ben.until_seq(&topic, ack.seq.0).await;
    let heard = ben.events(&topic);
    let Some(Event::Message { author, text, body, bot: true, reply_to: None, .. }) = heard.last() else {
        panic!("{heard:?}")
    };
    assert_eq!((author.name.as_str(), text.as_str()), ("Kettle", "**Water** boils"));
    assert_eq!(*author, tea.made.hook.bot);
    assert_eq!(
        serde_json::to_value(body).unwrap(),
        json!([{ "p": [{ "strong": [{ "t": "Water" }] }, { "t": " boils" }] }])
    );
    assert_eq!((tea.unread(&tea.ben).await, tea.unread(&tea.ann).await), ((1, 0), (1, 0)));
    // Admins delete what it says, as with anybody's words, and it is no member.
    tea.node
        .chat
        .amend(&tea.ann, &topic, tea.node.chat.new_send_id(), ack.seq, wire::Amendment::Delete)
        .await
        .unwrap();
    let roster = tea.node.chat.management(&tea.ann, tea.id, "", None).await.unwrap().management;
    assert_eq!(roster.member_count, 2);
    assert_eq!(tea.node.chat.profile(&tea.ann, author.id).await.map(|_| ()), refused(Refusal::NotFound));
    assert!(tea.node.chat.people(&tea.ann.caller(), "Kettle").await.unwrap().is_empty());
}

#[tokio::test]
async fn only_a_member_who_is_named_on_purpose_is_mentioned_and_never_everyone() {
    let tea = Tea::new().await;
    tea.post(&json!({ "text": "@ben @all <!here> <!channel> <!everyone>" })).await.unwrap();
    assert_eq!((tea.unread(&tea.ben).await, tea.unread(&tea.ann).await), ((1, 0), (1, 0)));
    tea.post(&json!({ "text": format!("<@{}> <@nobody>", tea.ben.id) })).await.unwrap();
    tea.post(&json!({ "text": "<@U024BE7LH|ben>, look" })).await.unwrap();
    assert_eq!((tea.unread(&tea.ben).await, tea.unread(&tea.ann).await), ((3, 2), (3, 0)));
    let Some(Event::Message { body, .. }) = tea.events().await.into_iter().nth_back(1) else { panic!() };
    let mention = Inline::Mention { id: tea.ben.id, name: "ben".into() };
    assert_eq!(body.blocks, [wire::Block::P(vec![mention, Inline::T(" @nobody".into())])]);
    // A stranger to the group is nobody.
    let eve = tea.node.introduce("eve").await;
    tea.post(&json!({ "text": format!("<@{}>", eve.id) })).await.unwrap();
    assert!(
        matches!(tea.events().await.last(), Some(Event::Message { text, .. }) if *text == format!("@{}", eve.id))
    );
}

#[tokio::test]
async fn a_url_dies_at_once_when_it_is_replaced_or_its_webhook_or_group_is_deleted() {
    let mut tea = Tea::new().await;
    let hello = json!({ "text": "hello" });
    let (name, old) = (tea.made.hook.name.clone(), tea.caller().await.unwrap());
    let late = async |tea: &Tea, caller: &Caller| {
        tea.node.chat.post_by_hook(caller, Bytes::from(r#"{"text":"late"}"#), None).await.map(|_| ())
    };
    assert_eq!(late(&tea, &old).await, Ok(()));
    let rotated = tea.node.chat.rotate_hook(&tea.ann, tea.id, &name).await.unwrap();
    assert_eq!((&rotated.hook, tea.caller().await), (&tea.made.hook, None));
    // Even for a request that was authenticated before.
    assert_eq!(late(&tea, &old).await, refused(Refusal::NotFound));
    tea.made = rotated;
    tea.post(&hello).await.unwrap();
    let new = tea.caller().await.unwrap();
    tea.node.chat.delete_hook(&tea.ann, tea.id, &name).await.unwrap();
    assert_eq!((tea.caller().await, late(&tea, &new).await), (None, refused(Refusal::NotFound)));

    tea.made = tea.node.chat.create_hook(&tea.ann, tea.id, "Kettle").await.unwrap();
    let last = tea.caller().await.unwrap();
    tea.node.chat.update_settings(&tea.ann, tea.id, vec![Setting::Archived(true)]).await.unwrap();
    assert_eq!(tea.post(&hello).await, refused(Refusal::Archived));
    tea.node.chat.delete_group(&tea.ann, tea.id, "tea").await.unwrap();
    assert_eq!((tea.caller().await, late(&tea, &last).await), (None, refused(Refusal::NotFound)));
}

#[tokio::test]
async fn what_is_no_message_is_refused_and_a_repeat_is_the_same_message() {
    let tea = Tea::new().await;
    let caller = tea.caller().await.unwrap();
    let post = async |payload: &str, id: Option<&str>| {
        let id = id.map(|id| SendId::new(id).unwrap());
        tea.node.chat.post_by_hook(&caller, Bytes::from(payload.to_owned()), id).await
    };
    for (payload, refusal) in [
        ("", Refusal::JsonBad),
        ("{", Refusal::JsonBad),
        ("[]", Refusal::JsonNotObject),
        ("7", Refusal::JsonNotObject),
        ("{}", Refusal::TextEmpty),
        (r#"{"text":" \u200b "}"#, Refusal::TextEmpty),
        (r#"{"text":7,"blocks":{},"attachments":"x"}"#, Refusal::TextEmpty),
    ] {
        assert_eq!(post(payload, None).await, refused(refusal), "{payload}");
    }
    let first = post(r#"{"text":"one"}"#, Some("run-1")).await.unwrap();
    let again = post(r#"{"text":"one"}"#, Some("run-1")).await.unwrap();
    assert_eq!((again.seq, first.duplicate, again.duplicate), (first.seq, false, true));
    assert_eq!(post(r#"{"text":"two"}"#, Some("run-1")).await, refused(Refusal::SendIdTaken));
    // Without an id, each is a message of its own.
    let other = post(r#"{"text":"one"}"#, None).await.unwrap();
    assert!(other.seq > first.seq && !other.duplicate);
}

#[tokio::test]
async fn each_webhook_has_a_rate_limit_of_its_own() {
    let limits = Limits { hook_burst: 2, hook_posts_per_second: 0.5, ..Node::patient() };
    let store = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let mut tea = Tea::on(Node::limited(store, limits)).await;
    let hello = json!({ "text": "hello" });
    for _ in 0..2 {
        tea.post(&hello).await.unwrap();
    }
    assert_eq!(tea.post(&hello).await, refused(Refusal::TooFast { retry_ms: 2_000 }));
    // A new URL is no new bucket.
    tea.made = tea.node.chat.rotate_hook(&tea.ann, tea.id, &tea.made.hook.name).await.unwrap();
    assert_eq!(tea.post(&hello).await, refused(Refusal::TooFast { retry_ms: 2_000 }));
    tea.node.clock.advance(2_000);
    assert!(tea.post(&hello).await.is_ok());
    tea.made = tea.node.chat.create_hook(&tea.ann, tea.id, "Samovar").await.unwrap();
    assert!(tea.post(&hello).await.is_ok());
}

#[tokio::test]
async fn admins_manage_webhooks_and_each_act_is_in_the_audit_log() {
    let tea = Tea::new().await;
    let chat = &tea.node.chat;
    let kettle = HookName::new("kettle").unwrap();
    assert_eq!(tea.made.hook.name, kettle);
    let twin = chat.create_hook(&tea.ann, tea.id, "Kettle").await.unwrap().hook;
    assert_eq!(twin.name.as_str(), "kettle-2");
    let (renamed, token) = chat.put_hook(&tea.ann, tea.id, kettle.clone(), "Samovar").await.unwrap();
    assert_eq!((renamed.bot.name.as_str(), renamed.bot.id, token), ("Samovar", tea.made.hook.bot.id, None));
    let (same, token) = chat.put_hook(&tea.ann, tea.id, kettle.clone(), "Samovar").await.unwrap();
    assert_eq!((same, token), (renamed.clone(), None));
    assert_eq!(chat.hooks(&tea.ann.caller(), tea.id).await.unwrap(), [renamed, twin.clone()]);
    chat.rotate_hook(&tea.ann, tea.id, &kettle).await.unwrap();
    chat.delete_hook(&tea.ann, tea.id, &kettle).await.unwrap();
    assert_eq!(chat.hooks(&tea.ann.caller(), tea.id).await.unwrap(), std::slice::from_ref(&twin));

    let audit = chat.management(&tea.ann, tea.id, "", None).await.unwrap().management.audit.entries;
    let acts: Vec<_> = audit
        .iter()
        .filter_map(|entry| match &entry.data {
            Event::Hook { change, hook, by } => Some((*change, hook.as_str(), by.id == tea.ann.id)),
            _ => None,
        })
        .collect();
    use HookChange::{Created, Deleted, Renamed, Rotated};
    assert_eq!(
        acts,
        [
            (Created, "Kettle", true),
            (Created, "Kettle", true),
            (Renamed, "Samovar", true),
            (Rotated, "Samovar", true),
            (Deleted, "Samovar", true)
        ]
    );
    let has_hooks = |event: &Event| matches!(event, Event::Hook { .. });
    assert!(!tea.events().await.iter().any(has_hooks), "members do not see them");

    let stranger = tea.node.introduce("eve").await;
    for (who, refusal) in [(&tea.ben, Refusal::NotAdmin), (&stranger, Refusal::NotMember)] {
        let who = who.caller();
        assert_eq!(chat.hooks(&who, tea.id).await, refused(refusal.clone()));
        assert_eq!(chat.create_hook(&who, tea.id, "x").await, refused(refusal.clone()));
        assert_eq!(chat.rotate_hook(&who, tea.id, &twin.name).await, refused(refusal.clone()));
        assert_eq!(chat.delete_hook(&who, tea.id, &twin.name).await, refused(refusal.clone()));
    }
    for (name, refusal) in [("", Refusal::NameEmpty), (&"x".repeat(41), Refusal::NameTooLong { max: 40 })] {
        assert_eq!(chat.create_hook(&tea.ann, tea.id, name).await, refused(refusal));
    }
    // A former admin has no say, and their webhooks go on.
    chat.set_role(&tea.ann, tea.id, tea.ben.id, Role::Admin).await.unwrap();
    let bens = chat.create_hook(&tea.ben, tea.id, "Ben's").await.unwrap();
    chat.set_role(&tea.ann, tea.id, tea.ben.id, Role::Member).await.unwrap();
    assert!(chat.authenticate_hook(bens.token.reveal()).await.unwrap().is_some());
}

#[tokio::test]
async fn the_url_of_a_webhook_gives_nothing_but_posting_to_its_group() {
    let tea = Tea::new().await;
    let (chat, hook) = (&tea.node.chat, tea.caller().await.unwrap());
    assert!(matches!(&hook.principal, Principal::Hook(hook) if hook.group == tea.id));
    let topic = Topic::group(tea.id);
    let all = chat::store::Range { limit: 9, ..Default::default() };
    let needs_user = || refused(Refusal::UserNeeded);
    assert_eq!(chat.history(&hook, &topic, all).await.map(|_| ()), needs_user());
    assert_eq!(
        chat.post(&hook, topic.clone(), chat.new_send_id(), "x", None).await.map(|_| ()),
        needs_user()
    );
    assert_eq!(chat.hooks(&hook, tea.id).await.map(|_| ()), needs_user());
    assert_eq!(chat.application_of(&hook).await.map(|_| ()), refused(Refusal::NotApplication));
    let open = Topic::new("news").unwrap();
    assert_eq!(chat.history(&hook, &open, all).await.map(|_| ()), refused(Refusal::NotApplication));
    // As a bearer token it is none.
    assert_eq!(chat.authenticate_token(tea.made.token.reveal()).await.unwrap(), None);
    for wrong in ["", "x", "hub_hook_", &tea.made.token.reveal().replace("hub_hook_", "hub_app_")] {
        assert_eq!(chat.authenticate_hook(wrong).await.unwrap(), None, "{wrong}");
    }
    let user = tea.ann.caller();
    let posted = chat.post_by_hook(&user, Bytes::from_static(b"{\"text\":\"x\"}"), None).await;
    assert_eq!(posted.map(|_| ()), refused(Refusal::NotFound));
}

#[tokio::test]
async fn admins_see_who_created_each_webhook_and_no_name_where_that_is_not_clear() {
    let tea = Tea::new().await;
    let (chat, ann, ben) = (&tea.node.chat, &tea.ann, &tea.ben);
    chat.set_role(ann, tea.id, ben.id, Role::Admin).await.unwrap();
    tea.node.clock.advance(90_000);
    let samovar = chat.create_hook(ben, tea.id, "Samovar").await.unwrap().hook;
    let creators = async || {
        let hooks = chat.hooks(ann, tea.id).await.unwrap();
        let creators = chat.hook_creators(ann, tea.id, &hooks).await.unwrap();
        let named = creators.into_iter().map(|by| by.map(|by| by.name.to_string()));
        hooks.iter().map(|hook| hook.name.to_string()).zip(named).collect::<Vec<_>>()
    };
    let (kettle, samovar_by) = (("kettle".to_owned(), Some("ann".to_owned())), Some("ben".to_owned()));
    assert_eq!(creators().await, [kettle.clone(), ("samovar".into(), samovar_by.clone())]);
    chat.put_hook(ann, tea.id, samovar.name.clone(), "Teapot").await.unwrap();
    chat.rotate_hook(ann, tea.id, &samovar.name).await.unwrap();
    assert_eq!(creators().await[1].1, samovar_by, "a rename and a new URL make nobody its creator");

    tea.node.clock.advance(90_000);
    let cup = chat.create_hook(ann, tea.id, "Cup").await.unwrap().hook;
    chat.create_hook(ben, tea.id, "Spoon").await.unwrap();
    assert_eq!(creators().await[0], ("cup".into(), Some("ann".into())), "another one is as old");
    chat.put_hook(ben, tea.id, cup.name, "Mug").await.unwrap();
    assert_eq!(creators().await[0], ("cup".into(), None), "it could be either of the two");
    chat.set_role(ann, tea.id, ben.id, Role::Member).await.unwrap();
    assert_eq!(chat.hook_creators(ben, tea.id, &[]).await, refused(Refusal::NotAdmin));
}
