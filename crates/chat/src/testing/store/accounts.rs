//! Store contract: accounts, password resets, profiles and the owner.

use bytes::Bytes;
use wire::{AppRole, Description, Timestamp};

use super::writing::{NOW, batch, commit, commit_one, draft, hash, session, with_people};
use super::{Fresh, Tenant};
use crate::ports::store::{
    Account, AccountKey, AccountListing, AccountWrite, Checked, CreateAccount, CreateAccountOutcome, DEVICES,
    Done, FirstRole, Login, Outcome, PasswordHash, Profile, Range, Sender, SessionWrite, Sessions,
    Transaction, UserWrite, WithAudit,
};
use crate::testing::{ann, ben, cal};

fn claim(user: wire::UserId, login: &str) -> CreateAccount {
    claim_as(user, login, FirstRole::FirstIsOwner)
}

fn claim_as(user: wire::UserId, login: &str, rank: FirstRole) -> CreateAccount {
    CreateAccount { user, login: Login::new(login).unwrap(), password: kept(user), rank }
}

/// Returns the password hash of a user's new account.
fn kept(user: wire::UserId) -> PasswordHash {
    PasswordHash(format!("hash of {user}"))
}

pub async fn the_first_account_is_the_owners(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    assert_eq!(store.account(AccountKey::User(ann().id)).await.unwrap(), None);
    let writes = vec![claim(ben().id, "Ben"), claim(ann().id, "Ann Lee")];
    assert_eq!(commit(&store, writes).await, [CreateAccountOutcome::Done, CreateAccountOutcome::Done]);
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
    with_people(&store).await;
    let writes = vec![claim(ann().id, "ann"), claim(ben().id, "Ann"), claim(ann().id, "other")];
    let outcomes = commit(&store, writes).await;
    assert_eq!(
        outcomes,
        [CreateAccountOutcome::Done, CreateAccountOutcome::LoginTaken, CreateAccountOutcome::LoginTaken]
    );
    assert_eq!(store.account(AccountKey::User(ben().id)).await.unwrap(), None);
    let other = PasswordHash("another".into());
    let set = |checked, password| AccountWrite::SetPassword { user: ann().id, checked, password };
    let outcomes = commit(
        &store,
        vec![
            set(other.clone(), PasswordHash("stolen".into())),
            set(kept(ann().id), other.clone()),
            set(kept(ann().id), PasswordHash("late".into())),
        ],
    );
    let expected = [Checked::Stale, Checked::Done, Checked::Stale];
    assert_eq!(outcomes.await, expected, "only the password that was checked is changed");
    let account = store.account(AccountKey::User(ann().id)).await.unwrap().unwrap();
    assert_eq!(account.password, other);
}

pub async fn a_user_has_many_sessions_and_ends_them(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let later = Timestamp(NOW.0 + 5);
    for token in [4, 5, 6] {
        let sign_in =
            SessionWrite::SignIn { user: ann().id, checked: None, session: session(hash(token), later) };
        assert_eq!(commit_one(&store, sign_in).await, Checked::Done);
    }
    let tokens = async |store: &Tenant, user| -> Vec<u8> {
        store.sessions(user).await.unwrap().iter().map(|session| session.token.0[0]).collect()
    };
    assert_eq!(tokens(&store, ann().id).await, [6, 5, 4, 1], "the one that began last first");
    let newest = store.sessions(ann().id).await.unwrap().remove(0);
    assert_eq!((newest.label.as_str(), newest.since, newest.seen), ("a browser", later, later));
    assert_eq!(store.session(hash(5)).await.unwrap().unwrap().person, ann());

    let out = |user, which| SessionWrite::SignOut { user, which, at: NOW };
    // Nobody ends the sessions of another user.
    commit_one(&store, out(ben().id, Sessions::One(hash(6)))).await;
    commit_one(&store, out(ann().id, Sessions::One(hash(5)))).await;
    assert_eq!(tokens(&store, ann().id).await, [6, 4, 1]);
    assert_eq!(store.session(hash(5)).await.unwrap(), None);
    commit_one(&store, out(ann().id, Sessions::Others(hash(4)))).await;
    assert_eq!(tokens(&store, ann().id).await, [4]);
    commit_one(&store, out(ann().id, Sessions::All)).await;
    assert_eq!(tokens(&store, ann().id).await, [0u8; 0]);
    assert_eq!(tokens(&store, cal().id).await, [3]);
}

pub async fn accounts_are_listed_by_name_and_may_do_what_they_were_given(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    assert_eq!(store.accounts("", None, 9).await.unwrap(), []);
    assert!(!store.has_accounts().await.unwrap());
    commit(&store, vec![claim(cal().id, "cal"), claim(ann().id, "ann")]).await;
    commit_one(&store, AccountWrite::SetApplicationRole { user: ann().id, role: AppRole::Admin }).await;
    let listed = |person, role| AccountListing { person, role };
    let expected = [listed(ann(), AppRole::Admin), listed(cal(), AppRole::Owner)];
    assert_eq!(store.accounts("", None, 9).await.unwrap(), expected);
    assert!(store.has_accounts().await.unwrap());
    assert_eq!(store.accounts("", None, 1).await.unwrap(), expected[..1]);
    assert_eq!(store.accounts("", Some(ann().id), 9).await.unwrap(), expected[1..]);
    assert_eq!(store.accounts("AL", None, 9).await.unwrap(), expected[1..]);
}

pub async fn a_reset_sets_a_password_once(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    commit(&store, vec![claim(ann().id, "ann"), claim(ben().id, "ben")]).await;
    let offer = |token, user| AccountWrite::CreateReset { token: hash(token), user, by: None, until: NOW };
    commit(&store, vec![offer(1, ann().id), offer(2, ann().id), offer(3, ben().id)]).await;
    assert_eq!(store.reset(hash(1)).await.unwrap(), Some((ann().id, NOW)));
    assert_eq!(store.reset(hash(9)).await.unwrap(), None);
    let using =
        |token| AccountWrite::ResetPassword { token: hash(token), password: PasswordHash("new".into()) };
    let outcomes = commit(&store, vec![using(9), using(2), using(2), using(1)]).await;
    assert_eq!(outcomes, [Checked::Stale, Checked::Done, Checked::Stale, Checked::Stale]);
    let account = store.account(AccountKey::User(ann().id)).await.unwrap().unwrap();
    assert_eq!(account.password, PasswordHash("new".into()));
    assert_eq!(store.reset(hash(3)).await.unwrap(), Some((ben().id, NOW)), "ben's is his own");
    commit_one(&store, AccountWrite::SetApplicationRole { user: ben().id, role: AppRole::Admin }).await;
    assert_eq!(store.reset(hash(3)).await.unwrap(), None, "it was for somebody who was less");
    commit(&store, vec![offer(4, ben().id)]).await;
    let password = PasswordHash("his own".into());
    commit_one(&store, AccountWrite::SetPassword { user: ben().id, checked: kept(ben().id), password }).await;
    assert_eq!(store.reset(hash(4)).await.unwrap(), None, "he has set one himself");
    let bens = AccountWrite::CreateReset { token: hash(5), user: ann().id, by: Some(ben().id), until: NOW };
    commit(&store, vec![bens, offer(6, ann().id)]).await;
    commit_one(&store, AccountWrite::SetApplicationRole { user: ben().id, role: AppRole::Member }).await;
    assert_eq!(store.reset(hash(5)).await.unwrap(), None, "whoever made it may not any more");
    assert_eq!(store.reset(hash(6)).await.unwrap(), Some((ann().id, NOW)));
}

pub async fn what_is_noted_is_kept_with_what_is_done(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let topic = wire::Topic::app_audit();
    let noted = |write: CreateAccount, id: &str| WithAudit {
        write,
        note: draft(&topic, Sender::User(ann().id), id, id),
    };
    let writes = vec![noted(claim(ann().id, "ann"), "1"), noted(claim(ben().id, "Ann"), "2")];
    assert_eq!(commit(&store, writes).await, [CreateAccountOutcome::Done, CreateAccountOutcome::LoginTaken]);
    assert!(store.account(AccountKey::User(ann().id)).await.unwrap().is_some());
    let range = Range { limit: 9, ..Range::default() };
    let page = store.page(&topic, range).await.unwrap();
    let ids: Vec<_> = page.entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["1"], "what was refused is not told");
}

pub async fn people_tell_of_themselves(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    let nobody = wire::UserId::from_bytes([0; 10]);
    assert_eq!(store.profile(nobody).await.unwrap(), None);
    let profile = async || store.profile(ann().id).await.unwrap().unwrap();
    let empty = Profile { person: ann(), since: NOW, bio: Description::default(), has_picture: false };
    assert_eq!(profile().await, empty);
    assert_eq!(store.picture(ann().id).await.unwrap(), None);
    let bio = Description::new("I bake.").unwrap();
    let jpeg = |byte| Some(Bytes::from(vec![byte; 300]));
    let portray = |picture| UserWrite::SetAvatar { user: ann().id, picture };
    let writes = vec![
        UserWrite::SetBio { user: ann().id, bio: bio.clone() },
        portray(jpeg(1)),
        portray(jpeg(2)),
        UserWrite::SetAvatar { user: nobody, picture: None },
    ];
    assert_eq!(commit(&store, writes).await, [Done; 4]);
    assert_eq!(profile().await, Profile { bio: bio.clone(), has_picture: true, ..empty.clone() });
    assert_eq!(store.picture(ann().id).await.unwrap(), jpeg(2));
    assert_eq!(store.picture(ben().id).await.unwrap(), None);
    commit_one(&store, portray(None)).await;
    assert_eq!(profile().await, Profile { bio, ..empty });
}

pub async fn an_owner_is_the_only_one(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    assert!(!store.has_owner().await.unwrap());
    let created = Outcome::CreateAccount(CreateAccountOutcome::Done);
    let writes = batch![
        AccountWrite::MakeOwner { user: ann().id },
        claim_as(ann().id, "ann", FirstRole::Member),
        claim_as(ben().id, "ben", FirstRole::FirstIsOwner),
    ];
    assert_eq!(
        commit(&store, writes).await,
        [Outcome::Accounts(Checked::Stale), created.clone(), created.clone()]
    );
    assert!(!store.has_owner().await.unwrap(), "ben was not the first");
    let writes = batch![
        claim_as(cal().id, "cal", FirstRole::Owner),
        AccountWrite::MakeOwner { user: ann().id },
        claim_as(cal().id, "another", FirstRole::Owner),
    ];
    assert_eq!(
        commit(&store, writes).await,
        [
            created,
            Outcome::Accounts(Checked::Stale),
            Outcome::CreateAccount(CreateAccountOutcome::LoginTaken)
        ]
    );
    assert!(store.has_owner().await.unwrap());
    let role = store.account(AccountKey::User(cal().id)).await.unwrap().unwrap().role;
    assert_eq!(role, AppRole::Owner);
}

pub async fn a_session_begins_only_with_the_password_that_was_checked(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    commit_one(&store, claim(ann().id, "ann")).await;
    let sign_in = |token, checked: &str| SessionWrite::SignIn {
        user: ann().id,
        checked: Some(PasswordHash(checked.into())),
        session: session(hash(token), NOW),
    };
    let right = kept(ann().id).0;
    let change = AccountWrite::SetPassword {
        user: ann().id,
        checked: kept(ann().id),
        password: PasswordHash("new".into()),
    };
    let writes = batch![sign_in(4, "wrong"), sign_in(5, &right), change, sign_in(6, &right)];
    let outcomes = commit(&store, writes).await;
    let [done, stale] = [Checked::Done, Checked::Stale].map(Outcome::Sessions);
    assert_eq!(outcomes, [stale.clone(), done, Outcome::Accounts(Checked::Done), stale]);
    assert!(store.session(hash(5)).await.unwrap().is_some());
    assert_eq!(store.session(hash(6)).await.unwrap(), None);
}

pub async fn writes_that_belong_together_are_all_made_or_none(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    commit_one(&store, claim(ann().id, "ann")).await;
    let change = |checked: PasswordHash| Transaction {
        first: AccountWrite::SetPassword { user: ann().id, checked, password: PasswordHash("new".into()) },
        then: batch![
            SessionWrite::SignOut { user: ann().id, which: Sessions::All, at: NOW },
            SessionWrite::SignIn { user: ann().id, checked: None, session: session(hash(7), NOW) },
        ],
    };
    let before = store.sessions(ann().id).await.unwrap();
    assert_eq!(commit_one(&store, change(PasswordHash("wrong".into()))).await, Checked::Stale);
    assert_eq!(store.sessions(ann().id).await.unwrap(), before);
    assert_eq!(commit_one(&store, change(kept(ann().id))).await, Checked::Done);
    let tokens: Vec<_> =
        store.sessions(ann().id).await.unwrap().into_iter().map(|session| session.token).collect();
    assert_eq!(tokens, [hash(7)]);
}

pub async fn the_devices_seen_last_are_known(fresh: impl Fresh) {
    let store = fresh();
    with_people(&store).await;
    commit(&store, vec![claim(ann().id, "ann"), claim(ben().id, "ben")]).await;
    let know = |device: usize, at: usize| AccountWrite::RememberDevice {
        user: ann().id,
        device: hash(u8::try_from(device).unwrap()),
        at: Timestamp(NOW.0 + i64::try_from(at).unwrap()),
    };
    commit(&store, (0..DEVICES).map(|device| know(device, device)).collect()).await;
    commit(&store, vec![know(0, DEVICES), know(DEVICES, DEVICES + 1)]).await;
    let knows = async |device: usize| {
        store.knows_device(ann().id, hash(u8::try_from(device).unwrap())).await.unwrap()
    };
    assert!(knows(0).await && knows(2).await && knows(DEVICES).await);
    assert!(!knows(1).await, "it was seen longest ago");
    assert!(!store.knows_device(ben().id, hash(0)).await.unwrap(), "each account has its own");
}
