//! Signing in, on several devices, and out again.

use std::net::IpAddr;

use chat::store::Sessions;
use chat::testing::Node;
use chat::{Caller, No};
use wire::{AppRole, Refusal};

const GOOD: &str = "correct horse battery";

fn refused<T>(refusal: Refusal) -> Result<T, No> {
    Err(No::Refusal(refusal))
}

#[tokio::test]
async fn ann_claims_her_name_and_signs_in_elsewhere() {
    let node = Node::volatile();
    let (ann, at_home) = node.chat.introduce(&Caller::default(), "Ann Lee").await.unwrap();
    assert_eq!(node.chat.sign_in(&Caller::default(), "ann lee", GOOD).await, refused(Refusal::SignInWrong));
    assert_eq!(node.chat.claim(&ann, "12345678").await, refused(Refusal::PasswordWeak));
    assert_eq!(node.chat.claim(&ann, GOOD).await, Ok(AppRole::Owner));
    assert_eq!(node.chat.claim(&ann, GOOD).await, refused(Refusal::HasAccount));
    let phone = Caller { label: "a\nphone".into(), ..Caller::default() };
    let (who, on_phone) = node.chat.sign_in(&phone, " ANN  lee", GOOD).await.unwrap();
    assert_eq!(who, ann);
    for token in [&at_home, &on_phone] {
        assert_eq!(node.chat.recognise(token).await, Ok(Some(ann.clone())));
    }
    let labels: Vec<_> =
        node.chat.sessions(&ann).await.unwrap().into_iter().map(|session| session.label).collect();
    assert_eq!(labels, ["aphone", ""]);

    let namesake = node.introduce("ann LEE").await;
    assert_eq!(node.chat.claim(&namesake, GOOD).await, refused(Refusal::LoginTaken));
    let ben = node.introduce("ben").await;
    assert_eq!(node.chat.claim(&ben, GOOD).await, Ok(AppRole::Member));
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_its_sockets() {
    let node = Node::volatile();
    let (ann, at_home) = node.chat.introduce(&Caller::default(), "ann").await.unwrap();
    let change = async |old, new| node.chat.change_password(&ann, &at_home, old, new).await;
    assert_eq!(change(GOOD, "another horse battery").await, refused(Refusal::NoAccount));
    node.chat.claim(&ann, GOOD).await.unwrap();
    let (_, on_phone) = node.chat.sign_in(&Caller::default(), "ann", GOOD).await.unwrap();
    let socket = |token| {
        node.chat.ending(&Caller { me: Some(ann.clone()), session: Some(token), ..Caller::default() })
    };
    let (home, phone) = (socket(at_home.clone()), socket(on_phone.clone()));
    assert_eq!(change("wrong horse battery", "another horse battery").await, refused(Refusal::SignInWrong));
    assert!(!phone.is_over());
    assert_eq!(change(GOOD, "another horse battery").await, Ok(()));
    phone.over().await;
    assert!(!home.is_over());
    assert_eq!(node.chat.recognise(&on_phone).await, Ok(None));
    assert_eq!(node.chat.recognise(&at_home).await, Ok(Some(ann.clone())));
    assert_eq!(node.chat.sign_in(&Caller::default(), "ann", GOOD).await, refused(Refusal::SignInWrong));

    node.chat.sign_out(&ann, Sessions::One(at_home.hash())).await.unwrap();
    home.over().await;
    assert_eq!(node.chat.recognise(&at_home).await, Ok(None));
}

#[tokio::test]
async fn whoever_guesses_is_stopped_and_the_owner_is_let_in_later() {
    let node = Node::volatile();
    let ann = node.introduce("ann").await;
    node.chat.claim(&ann, GOOD).await.unwrap();
    let from: IpAddr = "198.51.100.7".parse().unwrap();
    let caller = Caller { from: Some(from), ..Caller::default() };
    for _ in 0..5 {
        assert_eq!(node.chat.sign_in(&caller, "ann", "a guess").await, refused(Refusal::SignInWrong));
    }
    let stopped = refused(Refusal::TooManySignIns { minutes: 15 });
    assert_eq!(node.chat.sign_in(&caller, "ann", GOOD).await.map(|_| ()), stopped);
    node.clock.advance(15 * 60_000);
    assert!(node.chat.sign_in(&caller, "ann", GOOD).await.is_ok());
}
