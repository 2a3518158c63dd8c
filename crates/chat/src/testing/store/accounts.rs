use wire::{AppRole, Login, Timestamp};

use super::Fresh;
use super::writing::{NOW, commit, commit_one, hash, session, with_people};
use crate::store::{Account, AccountKey, Outcome, PasswordHash, Sessions, Store, Write};
use crate::testing::{ann, ben, cal};

fn claim(user: wire::UserId, login: &str) -> Write {
    let login = Login::new(login).unwrap();
    Write::Claim { user, login, password: PasswordHash(format!("hash of {user}")) }
}

pub async fn the_first_account_is_the_owners(fresh: impl Fresh) {
    let store = fresh();
    with_people(&*store).await;
    assert_eq!(store.account(AccountKey::User(ann().id)).await.unwrap(), None);
    let writes = vec![claim(ben().id, "Ben"), claim(ann().id, "Ann Lee")];
    assert_eq!(commit(&*store, writes).await, [Outcome::Done, Outcome::Done]);
    let account = Account {
        person: ann(),
        password: PasswordHash(format!("hash of {}", ann().id)),
        role: AppRole::Member,
    };
    let by_login = AccountKey::Login(Login::new("ANN lee").unwrap());
    assert_eq!(store.account(by_login).await.unwrap(), Some(account.clone()));
    assert_eq!(store.account(AccountKey::User(ann().id)).await.unwrap(), Some(account));
    let owner = store.account(AccountKey::User(ben().id)).await.unwrap().unwrap();
    assert_eq!(owner.role, AppRole::Owner);
    assert_eq!(store.account(AccountKey::Login(Login::new("cal").unwrap())).await.unwrap(), None);
}

pub async fn one_login_is_one_account_and_one_person_has_one(fresh: impl Fresh) {
    let store = fresh();
    with_people(&*store).await;
    let writes = vec![claim(ann().id, "ann"), claim(ben().id, "Ann"), claim(ann().id, "other")];
    let outcomes = commit(&*store, writes).await;
    assert_eq!(outcomes, [Outcome::Done, Outcome::LoginTaken, Outcome::LoginTaken]);
    assert_eq!(store.account(AccountKey::User(ben().id)).await.unwrap(), None);
    let other = PasswordHash("another".into());
    commit_one(&*store, Write::SetPassword { user: ann().id, password: other.clone() }).await;
    let account = store.account(AccountKey::User(ann().id)).await.unwrap().unwrap();
    assert_eq!(account.password, other);
}

pub async fn a_user_has_many_sessions_and_ends_them(fresh: impl Fresh) {
    let store = fresh();
    with_people(&*store).await;
    let later = Timestamp(NOW.0 + 5);
    for token in [4, 5, 6] {
        let sign_in = Write::SignIn { user: ann().id, session: session(hash(token), later) };
        assert_eq!(commit_one(&*store, sign_in).await, Outcome::Done);
    }
    let tokens = async |store: &dyn Store, user| -> Vec<u8> {
        store.sessions(user).await.unwrap().iter().map(|session| session.token.0[0]).collect()
    };
    assert_eq!(tokens(&*store, ann().id).await, [6, 5, 4, 1], "the one that began last first");
    let newest = store.sessions(ann().id).await.unwrap().remove(0);
    assert_eq!((newest.label.as_str(), newest.since, newest.seen), ("a browser", later, later));
    assert_eq!(store.session(hash(5)).await.unwrap().unwrap().person, ann());

    let out = |user, which| Write::SignOut { user, which };
    // Nobody ends the sessions of others.
    commit_one(&*store, out(ben().id, Sessions::One(hash(6)))).await;
    commit_one(&*store, out(ann().id, Sessions::One(hash(5)))).await;
    assert_eq!(tokens(&*store, ann().id).await, [6, 4, 1]);
    assert_eq!(store.session(hash(5)).await.unwrap(), None);
    commit_one(&*store, out(ann().id, Sessions::Others(hash(4)))).await;
    assert_eq!(tokens(&*store, ann().id).await, [4]);
    commit_one(&*store, out(ann().id, Sessions::All)).await;
    assert_eq!(tokens(&*store, ann().id).await, [0u8; 0]);
    assert_eq!(tokens(&*store, cal().id).await, [3]);
}
