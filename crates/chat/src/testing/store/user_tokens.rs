//! Store contract: which user tokens count, signing keys, and links that sign in.

use wire::{
    ApplicationId, ApplicationTitle, Description, Person, PersonName, PublicId, Seq, Timestamp, UserId,
};

use super::Fresh;
use super::writing::{NOW, hash, session};
use crate::auth::api_token::TokenKind;
use crate::names::ExternalKey;
use crate::ports::store::{
    Application, ApplicationConfig, ApplicationKey, ApplicationWrite, Checked, Commit, NewApiToken,
    NewApplication, PutUser, PutUserOutcome, Revocation, RevocationSlice, Sessions, SignInLink, Store, Sweep,
    TokenSignUp, TypedWrite, UserTokenWrite, UserWrite, Version,
};

const ONE: ApplicationId = ApplicationId::BUILT_IN;

fn later(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1_000)
}

async fn commit<W: TypedWrite>(store: &dyn Store, application: ApplicationId, write: W) -> W::Outcome {
    let commit = Commit { application, write: write.into() };
    let outcome = store.commit(vec![commit], Seq::ZERO).await.unwrap().outcomes.remove(0);
    W::outcome(outcome).unwrap()
}

async fn tokens(store: &dyn Store, application: ApplicationId, write: UserTokenWrite) -> Checked {
    commit(store, application, write).await
}

/// Creates another application.
async fn other(store: &dyn Store) -> ApplicationId {
    let token = NewApiToken {
        token: hash(99),
        kind: TokenKind::Application,
        label: String::new(),
        at: NOW,
        expires: None,
    };
    let new = NewApplication {
        public_id: PublicId::from_bytes([9; 10]),
        title: ApplicationTitle::new("Shop").unwrap(),
        description: Description::default(),
        token,
    };
    commit(store, ApplicationId::SERVER, new).await
}

fn put(key: &str, id: u8, sign_up: Option<TokenSignUp>) -> PutUser {
    let person = Person { id: UserId::from_bytes([id; 10]), name: PersonName::new("Zoë").unwrap() };
    let key = ExternalKey::new(key).unwrap();
    PutUser { key, person, bio: None, version: None, sign_up, at: NOW }
}

fn zoe() -> Person {
    Person { id: UserId::from_bytes([40; 10]), name: PersonName::new("Zoë").unwrap() }
}

async fn found(store: &dyn Store, application: ApplicationId) -> Application {
    store.application(ApplicationKey::Id(application)).await.unwrap().unwrap()
}

async fn revocations(store: &dyn Store, after: u64) -> RevocationSlice {
    let nothing = UserTokenWrite::UseLink { link: hash(200), session: session(hash(201), NOW), at: NOW };
    let commits = vec![Commit { application: ONE, write: nothing.into() }];
    store.commit(commits, Seq(after)).await.unwrap().revocations
}

pub async fn tokens_of_a_user_or_of_all_count_from_the_latest_time_that_was_set(fresh: impl Fresh) {
    let store = fresh().store();
    let two = other(&*store).await;
    for application in [ONE, two] {
        commit(&*store, application, put("zoë", 40, None)).await;
        commit(&*store, application, put("李雷", 41, None)).await;
    }
    let of = async |application, user: u8| {
        store.reader(application).tokens_valid_from(UserId::from_bytes([user; 10])).await.unwrap()
    };
    assert_eq!(of(ONE, 40).await, Some(Timestamp(0)));
    assert_eq!(of(ONE, 42).await, None, "there is no such user");
    let end = |user: Option<UserId>, before| UserTokenWrite::EndIssued { user, before, at: NOW };
    tokens(&*store, ONE, end(Some(zoe().id), later(5))).await;
    assert_eq!([of(ONE, 40).await, of(ONE, 41).await], [Some(later(5)), Some(Timestamp(0))]);
    tokens(&*store, ONE, end(Some(zoe().id), later(2))).await;
    assert_eq!(of(ONE, 40).await, Some(later(5)), "it never moves back");
    tokens(&*store, ONE, end(None, later(4))).await;
    assert_eq!([of(ONE, 40).await, of(ONE, 41).await], [Some(later(5)), Some(later(4))]);
    assert_eq!(found(&*store, ONE).await.tokens_valid_from, later(4));
    assert_eq!(of(two, 40).await, Some(Timestamp(0)), "another application has its own");
    let ended = revocations(&*store, 0).await;
    let issued = |user, before| vec![Revocation::Issued { application: ONE, user, before }];
    let expected = [
        (Seq(1), issued(Some(zoe().id), later(5))),
        (Seq(2), issued(Some(zoe().id), later(2))),
        (Seq(3), issued(None, later(4))),
    ];
    assert_eq!(ended.entries, expected);
}

pub async fn a_signing_key_has_the_next_version_and_the_one_before_it_a_time(fresh: impl Fresh) {
    let store = fresh().store();
    let two = other(&*store).await;
    let rotate = |keep_until| UserTokenWrite::RotateKey { keep_until, at: NOW };
    let key = async |application| {
        let Application { key_version, previous_key_until, version, .. } = found(&*store, application).await;
        (key_version, previous_key_until, version)
    };
    assert_eq!(key(two).await, (1, None, Version(1)));
    assert_eq!(tokens(&*store, two, rotate(Some(later(60)))).await, Checked::Done);
    assert_eq!(key(two).await, (2, Some(later(60)), Version(1)));
    assert_eq!(tokens(&*store, two, rotate(None)).await, Checked::Done);
    assert_eq!([key(two).await, key(ONE).await], [(3, None, Version(1)), (1, None, Version(1))]);
    assert_eq!(tokens(&*store, ApplicationId(999), rotate(None)).await, Checked::Stale);
    let ended = revocations(&*store, 0).await;
    let rotated =
        |version, previous_until| vec![Revocation::SigningKey { application: two, version, previous_until }];
    assert_eq!(ended.entries, [(Seq(1), rotated(2, Some(later(60)))), (Seq(2), rotated(3, None))]);
}

pub async fn a_link_signs_in_once_and_until_its_time(fresh: impl Fresh) {
    let store = fresh().store();
    let two = other(&*store).await;
    commit(&*store, two, put("zoë", 40, None)).await;
    let add = |link| UserTokenWrite::AddLink { link: hash(link), user: zoe().id, at: NOW, until: later(60) };
    let using = |link, token, at| UserTokenWrite::UseLink {
        link: hash(link),
        session: session(hash(token), NOW),
        at,
    };
    for link in [1, 2, 3] {
        assert_eq!(tokens(&*store, two, add(link)).await, Checked::Done);
    }
    assert_eq!(tokens(&*store, ONE, add(4)).await, Checked::Stale, "she is a user of another application");
    let link = async |application, link| store.reader(application).sign_in_link(hash(link)).await.unwrap();
    assert_eq!(link(two, 1).await, Some(SignInLink { person: zoe(), until: later(60) }));
    assert_eq!(link(ONE, 1).await, None);
    assert_eq!(tokens(&*store, ONE, using(1, 10, NOW)).await, Checked::Stale);
    assert_eq!(tokens(&*store, two, using(1, 10, later(59))).await, Checked::Done);
    let session = store.session(hash(10)).await.unwrap().unwrap();
    assert_eq!((session.application, &session.person, session.linked), (two, &zoe(), Some(Timestamp(0))));
    assert_eq!(tokens(&*store, two, using(1, 11, NOW)).await, Checked::Stale, "it is used");
    assert_eq!(tokens(&*store, two, using(2, 12, later(60))).await, Checked::Stale, "it is over");
    let end = UserTokenWrite::EndIssued { user: Some(zoe().id), before: later(5), at: NOW };
    tokens(&*store, two, end).await;
    assert_eq!(link(two, 3).await, None, "it was made before the tokens were ended");
    assert_eq!(tokens(&*store, two, using(3, 13, NOW)).await, Checked::Stale);
    for token in [11, 12, 13] {
        assert_eq!(store.session(hash(token)).await.unwrap(), None);
    }
    let linked = store.session(hash(10)).await.unwrap().unwrap().linked;
    assert_eq!(linked, Some(later(5)), "a session that began before is no longer valid");
}

pub async fn tokens_of_a_deleted_user_count_neither_for_them_nor_for_the_next_user_of_their_key(
    fresh: impl Fresh,
) {
    let store = fresh().store();
    commit(&*store, ONE, put("zoë", 40, None)).await;
    let link = UserTokenWrite::AddLink { link: hash(1), user: zoe().id, at: NOW, until: later(60) };
    tokens(&*store, ONE, link).await;
    let remove = UserWrite::Remove {
        user: zoe().id,
        name: PersonName::new("Deleted user").unwrap(),
        tokens_valid_from: later(5),
        at: NOW,
    };
    commit(&*store, ONE, remove).await;
    let reader = store.reader(ONE);
    assert_eq!(reader.tokens_valid_from(zoe().id).await.unwrap(), Some(Timestamp(i64::MAX)));
    assert_eq!(reader.sign_in_link(hash(1)).await.unwrap(), None);
    let before = Timestamp(i64::MAX);
    let issued = Revocation::Issued { application: ONE, user: Some(zoe().id), before };
    assert_eq!(revocations(&*store, 0).await.entries, [(Seq(1), vec![issued])]);
    let old = put("zoë", 41, Some(TokenSignUp { issued: later(4) }));
    assert_eq!(commit(&*store, ONE, old).await, PutUserOutcome::Stale, "a token from before creates nobody");
    assert_eq!(reader.user_by_key(&ExternalKey::new("zoë").unwrap()).await.unwrap(), None);
    let new = put("zoë", 42, Some(TokenSignUp { issued: later(5) }));
    assert!(matches!(commit(&*store, ONE, new).await, PutUserOutcome::Put { created: true, .. }));
    let next = UserId::from_bytes([42; 10]);
    assert_eq!(reader.tokens_valid_from(next).await.unwrap(), Some(later(5)));
    let sweep = Sweep { links_before: later(6), ..Sweep::default() };
    commit(&*store, ONE, sweep).await;
    assert_eq!(reader.tokens_valid_from(next).await.unwrap(), Some(later(5)), "that is hers for good");
}

pub async fn a_sign_up_by_a_token_leaves_a_user_as_they_are(fresh: impl Fresh) {
    let store = fresh().store();
    commit(&*store, ONE, put("zoë", 40, None)).await;
    let again = put("zoë", 41, Some(TokenSignUp { issued: NOW }));
    let person = Person { name: PersonName::new("Somebody").unwrap(), ..again.person };
    let outcome = commit(&*store, ONE, PutUser { person, ..again }).await;
    let PutUserOutcome::Put { user, created: false } = outcome else { panic!("{outcome:?}") };
    assert_eq!((&user.person, user.version), (&zoe(), Version(1)));
}

pub async fn one_api_token_is_revoked_and_the_others_go_on(fresh: impl Fresh) {
    let store = fresh().store();
    let two = other(&*store).await;
    let new = NewApiToken {
        token: hash(98),
        kind: TokenKind::Application,
        label: "ci".into(),
        at: NOW,
        expires: None,
    };
    commit(&*store, two, ApplicationWrite::AddToken(new)).await;
    let revoke = |token| ApplicationWrite::RevokeToken { token: hash(token), at: later(1) };
    assert_eq!(commit(&*store, ONE, revoke(99)).await, Checked::Stale, "it is another application's");
    assert_eq!(commit(&*store, two, revoke(99)).await, Checked::Done);
    assert_eq!(commit(&*store, two, revoke(99)).await, Checked::Stale, "it was revoked before");
    let revoked = async |token| store.api_token(hash(token)).await.unwrap().unwrap().revoked;
    assert_eq!([revoked(99).await, revoked(98).await], [Some(later(1)), None]);
    let ended = Revocation::Tokens { application: two, which: Sessions::One(hash(99)) };
    assert_eq!(revocations(&*store, 0).await.entries, [(Seq(1), vec![ended])]);
}

pub async fn an_origin_is_found_as_long_as_an_application_lists_it(fresh: impl Fresh) {
    let store = fresh().store();
    let two = other(&*store).await;
    let list = |origins: &[&str]| {
        let allowed_origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        ApplicationWrite::Change {
            version: None,
            title: ApplicationTitle::new("Shop").unwrap(),
            description: Description::default(),
            config: ApplicationConfig {
                allowed_origins,
                token_sign_up: true,
                ..ApplicationConfig::default()
            },
        }
    };
    let is_listed = async |origin: &str| store.lists_origin(origin.to_owned()).await.unwrap();
    assert!(!is_listed("https://shop.example").await);
    commit(&*store, two, list(&["https://shop.example", "https://shop.example", "http://茶.example"])).await;
    commit(&*store, ONE, list(&["https://shop.example"])).await;
    assert!(is_listed("https://shop.example").await && is_listed("http://茶.example").await);
    assert!(!is_listed("https://shop.example:444").await && !is_listed("null").await);
    commit(&*store, two, list(&[])).await;
    assert!(is_listed("https://shop.example").await, "the other application lists it");
    assert!(!is_listed("http://茶.example").await);
    assert_eq!(
        found(&*store, two).await.config,
        ApplicationConfig { token_sign_up: true, ..Default::default() }
    );
}
