//! New users: their names, their number, and the owner.

use std::net::IpAddr;
use std::sync::Arc;

use chat::testing::{Node, SeededChance, guest};
use chat::{Caller, Error, Limits, MemoryStore, Token, Window};
use wire::{AppRole, Refusal};

const GOOD: &str = "correct horse battery";

fn limited(limits: Limits) -> Node {
    Node::limited(Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default())), limits)
}

fn caller(address: &str) -> Caller {
    Caller { from: Some(address.parse::<IpAddr>().unwrap()), ..Caller::default() }
}

async fn come(node: &Node, caller: &Caller, name: &str) -> Result<(), Refusal> {
    match node.chat.create_guest(caller, name).await {
        Ok(_) => Ok(()),
        Err(Error::Refusal(refusal)) => Err(refusal),
        Err(Error::Fault(fault)) => panic!("{fault}"),
    }
}

#[tokio::test]
async fn a_guest_cannot_look_like_somebody_with_an_account() {
    let node = Node::volatile();
    let mark = node.introduce("Mark").await;
    node.chat.create_account(&mark, GOOD).await.unwrap();
    let here = Caller::default();
    for alike in ["Mark", "mark", "MARK ", "Mаrk", "Ｍａｒｋ", "𝐌ark"] {
        assert_eq!(come(&node, &here, alike).await, Err(Refusal::LoginTaken), "{alike}");
    }
    for invisible in ["Mark\u{200b}", "Ma\u{200d}rk", "Mark\u{feff}", "Mark\u{2800}"] {
        assert_eq!(come(&node, &here, invisible).await, Err(Refusal::NameHasControls), "{invisible:?}");
    }
    for other in ["Marko", "Mara", "马克", "مارك", "מארק"] {
        assert_eq!(come(&node, &here, other).await, Ok(()), "{other}");
    }
}

#[tokio::test]
async fn a_name_and_a_password_are_the_same_in_every_normal_form() {
    let node = Node::volatile();
    let (decomposed, composed) = ("Nguye\u{302}\u{303}n Thi\u{323}", "Nguyễn Thị");
    let nguyen = node.introduce(decomposed).await;
    assert_eq!(nguyen.name.as_str(), composed);
    node.chat.create_account(&nguyen, "trà đá vỉa hè").await.unwrap();
    for name in [decomposed, composed] {
        for password in ["trà đá vỉa hè", "tra\u{300} đa\u{301} vi\u{309}a he\u{300}"] {
            let (who, _) = node.chat.sign_in(&Caller::default(), name, password).await.unwrap();
            assert_eq!(who, nguyen.person());
        }
    }
    let tea = node.chat.create_group(&nguyen, "Tra\u{300} đa\u{301}", wire::JoinPolicy::Open).await.unwrap();
    assert_eq!(tea.name.as_str(), "Trà đá");
}

#[tokio::test]
async fn only_so_many_guests_come_from_one_network_in_a_day() {
    let node = limited(Limits { newcomer_burst: u32::MAX, guests_per_day: 3, ..Node::patient() });
    let neighbours = ["2001:db8::1", "2001:db8::2", "2001:db8::3:4:5:6"].map(caller);
    for (caller, name) in neighbours.iter().zip(["ann", "ben", "cal"]) {
        assert_eq!(come(&node, caller, name).await, Ok(()));
    }
    let full = Err(Refusal::TooManyGuests { minutes: 24 * 60 });
    assert_eq!(come(&node, &neighbours[0], "dan").await, full);
    assert_eq!(come(&node, &caller("2001:db8:0:1::1"), "dan").await, Ok(()), "another network");
    node.clock.advance(24 * 60 * 60_000);
    assert_eq!(come(&node, &neighbours[0], "eve").await, Ok(()));
}

#[tokio::test]
async fn guests_who_never_did_anything_are_gone_after_a_week() {
    let node = Node::volatile();
    let (idle, token) = guest(&node.chat, "idle").await;
    let busy = node.introduce("busy").await;
    node.group(&busy, "tea").await;
    let day = 24 * 60 * 60_000;
    node.clock.advance(7 * day);
    assert_eq!(node.chat.sweep().await, Ok(0));
    node.clock.advance(1);
    assert_eq!(node.chat.sweep().await, Ok(1));
    assert_eq!(node.user_of(&token).await, None);
    let direct = async |with| node.chat.open_direct(&busy, with, wire::PageStart::Newest).await.map(|_| ());
    assert_eq!(direct(idle.id).await, Err(Refusal::NotFound.into()));
}

#[tokio::test]
async fn a_session_ends_when_somebody_signs_in_or_comes_anew_in_the_same_browser() {
    let node = Node::volatile();
    let (ann, first) = guest(&node.chat, "ann").await;
    node.chat.create_account(&ann, GOOD).await.unwrap();
    let browser =
        |me: &chat::testing::User, session: &Token| Caller { session: Some(session.clone()), ..me.caller() };
    let (_, second) = node.chat.sign_in(&browser(&ann, &first), "ann", GOOD).await.unwrap();
    assert_eq!(node.user_of(&first).await, None);
    let (ben, third) = node.chat.create_guest(&browser(&ann, &second), "ben").await.unwrap();
    let ben = chat::testing::User::from(ben);
    assert_eq!(node.user_of(&second).await, None);
    let link = node.chat.create_password_reset_by_name(&Caller::operator(), "ann").await.unwrap();
    let fourth = node.chat.reset_password(&browser(&ben, &third), &link, "a much better one").await.unwrap();
    assert_eq!(node.user_of(&third).await, None);
    assert_eq!(node.user_of(&fourth).await, Some(ann.person()));
    // One wrong guess ends nothing.
    let wrong = node.chat.sign_in(&browser(&ann, &fourth), "ann", "wrong horse battery").await;
    assert!(wrong.is_err());
    assert_eq!(node.user_of(&fourth).await, Some(ann.person()));
}

#[tokio::test]
async fn the_owner_of_a_public_server_comes_by_a_link_that_works_once() {
    let node = limited(Limits { owner_by_link: true, sign_up: chat::SignUp::Closed, ..Node::patient() });
    let here = Caller::default();
    assert_eq!(come(&node, &here, "stranger").await, Err(Refusal::SignUpClosed));
    let link = node.chat.offer_ownership().await.unwrap().unwrap();
    let become_owner = async |caller: &Caller, link: &Token, name: &str, password: &str| {
        node.chat.become_owner(caller, link, name, password).await
    };
    let wrong = become_owner(&here, &Token::from_bytes([1; 32]), "eve", GOOD).await;
    assert_eq!(wrong, Err(Refusal::ResetOver.into()));
    assert_eq!(become_owner(&here, &link, "ann", "password").await, Err(Refusal::PasswordWeak.into()));
    let session = become_owner(&here, &link, "ann", GOOD).await.unwrap().unwrap();
    let ann = node.chat.authenticate(&session).await.unwrap().unwrap();
    assert_eq!(node.chat.account(&ann.person.into()).await.unwrap().unwrap().role, AppRole::Owner);
    assert_eq!(become_owner(&here, &link, "eve", GOOD).await, Err(Refusal::ResetOver.into()));
    assert_eq!(node.chat.offer_ownership().await, Ok(None), "there is an owner");
}

#[tokio::test]
async fn on_a_public_server_the_first_account_is_a_members_and_may_become_the_owners_by_the_link() {
    let node = limited(Limits { owner_by_link: true, ..Node::patient() });
    let (ann, ben) = (node.introduce("ann").await, node.introduce("ben").await);
    assert_eq!(node.chat.create_account(&ben, GOOD).await, Ok(AppRole::Member));
    let link = node.chat.offer_ownership().await.unwrap().unwrap();
    // A guest creates an account, a member has one.
    for me in [&ann, &ben] {
        let owned = node.chat.become_owner(me, &link, "", GOOD).await;
        assert_eq!(owned, if *me == ann { Ok(None) } else { Err(Refusal::ResetOver.into()) });
    }
    assert_eq!(node.chat.account(&ann).await.unwrap().unwrap().role, AppRole::Owner);
    assert_eq!(node.chat.account(&ben).await.unwrap().unwrap().role, AppRole::Member);

    let node = limited(Limits { owner_by_link: true, ..Node::patient() });
    let ben = node.introduce("ben").await;
    node.chat.create_account(&ben, GOOD).await.unwrap();
    let link = node.chat.offer_ownership().await.unwrap().unwrap();
    assert_eq!(node.chat.become_owner(&ben, &link, "", "").await, Ok(None));
    assert_eq!(node.chat.account(&ben).await.unwrap().unwrap().role, AppRole::Owner);
}
