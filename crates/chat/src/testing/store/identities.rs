//! Store contract: the identities by which users sign in.

use wire::{AppRole, Person, PersonName, Timestamp, UserId};

use super::writing::{NOW, batch, commit, commit_one, hash, session, with_people};
use super::{Fresh, Tenant};
use crate::ports::store::{
    AccountKey, AccountWrite, Checked, CreateAccount, FirstRole, Identity, IdentityOutcome, IdentityWrite,
    Issuer, LinkedIdentity, Login, Outcome, PasswordHash, Transaction, UserWrite,
};
use crate::testing::{ann, ben};

fn issuer(provider: &str) -> Issuer {
    Issuer { provider: provider.into(), issuer: format!("https://{provider}.example") }
}

fn identity(provider: &str, subject: &str) -> Identity {
    Identity { issuer: issuer(provider), subject: subject.into() }
}

/// Returns a user who exists in no store yet.
fn wanjiru() -> Person {
    Person { id: UserId::from_bytes([9; 10]), name: PersonName::new("Wanjirũ").unwrap() }
}

fn sign_up(person: Person, identity: Identity, token: u8) -> IdentityWrite {
    let login = Login::new(person.name.as_str()).unwrap();
    let session = session(hash(token), NOW);
    IdentityWrite::SignUp { person, login, rank: FirstRole::FirstIsOwner, identity, session }
}

fn link(user: UserId, identity: Identity) -> IdentityWrite {
    IdentityWrite::Link { user, identity, at: NOW }
}

fn unlink(user: UserId, provider: &str, usable: &[&str]) -> IdentityWrite {
    let usable = usable.iter().map(|provider| issuer(provider)).collect();
    IdentityWrite::Unlink { user, provider: provider.into(), usable }
}

/// Gives a user an account with a password.
async fn with_account(store: &Tenant, person: &Person) {
    let login = Login::new(person.name.as_str()).unwrap();
    let password = PasswordHash("a hash".into());
    commit_one(store, CreateAccount { user: person.id, login, password, rank: FirstRole::Member }).await;
}

async fn providers(store: &Tenant, user: UserId) -> Vec<String> {
    let linked = store.identities(user).await.unwrap().into_iter();
    linked.map(|linked| linked.identity.issuer.provider).collect()
}

pub async fn a_sign_up_by_an_identity_makes_an_account_without_a_password(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let at_work = identity("work", "248289761001");
    assert_eq!(store.user_of_identity(&at_work).await.unwrap(), None);
    let outcome = commit_one(&store, sign_up(wanjiru(), at_work.clone(), 40)).await;
    assert_eq!(outcome, IdentityOutcome::Done);
    assert_eq!(store.user_of_identity(&at_work).await.unwrap(), Some(wanjiru()));
    let account = store.account(AccountKey::User(wanjiru().id)).await.unwrap().unwrap();
    assert_eq!((account.person, account.role), (wanjiru(), AppRole::Owner), "the first account");
    assert!(account.password.is_none());
    assert_eq!(store.session(hash(40)).await.unwrap().unwrap().person, wanjiru());
    let linked = LinkedIdentity { identity: at_work, linked: NOW };
    assert_eq!(store.identities(wanjiru().id).await.unwrap(), [linked]);
}

pub async fn a_sign_up_with_a_login_or_an_identity_that_is_taken_writes_nothing(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    with_account(&store, &ann()).await;
    let like_ann = Person { name: PersonName::new("ANN").unwrap(), ..wanjiru() };
    let outcome = commit_one(&store, sign_up(like_ann.clone(), identity("work", "1"), 41)).await;
    assert_eq!(outcome, IdentityOutcome::LoginTaken);
    commit_one(&store, link(ann().id, identity("work", "1"))).await;
    let outcome = commit_one(&store, sign_up(wanjiru(), identity("work", "1"), 42)).await;
    assert_eq!(outcome, IdentityOutcome::Taken);
    assert_eq!(store.person(like_ann.id).await.unwrap(), None);
    for token in [41, 42] {
        assert_eq!(store.session(hash(token)).await.unwrap(), None);
    }
}

pub async fn an_identity_belongs_to_one_account_and_a_provider_to_an_account_once(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let outcome = commit_one(&store, link(ben().id, identity("work", "1"))).await;
    assert_eq!(outcome, IdentityOutcome::Stale, "a guest has no account");
    with_account(&store, &ann()).await;
    with_account(&store, &ben()).await;
    let moved = Issuer { issuer: "https://elsewhere.example".into(), ..issuer("work") };
    let outcomes = commit(
        &store,
        vec![
            link(ann().id, identity("work", "1")),
            link(ben().id, identity("work", "1")),
            link(ann().id, identity("work", "2")),
            link(ben().id, Identity { issuer: moved.clone(), subject: "1".into() }),
            link(ann().id, identity("home", "1")),
        ],
    )
    .await;
    use IdentityOutcome::{Done, Taken};
    assert_eq!(outcomes, [Done, Taken, Taken, Done, Done], "a subject means something at its issuer only");
    assert_eq!(providers(&store, ann().id).await, ["home", "work"]);
    assert_eq!(store.user_of_identity(&identity("work", "1")).await.unwrap(), Some(ann()));
    assert_eq!(store.user_of_identity(&identity("work", "2")).await.unwrap(), None);
}

pub async fn a_session_begins_only_with_an_identity_that_is_still_linked(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    with_account(&store, &ann()).await;
    with_account(&store, &ben()).await;
    commit_one(&store, link(ann().id, identity("work", "1"))).await;
    let begin = |user, token| IdentityWrite::SignIn {
        user,
        identity: identity("work", "1"),
        session: session(hash(token), Timestamp(NOW.0 + 1)),
    };
    let outcomes = commit(&store, vec![begin(ben().id, 50), begin(ann().id, 51)]).await;
    assert_eq!(outcomes, [IdentityOutcome::Stale, IdentityOutcome::Done]);
    assert_eq!(store.session(hash(50)).await.unwrap(), None);
    assert_eq!(store.session(hash(51)).await.unwrap().unwrap().person, ann());
    let writes = batch![unlink(ann().id, "work", &[]), begin(ann().id, 52)];
    let outcomes = store.commit(writes.into()).await.unwrap();
    assert_eq!(outcomes[1], Outcome::Identities(IdentityOutcome::Stale));
    // The rest of the transaction does not happen either.
    let device = AccountWrite::RememberDevice { user: ann().id, device: hash(53), at: NOW };
    let refused = Transaction { first: begin(ann().id, 54), then: vec![device.into()] };
    assert_eq!(commit_one(&store, refused).await, IdentityOutcome::Stale);
    assert!(!store.knows_device(ann().id, hash(53)).await.unwrap());
}

pub async fn the_last_way_into_an_account_stays(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    commit_one(&store, sign_up(wanjiru(), identity("work", "1"), 60)).await;
    let user = wanjiru().id;
    let outcome = commit_one(&store, unlink(user, "work", &["work"])).await;
    assert_eq!(outcome, IdentityOutcome::LastWayIn);
    commit_one(&store, link(user, identity("home", "1"))).await;
    // A provider that is no longer configured lets nobody in.
    let outcome = commit_one(&store, unlink(user, "work", &["work"])).await;
    assert_eq!(outcome, IdentityOutcome::LastWayIn);
    assert_eq!(commit_one(&store, unlink(user, "other", &["work", "home"])).await, IdentityOutcome::Stale);
    assert_eq!(commit_one(&store, unlink(user, "work", &["work", "home"])).await, IdentityOutcome::Done);
    assert_eq!(providers(&store, user).await, ["home"]);
    let password = PasswordHash("a hash".into());
    let set = AccountWrite::SetPassword { user, checked: PasswordHash::none(), password };
    assert_eq!(commit_one(&store, set).await, Checked::Done, "the first password");
    assert_eq!(commit_one(&store, unlink(user, "home", &["home"])).await, IdentityOutcome::Done);
    assert_eq!(providers(&store, user).await, [""; 0]);
}

pub async fn the_identities_of_a_deleted_user_are_gone(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    commit_one(&store, sign_up(wanjiru(), identity("work", "1"), 70)).await;
    let name = PersonName::new("Deleted user").unwrap();
    let (user, at) = (wanjiru().id, NOW);
    commit_one(&store, UserWrite::Remove { user, name, tokens_valid_from: NOW, at }).await;
    assert_eq!(store.user_of_identity(&identity("work", "1")).await.unwrap(), None);
    assert_eq!(providers(&store, user).await, [""; 0]);
    let begin =
        IdentityWrite::SignIn { user, identity: identity("work", "1"), session: session(hash(71), NOW) };
    assert_eq!(commit_one(&store, begin).await, IdentityOutcome::Stale);
}
