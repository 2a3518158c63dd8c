//! Signing in on several devices, and signing out.

use std::net::IpAddr;
use std::sync::Arc;

use chat::store::Sessions;
use chat::testing::{Listener, Node, SeededChance, guest};
use chat::{Caller, Error, Limits, MemoryStore, SignUp, Token, Window};
use wire::{AppRole, AuditEvent, EndedSessions, GroupName, GroupSummary, Refusal, Seq, Topic};

const GOOD: &str = "correct horse battery";

fn refused<T>(refusal: Refusal) -> Result<T, Error> {
    Err(Error::Refusal(refusal))
}

#[tokio::test]
async fn ann_claims_her_name_and_signs_in_elsewhere() {
    let node = Node::volatile();
    let (ann, at_home) = guest(&node.chat, "Ann Lee").await;
    assert_eq!(node.chat.sign_in(&Caller::default(), "ann lee", GOOD).await, refused(Refusal::SignInWrong));
    assert_eq!(node.chat.create_account(&ann, "12345678").await, refused(Refusal::PasswordWeak));
    let namesake = node.introduce("ann LEE").await;
    assert_eq!(node.chat.create_account(&ann, GOOD).await, Ok(AppRole::Owner));
    assert_eq!(node.chat.create_account(&ann, GOOD).await, refused(Refusal::HasAccount));
    let phone = Caller { label: "a\nphone".into(), ..Caller::default() };
    let (who, on_phone) = node.chat.sign_in(&phone, " ANN  lee", GOOD).await.unwrap();
    assert_eq!(who, ann.person());
    for token in [&at_home, &on_phone] {
        assert_eq!(node.user_of(token).await, Some(ann.person()));
    }
    let labels: Vec<_> =
        node.chat.sessions(&ann).await.unwrap().into_iter().map(|session| session.label).collect();
    assert_eq!(labels, ["aphone", ""]);

    let late = node.chat.create_guest(&Caller::default(), "ann LEE").await;
    assert_eq!(late, refused(Refusal::LoginTaken), "nobody takes the name of an account");
    assert_eq!(node.chat.create_account(&namesake, GOOD).await, refused(Refusal::LoginTaken));
    let ben = node.introduce("ben").await;
    assert_eq!(node.chat.create_account(&ben, GOOD).await, Ok(AppRole::Member));
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_its_sockets() {
    let node = Node::volatile();
    let (ann, at_home) = guest(&node.chat, "ann").await;
    let here = Caller { session: Some(at_home.clone()), ..ann.caller() };
    let change = async |old, new| node.chat.change_password(&here, old, new).await;
    assert_eq!(change(GOOD, "another horse battery").await, refused(Refusal::NoAccount));
    node.chat.create_account(&ann, GOOD).await.unwrap();
    let (_, on_phone) = node.chat.sign_in(&Caller::default(), "ann", GOOD).await.unwrap();
    let socket = |token| {
        let (reader, _) = chat::testing::reader(&node.chat, &ann);
        let caller = Caller { session: Some(token), ..ann.caller() };
        let ending = node.chat.watch_revocation(&caller, reader.close_handle(), reader.wake_handle());
        (reader, ending)
    };
    let ((home, _home), (phone, _phone)) = (socket(at_home.clone()), socket(on_phone.clone()));
    assert_eq!(change("wrong horse battery", "another horse battery").await, refused(Refusal::SignInWrong));
    assert!(!phone.is_closed());
    assert_eq!(change(GOOD, "another horse battery").await, Ok(()));
    phone.woken().await;
    assert!(phone.is_closed());
    assert!(!home.is_closed());
    assert_eq!(node.user_of(&on_phone).await, None);
    assert_eq!(node.user_of(&at_home).await, Some(ann.person()));
    assert_eq!(node.chat.sign_in(&Caller::default(), "ann", GOOD).await, refused(Refusal::SignInWrong));

    node.chat.sign_out(&ann, Sessions::One(at_home.hash())).await.unwrap();
    home.woken().await;
    assert!(home.is_closed());
    assert_eq!(node.user_of(&at_home).await, None);
}

#[tokio::test]
async fn whoever_guesses_is_stopped_and_the_owner_is_let_in_later() {
    let node = Node::volatile();
    let ann = node.introduce("ann").await;
    node.chat.create_account(&ann, GOOD).await.unwrap();
    let from: IpAddr = "198.51.100.7".parse().unwrap();
    let caller = Caller { from: Some(from), ..Caller::default() };
    for _ in 0..5 {
        assert_eq!(node.chat.sign_in(&caller, "ann", "a wrong guess").await, refused(Refusal::SignInWrong));
    }
    let stopped = refused(Refusal::TooManySignIns { minutes: 15 });
    assert_eq!(node.chat.sign_in(&caller, "ann", GOOD).await.map(|_| ()), stopped);
    node.clock.advance(15 * 60_000);
    assert!(node.chat.sign_in(&caller, "ann", GOOD).await.is_ok());
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_a_link_that_works_once() {
    let node = Node::volatile();
    let (ann, ben, cal) =
        (node.introduce("ann").await, node.introduce("ben").await, node.introduce("cal").await);
    for person in [&ann, &ben, &cal] {
        node.chat.create_account(person, "correct horse battery").await.unwrap();
    }
    let refused = |answer: Result<Token, Error>| match answer {
        Err(Error::Refusal(refusal)) => refusal,
        other => panic!("{other:?} is no refusal"),
    };
    assert_eq!(refused(node.chat.create_password_reset(&ben, cal.id).await), Refusal::NotAppAdmin);
    node.chat.set_application_role(&ann, ben.id, AppRole::Admin).await.unwrap();
    assert_eq!(refused(node.chat.create_password_reset(&ben, ann.id).await), Refusal::NotAppAdmin);
    let (used, late) = (
        node.chat.create_password_reset(&ben, cal.id).await.unwrap(),
        node.chat.create_password_reset_by_name(&Caller::operator(), "CAL").await.unwrap(),
    );
    assert_eq!(node.chat.reset_of(&Caller::default(), &used).await.unwrap(), cal.person());
    let caller = Caller::default();
    assert_eq!(refused(node.chat.reset_password(&caller, &used, "password").await), Refusal::PasswordWeak);
    let session = node.chat.reset_password(&caller, &used, "a much better one").await.unwrap();
    assert_eq!(node.user_of(&session).await, Some(cal.person()));
    assert_eq!(node.chat.sessions(&cal).await.unwrap().len(), 1, "all others have ended");
    assert!(node.chat.sign_in(&caller, "cal", "a much better one").await.is_ok());
    for over in [&used, &late] {
        assert_eq!(
            refused(node.chat.reset_password(&caller, over, "yet another one").await),
            Refusal::ResetOver
        );
    }
    let old = node.chat.create_password_reset(&ann, ben.id).await.unwrap();
    node.clock.advance(24 * 60 * 60 * 1_000);
    assert_eq!(refused(node.chat.reset_password(&caller, &old, "yet another one").await), Refusal::ResetOver);
}

#[tokio::test]
async fn the_operator_chooses_who_may_come() {
    let limits = |sign_up| Limits { sign_up, ..Node::patient() };
    for sign_up in [SignUp::Invite, SignUp::Closed] {
        let store = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
        let node = Node::limited(store, limits(sign_up));
        let ann = node.introduce("ann").await;
        node.chat.create_account(&ann, "correct horse battery").await.unwrap();
        let group = node.group(&ann, "tea").await;
        let invite = node.chat.create_invite(&ann, group, 60, 1).await.unwrap();
        let come = async |name: &str, invite| {
            node.chat.create_guest_by(&Caller::default(), name, invite).await.map(|_| ())
        };
        let closed = Err(Error::Refusal(Refusal::SignUpClosed));
        assert_eq!(come("ben", None).await, closed, "{sign_up:?}");
        let invited = if sign_up == SignUp::Invite { Ok(()) } else { closed };
        assert_eq!(come("cal", Some((group, invite))).await, invited, "{sign_up:?}");
    }
}

#[tokio::test]
async fn what_is_done_to_accounts_and_sessions_is_in_the_audit_log_of_the_application() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    for person in [&ann, &ben] {
        node.chat.create_account(person, GOOD).await.unwrap();
    }
    let tea = node.group(&ben, "tea").await;
    node.chat.delete_group(&ben, tea, "tea").await.unwrap();
    let phone = Caller { label: "phone".into(), ..Caller::default() };
    let (_, on_phone) = node.chat.sign_in(&phone, "ben", GOOD).await.unwrap();
    assert_eq!(node.chat.application_audit(&ben, None).await, refused(Refusal::NotAppAdmin));
    node.chat.set_application_role(&ann, ben.id, AppRole::Admin).await.unwrap();
    node.chat
        .change_password(&Caller { session: Some(on_phone), ..ben.caller() }, GOOD, "battery horse correct")
        .await
        .unwrap();
    node.chat.sign_out(&ben, Sessions::All).await.unwrap();
    let link = node.chat.create_password_reset(&ann, ben.id).await.unwrap();
    node.chat.reset_password(&phone, &link, GOOD).await.unwrap();
    node.chat.create_password_reset_by_name(&Caller::operator(), "ann").await.unwrap();
    let guest = node.introduce("guest").await;
    node.chat.sign_out(&guest, Sessions::All).await.unwrap();
    assert_eq!(node.chat.create_account(&ann, GOOD).await, refused(Refusal::HasAccount));

    let log = node.chat.application_audit(&ben, None).await.unwrap();
    let events: Vec<AuditEvent> = log.entries.into_iter().map(|entry| entry.data).collect();
    let (a, b) = (|| ann.clone(), || ben.clone());
    let group = GroupSummary { id: tea, name: GroupName::new("tea").unwrap() };
    assert_eq!(
        events,
        [
            AuditEvent::Claimed { by: a().person() },
            AuditEvent::Claimed { by: b().person() },
            AuditEvent::GroupDeleted { by: b().person(), group },
            AuditEvent::SignedIn { by: b().person(), label: "phone".into() },
            AuditEvent::Ranked { by: a().person(), of: b().person(), role: AppRole::Admin },
            AuditEvent::PasswordChanged { by: b().person() },
            AuditEvent::SignedOut { by: b().person(), sessions: EndedSessions::All },
            AuditEvent::ResetOffered { by: Some(a().person()), of: b().person() },
            AuditEvent::ResetUsed { by: b().person() },
            AuditEvent::ResetOffered { by: None, of: a().person() },
        ]
    );
    let earlier = node.chat.application_audit(&ben, Some(Seq(3))).await.unwrap();
    assert_eq!(earlier.entries.len(), 2);
}

#[tokio::test]
async fn whoever_is_no_admin_of_the_application_any_more_hears_no_more_of_its_audit_log() {
    let node = Node::volatile();
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    for person in [&ann, &ben] {
        node.chat.create_account(person, GOOD).await.unwrap();
    }
    let topic = Topic::app_audit();
    let mut bens = Listener::new(&node.chat, Some(&ben));
    assert_eq!(bens.subscribe(&topic, None).await, refused(Refusal::NotAppAdmin));
    node.chat.set_application_role(&ann, ben.id, AppRole::Admin).await.unwrap();
    bens.subscribe(&topic, Some(node.beginning())).await.unwrap();
    bens.until_seq(&topic, 3).await;
    node.chat.set_application_role(&ann, ben.id, AppRole::Member).await.unwrap();
    node.chat.create_password_reset_by_name(&Caller::operator(), "ann").await.unwrap();
    bens.until_ended(&topic).await;
    assert_eq!(bens.seqs(&topic), [1, 2, 3, 4], "up to the entry that ends his role");
}

#[tokio::test]
async fn admins_of_the_application_read_the_audit_log_of_any_group_but_not_what_is_said_in_it() {
    let node = Node::volatile();
    let (ann, ben, cal) =
        (node.introduce("ann").await, node.introduce("ben").await, node.introduce("cal").await);
    node.chat.create_account(&ann, GOOD).await.unwrap();
    let tea = node.group(&ben, "tea").await;
    node.chat.join(&cal, tea, None).await.unwrap();
    node.chat.set_role(&ben, tea, cal.id, wire::Role::Admin).await.unwrap();
    let (name, log) = node.chat.group_audit(&ann, tea, None).await.unwrap();
    assert_eq!((name.as_str(), log.entries.len()), ("tea", 2));
    let caller = ann.caller();
    let history = node.chat.history(&caller, &Topic::group(tea), chat::store::Range::default()).await;
    assert_eq!(history, refused(Refusal::NotMember));
    let dan = node.introduce("dan").await;
    assert_eq!(node.chat.group_audit(&dan, tea, None).await, refused(Refusal::NotMember));
}
