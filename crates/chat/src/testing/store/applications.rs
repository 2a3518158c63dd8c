//! Store contract: applications and API tokens.

use std::sync::Arc;

use wire::{
    ApplicationId, ApplicationTitle, Conversation, Description, Json, PublicId, Seq, Timestamp, Topic,
};

use super::writing::{NOW, TEA, batch, draft, founding, hash, session};
use super::{Fresh, Tenant};
use crate::auth::api_token::TokenKind;
use crate::auth::session::TokenHash;
use crate::ports::store::{
    AccountWrite, Application, ApplicationConfig, ApplicationKey, ApplicationWrite, Checked, Commit,
    CreateAccount, FirstRole, JobKind, JobWrite, LogWrite, Login, NewApiToken, NewApplication, NewJob,
    PasswordHash, Range, RemoveData, Removed, Revocation, Sender, Sessions, Store, TypedWrite, UserWrite,
    Version,
};
use crate::testing::{ann, ben};

const SERVER: ApplicationId = ApplicationId::SERVER;

async fn commit<W: TypedWrite>(store: &dyn Store, application: ApplicationId, write: W) -> W::Outcome {
    let commit = Commit { application, write: write.into() };
    let outcome = store.commit(vec![commit], Seq::ZERO).await.unwrap().outcomes.remove(0);
    W::outcome(outcome).unwrap()
}

async fn change(store: &dyn Store, application: ApplicationId, write: ApplicationWrite) -> Checked {
    commit(store, application, write).await
}

fn token(number: u8, kind: TokenKind) -> NewApiToken {
    NewApiToken { token: hash(number), kind, label: "ci".into(), at: NOW, expires: None }
}

fn new(number: u8) -> NewApplication {
    NewApplication {
        public_id: PublicId::from_bytes([number; 10]),
        title: ApplicationTitle::new("茶の店 & Sons").unwrap(),
        description: Description::new("A shop.").unwrap(),
        token: token(number, TokenKind::Application),
    }
}

async fn create(store: &dyn Store, number: u8) -> ApplicationId {
    commit(store, SERVER, new(number)).await
}

async fn find(store: &dyn Store, application: ApplicationId) -> Option<Application> {
    store.application(ApplicationKey::Id(application)).await.unwrap()
}

fn removal(application: ApplicationId) -> NewJob {
    NewJob {
        application: SERVER,
        kind: JobKind::RemoveApplication,
        lane: format!("remove/{application}"),
        key: Some(application.to_string()),
        arguments: Json::of(&application.0),
        run_at: NOW,
    }
}

async fn delete(store: &dyn Store, application: ApplicationId) -> Checked {
    change(store, application, ApplicationWrite::Delete { at: NOW, job: removal(application) }).await
}

pub async fn the_application_of_the_built_in_ui_is_there(fresh: impl Fresh) {
    let store = fresh().store();
    let built_in = find(&*store, ApplicationId::BUILT_IN).await.unwrap();
    assert_eq!((built_in.title.as_str(), built_in.version, built_in.deleted), ("Hubbub", Version(1), None));
    assert_eq!(built_in.config, ApplicationConfig::default());
    let by_name = store.application(ApplicationKey::Public(built_in.public_id)).await.unwrap();
    assert_eq!(by_name, Some(built_in));
    assert_eq!(find(&*store, SERVER).await, None);
}

pub async fn an_application_is_created_with_a_token_and_its_number_is_never_used_again(fresh: impl Fresh) {
    let store = fresh().store();
    let (one, two) = (create(&*store, 1).await, create(&*store, 2).await);
    assert!(ApplicationId::BUILT_IN < one && one < two);
    let found = find(&*store, one).await.unwrap();
    let NewApplication { public_id, title, description, .. } = new(1);
    let config = ApplicationConfig::default();
    let expected = Application {
        id: one,
        public_id,
        title,
        description,
        config,
        key_version: 1,
        previous_key_until: None,
        tokens_valid_from: Timestamp(0),
        version: Version(1),
        since: NOW,
        deleted: None,
    };
    assert_eq!(found, expected);
    assert_eq!(store.application(ApplicationKey::Public(public_id)).await.unwrap(), Some(found));
    let record = store.api_token(hash(1)).await.unwrap().unwrap();
    assert_eq!(record, token(1, TokenKind::Application).record(one));
    assert_eq!(delete(&*store, two).await, Checked::Done);
    change(&*store, two, ApplicationWrite::Forget).await;
    assert_eq!(find(&*store, two).await, None);
    assert!(create(&*store, 3).await > two);
}

pub async fn applications_are_listed_by_number(fresh: impl Fresh) {
    let store = fresh().store();
    let mut all = vec![ApplicationId::BUILT_IN];
    for number in 1..=4 {
        all.push(create(&*store, number).await);
    }
    let listed = async |after, limit| -> Vec<ApplicationId> {
        store.applications(after, limit).await.unwrap().iter().map(|application| application.id).collect()
    };
    assert_eq!(listed(SERVER, 9).await, all);
    assert_eq!(listed(all[1], 2).await, all[2..4]);
    assert_eq!(listed(all[4], 9).await, []);
}

pub async fn an_application_changes_only_in_the_version_that_was_expected(fresh: impl Fresh) {
    let store = fresh().store();
    let (one, two) = (create(&*store, 1).await, create(&*store, 2).await);
    let allowed_origins = vec!["https://shop.example".into()];
    let config = ApplicationConfig { allowed_origins, token_sign_up: true, ..ApplicationConfig::default() };
    let changed = |version: Option<u64>, title: &str| ApplicationWrite::Change {
        version: version.map(Version),
        title: ApplicationTitle::new(title).unwrap(),
        description: Description::default(),
        config: config.clone(),
    };
    assert_eq!(change(&*store, one, changed(Some(2), "Bank")).await, Checked::Stale);
    assert_eq!(change(&*store, one, changed(Some(1), "Bank")).await, Checked::Done);
    assert_eq!(change(&*store, one, changed(Some(1), "Mint")).await, Checked::Stale);
    assert_eq!(change(&*store, one, changed(None, "Mint")).await, Checked::Done);
    let found = find(&*store, one).await.unwrap();
    assert_eq!((found.title.as_str(), found.version, &found.config), ("Mint", Version(3), &config));
    assert_eq!(find(&*store, two).await.unwrap().version, Version(1));
    delete(&*store, one).await;
    assert_eq!(change(&*store, one, changed(None, "Bank")).await, Checked::Stale);
    assert_eq!(change(&*store, ApplicationId(999), changed(None, "Bank")).await, Checked::Stale);
}

pub async fn a_token_belongs_to_its_application(fresh: impl Fresh) {
    let store = fresh().store();
    let (one, two) = (create(&*store, 1).await, create(&*store, 2).await);
    let later = NewApiToken {
        at: Timestamp(NOW.0 + 1),
        expires: Some(Timestamp(NOW.0 + 9)),
        ..token(3, TokenKind::Application)
    };
    assert_eq!(change(&*store, one, ApplicationWrite::AddToken(later.clone())).await, Checked::Done);
    let tokens = store.reader(one).api_tokens(9).await.unwrap();
    assert_eq!(tokens, [later.record(one), token(1, TokenKind::Application).record(one)]);
    assert_eq!(store.reader(one).api_tokens(1).await.unwrap(), tokens[..1]);
    assert_eq!(store.reader(two).api_tokens(9).await.unwrap().len(), 1);
    // The use of a token is recorded only in its own application.
    for (application, used) in [(two, None), (one, Some(Timestamp(5)))] {
        let touch = ApplicationWrite::TouchToken { token: hash(3), at: Timestamp(5) };
        assert_eq!(change(&*store, application, touch).await, Checked::Done);
        assert_eq!(store.api_token(hash(3)).await.unwrap().unwrap().used, used);
    }
    let nowhere = ApplicationWrite::AddToken(token(4, TokenKind::Application));
    assert_eq!(change(&*store, ApplicationId(999), nowhere).await, Checked::Stale);
    let operator = ApplicationWrite::AddToken(token(5, TokenKind::Operator));
    assert_eq!(change(&*store, SERVER, operator).await, Checked::Done);
    let record = store.api_token(hash(5)).await.unwrap().unwrap();
    assert_eq!((record.application, record.kind), (SERVER, TokenKind::Operator));
    for unknown in [4, 6] {
        assert_eq!(store.api_token(hash(unknown)).await.unwrap(), None);
    }
}

pub async fn a_new_token_may_revoke_the_others(fresh: impl Fresh) {
    let store = fresh().store();
    let (one, two) = (create(&*store, 1).await, create(&*store, 2).await);
    let later = Timestamp(NOW.0 + 5);
    let replaced = NewApiToken { at: later, ..token(3, TokenKind::Application) };
    assert_eq!(change(&*store, one, ApplicationWrite::ReplaceTokens(replaced)).await, Checked::Done);
    let revoked = async |number| store.api_token(hash(number)).await.unwrap().unwrap().revoked;
    assert_eq!([revoked(1).await, revoked(2).await, revoked(3).await], [Some(later), None, None]);
    let again = NewApiToken { at: Timestamp(NOW.0 + 9), ..token(4, TokenKind::Application) };
    change(&*store, one, ApplicationWrite::ReplaceTokens(again)).await;
    assert_eq!(revoked(1).await, Some(later), "it was revoked before");
    let gone = ApplicationWrite::ReplaceTokens(token(5, TokenKind::Application));
    delete(&*store, two).await;
    assert_eq!(change(&*store, two, gone).await, Checked::Stale);
}

pub async fn tokens_that_ended_long_ago_are_removed(fresh: impl Fresh) {
    let store = fresh().store();
    let one = create(&*store, 1).await;
    let expiring = NewApiToken { expires: Some(Timestamp(NOW.0 + 10)), ..token(2, TokenKind::Application) };
    change(&*store, one, ApplicationWrite::AddToken(expiring)).await;
    let replaced = NewApiToken { at: Timestamp(NOW.0 + 20), ..token(3, TokenKind::Application) };
    change(&*store, one, ApplicationWrite::ReplaceTokens(replaced)).await;
    let left = async |before| -> Vec<TokenHash> {
        let remove = ApplicationWrite::RemoveOldTokens { before: Timestamp(NOW.0 + before) };
        assert_eq!(change(&*store, SERVER, remove).await, Checked::Done);
        let mut left: Vec<_> =
            store.reader(one).api_tokens(9).await.unwrap().iter().map(|record| record.token).collect();
        left.sort_by_key(|token| token.0);
        left
    };
    assert_eq!(left(10).await, [hash(1), hash(2), hash(3)]);
    assert_eq!(left(20).await, [hash(1), hash(3)]);
    assert_eq!(left(i64::MAX - NOW.0).await, [hash(3)]);
}

pub async fn a_deleted_application_is_unreachable_at_once(fresh: impl Fresh) {
    let store = fresh().store();
    let one = create(&*store, 1).await;
    let guest = UserWrite::CreateGuest { person: ann(), session: session(hash(9), NOW) };
    commit(&*store, one, guest).await;
    assert!(store.session(hash(9)).await.unwrap().is_some());
    assert_eq!(delete(&*store, one).await, Checked::Done);
    assert_eq!(find(&*store, one).await.unwrap().deleted, Some(NOW));
    assert_eq!(store.session(hash(9)).await.unwrap(), None);
    assert_eq!(store.api_token(hash(1)).await.unwrap(), None);
    assert_eq!(delete(&*store, one).await, Checked::Stale, "it is deleted already");
    assert_eq!(delete(&*store, ApplicationId(999)).await, Checked::Stale);
    let counts = store.job_counts().await.unwrap();
    assert_eq!(
        counts.iter().map(|count| (count.kind, count.ready)).collect::<Vec<_>>(),
        [(JobKind::RemoveApplication, 1)]
    );
}

/// Writes something of every kind to an application.
async fn fill(store: &dyn Store, application: ApplicationId, number: u8) {
    let login = Login::new("ann").unwrap();
    let (user, password) = (ann().id, PasswordHash("one pot of oolong".into()));
    let news = Topic::new("news").unwrap();
    for write in batch![
        UserWrite::CreateGuest { person: ann(), session: session(hash(number), NOW) },
        UserWrite::CreateGuest { person: ben(), session: session(hash(number + 1), NOW) },
        CreateAccount { user, login, password, rank: FirstRole::FirstIsOwner },
        founding(TEA, "tea", &ann()),
        UserWrite::Block { by: ann().id, user: ben().id, on: true },
        AccountWrite::RememberDevice { user, device: hash(7), at: NOW },
        AccountWrite::CreateReset { token: hash(number + 2), user, by: None, until: NOW },
    ] {
        commit(store, application, write).await;
    }
    for entry in 0..5 {
        commit(store, application, LogWrite::Post(draft(&news, Sender::Open, &entry.to_string(), "hi")))
            .await;
    }
    let job = NewJob { application, kind: JobKind::Broadcast, ..removal(application) };
    commit(store, SERVER, JobWrite::Add(vec![job])).await;
}

/// Reads what is known of an application, as text.
async fn read(store: &dyn Store, application: ApplicationId) -> Vec<String> {
    let reader = store.reader(application);
    let range = Range { limit: 9, ..Range::default() };
    vec![
        format!("{:?}", reader.page(&Topic::new("news").unwrap(), range).await.unwrap()),
        format!("{:?}", reader.page(&Topic::group(TEA), range).await.unwrap()),
        format!("{:?}", reader.roster(TEA).await.unwrap()),
        format!("{:?}", reader.person(ann().id).await.unwrap()),
        format!("{:?}", reader.standing(Conversation::Group(TEA), ann().id).await.unwrap()),
        format!("{:?}", reader.has_accounts().await.unwrap()),
        format!("{:?}", reader.blocked(ann().id).await.unwrap()),
        format!("{:?}", reader.groups("", true, None, 9).await.unwrap()),
        format!("{:?}", reader.accounts("a", None, 9).await.unwrap()),
        format!("{:?}", reader.has_jobs(&format!("remove/{application}")).await.unwrap()),
        format!("{:?}", reader.api_tokens(9).await.unwrap()),
    ]
}

pub async fn the_data_of_a_deleted_application_goes_in_slices(fresh: impl Fresh) {
    let store = fresh().store();
    let (one, two) = (create(&*store, 1).await, create(&*store, 2).await);
    fill(&*store, one, 20).await;
    fill(&*store, two, 30).await;
    let empty = read(&*store, ApplicationId(999)).await;
    let other = read(&*store, two).await;
    delete(&*store, one).await;
    let mut slices = 0;
    while !commit(&*store, one, RemoveData { limit: 3 }).await.all {
        slices += 1;
        assert!(slices < 1_000, "it never ends");
    }
    assert_eq!(read(&*store, one).await, empty);
    assert_eq!(read(&*store, two).await, other);
    // Again, as by a job that runs twice.
    let all = Removed { all: true };
    assert_eq!(commit(&*store, one, RemoveData { limit: 3 }).await, all);
    assert_eq!(change(&*store, one, ApplicationWrite::Forget).await, Checked::Done);
    assert_eq!(commit(&*store, one, RemoveData { limit: 3 }).await, all);
    assert_eq!(find(&*store, one).await, None);
    assert!(find(&*store, two).await.is_some());
}

pub async fn nothing_is_removed_of_an_application_that_is_not_deleted(fresh: impl Fresh) {
    let tenant: Arc<Tenant> = fresh();
    let store = tenant.store();
    let one = create(&*store, 1).await;
    fill(&*store, one, 20).await;
    let before = read(&*store, one).await;
    for write in batch![RemoveData { limit: 100 }, ApplicationWrite::Forget] {
        commit(&*store, one, write).await;
        assert_eq!(read(&*store, one).await, before);
        assert!(find(&*store, one).await.is_some());
    }
}

pub async fn tokens_and_applications_that_end_are_in_the_revocation_log(fresh: impl Fresh) {
    let store = fresh().store();
    let (shop, other) = (create(&*store, 1).await, create(&*store, 2).await);
    let replace = ApplicationWrite::ReplaceTokens(token(3, TokenKind::Application));
    assert_eq!(change(&*store, shop, replace).await, Checked::Done);
    assert_eq!(delete(&*store, other).await, Checked::Done);
    // A deletion that changes nothing ends nothing.
    assert_eq!(delete(&*store, other).await, Checked::Stale);
    let nothing = store.commit(vec![], Seq::ZERO).await.unwrap();
    let rotation = Revocation::Tokens { application: shop, which: Sessions::Others(hash(3)) };
    let deletion = Revocation::Application(other);
    assert_eq!(nothing.revocations.entries, [(Seq(1), vec![rotation]), (Seq(2), vec![deletion])]);
}
