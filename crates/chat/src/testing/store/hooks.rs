//! Store contract: incoming webhooks, and what is posted by them.

use std::sync::Arc;

use wire::{
    ApplicationId, Conversation, Person, PersonName, PublicId, Refusal, Role, Seq, Timestamp, Topic, UserId,
};

use super::writing::{
    NOW, TEA, batch, change, commit, commit_one, draft, founding, hash, seated, settings, texts, with_tea,
};
use super::{Fresh, Tenant};
use crate::auth::api_token::TokenKind;
use crate::names::HookName;
use crate::ports::store::{
    ApplicationWrite, Checked, Commit, Fact, FoundHook, GroupChange, Hook, HookFact, HookPost, JobKind,
    LogOutcome, LogWrite, NewApiToken, NewApplication, NewJob, Outcome, Permission, PermissionTo, Sender,
    Version, Write,
};
use crate::testing::{ann, ben};

const COFFEE: wire::GroupId = wire::GroupId::from_bytes(*b"..coffee..");
const BUILT_IN: ApplicationId = ApplicationId::BUILT_IN;
const DECOY: ApplicationId = ApplicationId(7);

fn name(name: &str) -> HookName {
    HookName::new(name).unwrap()
}

/// Returns a webhook of the group.
fn hook(number: u8, slug: &str) -> Hook {
    let bot =
        Person { id: UserId::from_bytes([number; 10]), name: PersonName::new(&slug.to_uppercase()).unwrap() };
    Hook { group: TEA, name: name(slug), bot, created: NOW }
}

fn added(hook: &Hook, token: u8) -> Fact {
    Fact::Hook(HookFact::Added { hook: hook.clone(), token: hash(token) })
}

/// Returns a message of a webhook's bot, by a token.
fn post(hook: &Hook, token: u8, id: &str, text: &str) -> LogWrite {
    let conversation = Conversation::Group(hook.group);
    let right = Permission { conversation, user: hook.bot.id, to: PermissionTo::Manage, now: NOW };
    let draft = draft(&Topic::group(hook.group), Sender::User(hook.bot.id), id, text);
    let draft = crate::ports::store::Draft { right: Some(right), counts: true, ..draft };
    LogWrite::PostByHook(HookPost { draft, token: hash(token) })
}

fn refused(refusal: Refusal) -> LogOutcome {
    LogOutcome::Refused(refusal)
}

async fn found(store: &Tenant, token: u8) -> Option<Hook> {
    let found = store.store().hook(hash(token)).await.unwrap();
    found.map(|FoundHook { application, hook }| {
        assert_eq!(application, BUILT_IN);
        hook
    })
}

pub async fn webhooks_are_found_by_their_tokens_and_listed_by_name(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    assert_eq!((store.hooks(TEA).await.unwrap(), found(&store, 50).await), (vec![], None));
    let (samovar, kettle) = (hook(91, "samovar"), hook(90, "kettle"));
    commit_one(&store, change(TEA, 1, vec![added(&samovar, 51), added(&kettle, 50)])).await;
    assert_eq!(store.hooks(TEA).await.unwrap(), [kettle.clone(), samovar.clone()]);
    assert_eq!(found(&store, 50).await, Some(kettle.clone()));
    assert_eq!(found(&store, 51).await, Some(samovar.clone()));
    assert_eq!(found(&store, 52).await, None);

    let new = PersonName::new("茶 kettle").unwrap();
    let facts = vec![
        Fact::Hook(HookFact::Renamed(kettle.name.clone(), new.clone())),
        Fact::Hook(HookFact::TokenReplaced(samovar.name.clone(), hash(52))),
        Fact::Hook(HookFact::Renamed(name("nowhere"), new.clone())),
        Fact::Hook(HookFact::TokenReplaced(name("nowhere"), hash(53))),
    ];
    commit_one(&store, change(TEA, 2, facts)).await;
    let renamed = Hook { bot: Person { name: new, ..kettle.bot.clone() }, ..kettle.clone() };
    assert_eq!(store.hooks(TEA).await.unwrap(), [renamed.clone(), samovar.clone()]);
    assert_eq!((found(&store, 51).await, found(&store, 52).await), (None, Some(samovar.clone())));
    assert_eq!(found(&store, 53).await, None);

    let stale = change(TEA, 2, vec![Fact::Hook(HookFact::Removed(samovar.name.clone()))]);
    assert_eq!(commit_one(&store, stale.clone()).await, Checked::Stale);
    let gone = GroupChange { version: Some(Version(3)), ..stale };
    assert_eq!(commit_one(&store, gone).await, Checked::Done);
    assert_eq!((store.hooks(TEA).await.unwrap(), found(&store, 52).await), (vec![renamed], None));
    // The name is free again.
    commit_one(&store, change(TEA, 4, vec![added(&samovar, 54)])).await;
    assert_eq!(found(&store, 54).await, Some(samovar));
    assert_eq!(store.person(UserId::from_bytes([91; 10])).await.unwrap(), None, "a bot is no user");
}

pub async fn a_webhook_posts_with_the_token_that_it_has_in_the_commit(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let kettle = hook(90, "kettle");
    commit_one(&store, change(TEA, 1, vec![added(&kettle, 50)])).await;
    assert_eq!(commit_one(&store, post(&kettle, 50, "1", "boils")).await, LogOutcome::Posted { seq: Seq(2) });
    assert_eq!(commit_one(&store, post(&kettle, 51, "2", "guessed")).await, refused(Refusal::NotFound));
    let again = LogOutcome::Repeated { seq: Seq(2), at: NOW };
    assert_eq!(commit_one(&store, post(&kettle, 50, "1", "boils")).await, again);
    assert_eq!(commit_one(&store, post(&kettle, 50, "1", "cools")).await, LogOutcome::SendIdTaken);
    let unread = store.unread(Conversation::Group(TEA), ann().id, Seq(1)).await.unwrap();
    assert_eq!((unread.messages, unread.mentions), (1, 0));

    // Its own group, and no other.
    commit_one(&store, founding(COFFEE, "coffee", &ann())).await;
    let elsewhere = Hook { group: COFFEE, ..kettle.clone() };
    assert_eq!(commit_one(&store, post(&elsewhere, 50, "3", "spilled")).await, refused(Refusal::NotFound));

    // Whatever is committed before it in the same batch counts.
    let replaced = Fact::Hook(HookFact::TokenReplaced(kettle.name.clone(), hash(52)));
    let outcomes = commit(
        &store,
        batch![
            post(&kettle, 50, "4", "still"),
            change(TEA, 2, vec![replaced]),
            post(&kettle, 50, "5", "late"),
            post(&kettle, 50, "1", "boils"),
            post(&kettle, 52, "6", "new"),
            change(TEA, 3, vec![Fact::Hook(HookFact::Removed(kettle.name.clone()))]),
            post(&kettle, 52, "7", "gone"),
        ],
    )
    .await;
    let gone = || Outcome::Log(refused(Refusal::NotFound));
    let posted = |seq| Outcome::Log(LogOutcome::Posted { seq: Seq(seq) });
    let done = || Outcome::Groups(Checked::Done);
    assert_eq!(outcomes, [posted(3), done(), gone(), gone(), posted(4), done(), gone()]);
    assert_eq!(texts(&store, &Topic::group(TEA)).await, ["created", "boils", "still", "new"]);
}

pub async fn an_archived_group_takes_no_message_of_a_webhook_until_it_is_open_again(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let kettle = hook(90, "kettle");
    let strict = wire::Settings { announcing: true, slow_s: 60, ..settings("tea") };
    commit_one(&store, change(TEA, 1, vec![added(&kettle, 50), Fact::SettingsChanged(strict.clone())])).await;
    for (id, seq) in [("1", 2), ("2", 3)] {
        assert_eq!(
            commit_one(&store, post(&kettle, 50, id, "on")).await,
            LogOutcome::Posted { seq: Seq(seq) }
        );
    }
    let archived = wire::Settings { archived: true, ..strict.clone() };
    commit_one(&store, change(TEA, 2, vec![Fact::SettingsChanged(archived)])).await;
    assert_eq!(commit_one(&store, post(&kettle, 50, "3", "anyone?")).await, refused(Refusal::Archived));
    assert_eq!(found(&store, 50).await, Some(kettle.clone()));
    commit_one(&store, change(TEA, 3, vec![Fact::SettingsChanged(strict)])).await;
    assert_eq!(
        commit_one(&store, post(&kettle, 50, "3", "anyone?")).await,
        LogOutcome::Posted { seq: Seq(4) }
    );
}

pub async fn a_webhook_goes_with_its_group(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let kettle = hook(90, "kettle");
    commit_one(&store, change(TEA, 1, vec![added(&kettle, 50), seated(&ben(), Role::Member)])).await;
    commit_one(&store, change(TEA, 2, vec![Fact::Deleted])).await;
    assert_eq!((store.hooks(TEA).await.unwrap(), found(&store, 50).await), (vec![], None));
    assert_eq!(commit_one(&store, post(&kettle, 50, "1", "boils")).await, refused(Refusal::NotFound));
    // A group of the same id would begin without it.
    commit_one(&store, founding(TEA, "again", &ann())).await;
    assert_eq!(store.hooks(TEA).await.unwrap(), []);
}

pub async fn webhooks_of_two_applications_have_nothing_in_common(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let (kettle, other) = (hook(90, "kettle"), hook(90, "kettle"));
    let in_decoy = async |write: Write| {
        let commit = Commit { application: DECOY, write };
        store.store().commit(vec![commit], Seq(u64::MAX)).await.unwrap().outcomes.remove(0)
    };
    commit_one(&store, change(TEA, 1, vec![added(&kettle, 50)])).await;
    in_decoy(change(TEA, 1, vec![added(&other, 60)]).into()).await;
    // By the token of the other application, nothing is posted in either.
    assert_eq!(commit_one(&store, post(&kettle, 60, "1", "x")).await, refused(Refusal::NotFound));
    assert_eq!(in_decoy(post(&kettle, 50, "1", "x").into()).await, Outcome::Log(refused(Refusal::NotFound)));
    let removed = Fact::Hook(HookFact::Removed(kettle.name.clone()));
    commit_one(&store, change(TEA, 2, vec![removed])).await;
    assert_eq!(store.store().reader(DECOY).hooks(TEA).await.unwrap(), [other]);
    let posted = Outcome::Log(LogOutcome::Posted { seq: Seq(2) });
    assert_eq!(in_decoy(post(&kettle, 60, "1", "x").into()).await, posted);
    assert_eq!(texts(&store, &Topic::group(TEA)).await, ["created"]);
}

pub async fn a_webhook_of_a_deleted_application_is_not_found(fresh: impl Fresh) {
    let store = fresh().store();
    let commit = async |application, write: Write| {
        let commit = Commit { application, write };
        store.commit(vec![commit], Seq(u64::MAX)).await.unwrap().outcomes.remove(0)
    };
    let token = NewApiToken {
        token: hash(1),
        kind: TokenKind::Application,
        label: String::new(),
        at: NOW,
        expires: None,
    };
    let new = NewApplication {
        public_id: PublicId::from_bytes([3; 10]),
        title: wire::ApplicationTitle::new("Shop").unwrap(),
        description: wire::Description::default(),
        token,
    };
    let Outcome::CreateApplication(shop) = commit(ApplicationId::SERVER, new.into()).await else { panic!() };
    let created = Fact::Created { settings: settings("tea"), at: NOW };
    let kettle = hook(90, "kettle");
    let facts = vec![created, added(&kettle, 50)];
    commit(shop, GroupChange { group: TEA, version: None, facts, news: vec![] }.into()).await;
    let found = async || store.hook(hash(50)).await.unwrap();
    assert_eq!(found().await, Some(FoundHook { application: shop, hook: kettle }));
    let job = NewJob {
        application: shop,
        kind: JobKind::RemoveApplication,
        lane: "remove".into(),
        key: None,
        arguments: wire::Json::of(&1),
        run_at: Timestamp(NOW.0),
    };
    commit(shop, ApplicationWrite::Delete { at: NOW, job }.into()).await;
    assert_eq!(found().await, None);
    let removed = commit(shop, crate::ports::store::RemoveData { limit: 500 }.into()).await;
    assert!(matches!(removed, Outcome::RemoveData(removed) if removed.all), "{removed:?}");
    assert_eq!(store.reader(shop).hooks(TEA).await.unwrap(), []);
    let _: Arc<dyn crate::ports::store::Store> = store;
}
