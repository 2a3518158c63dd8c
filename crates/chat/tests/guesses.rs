//! Password guesses, and users who know their password.

use std::net::IpAddr;
use std::sync::Arc;

use chat::testing::{Node, SeededChance, User};
use chat::{Caller, Error, LocalBus, MemoryStore, Token, Window};
use futures::future::{join, join_all};
use wire::Refusal;

const GOOD: &str = "correct horse battery";

/// Returns a caller on another machine.
fn caller(address: &str) -> Caller {
    Caller { from: Some(address.parse::<IpAddr>().unwrap()), ..Caller::default() }
}

fn device(number: u8) -> Token {
    Token::from_bytes([number; 32])
}

fn refusal<T>(answer: Result<T, Error>) -> Option<Refusal> {
    match answer {
        Ok(_) => None,
        Err(Error::Refusal(refusal)) => Some(refusal),
        Err(Error::Fault(fault)) => panic!("{fault}"),
    }
}

async fn guess(node: &Node, caller: &Caller, name: &str) -> Option<Refusal> {
    refusal(node.chat.sign_in(caller, name, "one of many guesses").await)
}

/// Returns a node where 山田 has an account, and the number of passwords hashed until then.
async fn node() -> (Node, User, u64) {
    let node = Node::volatile();
    let yamada = node.introduce("山田 太郎").await;
    node.chat.create_account(&yamada, GOOD).await.unwrap();
    let hashed = node.chat.password_hashes();
    (node, yamada, hashed)
}

#[tokio::test]
async fn of_many_guesses_at_once_only_as_many_are_hashed_as_are_allowed_and_the_owner_gets_in_meanwhile() {
    let (node, yamada, before) = node().await;
    let home = Caller { device: Some(device(1)), ..caller("192.0.2.1") };
    node.chat.sign_in(&home, "山田 太郎", GOOD).await.unwrap();
    let hashed = |node: &Node| node.chat.password_hashes() - before - 1;

    // 200 from one network, the owner's own.
    let office = caller("192.0.2.1");
    let guesses = join_all((0..200).map(|_| guess(&node, &office, "山田 太郎")));
    let (guesses, owner) = join(guesses, node.chat.sign_in(&home, "山田 太郎", GOOD)).await;
    assert_eq!(owner.unwrap().0, yamada.person());
    assert_eq!(guesses.iter().filter(|guess| **guess == Some(Refusal::SignInWrong)).count(), 5);
    assert_eq!(hashed(&node), 5 + 1);

    // 200 from fifty networks.
    let networks: Vec<_> = (0..50).map(|n| caller(&format!("2001:db8:0:{n:x}::{n:x}"))).collect();
    let guesses = join_all((0..200).map(|n| guess(&node, &networks[n % 50], "山田 太郎")));
    let (guesses, owner) = join(guesses, node.chat.sign_in(&home, "山田 太郎", GOOD)).await;
    assert_eq!(owner.unwrap().0, yamada.person());
    assert_eq!(guesses.iter().filter(|guess| **guess == Some(Refusal::SignInWrong)).count(), 50 - 5);
    assert_eq!(hashed(&node), 50 + 2);
}

#[tokio::test]
async fn one_network_has_thirty_guesses_however_many_accounts_it_tries_and_however_it_is_written() {
    let (node, _, before) = node().await;
    let from = ["::ffff:198.51.100.7", "198.51.100.7"].map(caller);
    let names: Vec<_> = (0..60).map(|n| format!("nobody {n}")).collect();
    let guesses = join_all((0..60).map(|n| guess(&node, &from[n % 2], &names[n]))).await;
    assert_eq!(guesses.iter().filter(|guess| **guess == Some(Refusal::SignInWrong)).count(), 30);
    assert_eq!(node.chat.password_hashes() - before, 30, "an account that is not there takes the same time");
    let neighbours = ["2001:db8::1", "2001:db8::ffff:1"].map(caller);
    for n in 0..30 {
        assert_eq!(guess(&node, &neighbours[n % 2], &names[n]).await, Some(Refusal::SignInWrong));
    }
    let stopped = Some(Refusal::TooManySignIns { minutes: 15 });
    assert_eq!(guess(&node, &neighbours[0], "山田 太郎").await, stopped);
    assert!(node.chat.sign_in(&caller("203.0.113.9"), "山田 太郎", GOOD).await.is_ok(), "others do not wait");
}

#[tokio::test]
async fn a_look_alike_spelling_is_no_other_account_to_guess_at() {
    let node = Node::volatile();
    let mark = node.introduce("Mark").await;
    node.chat.create_account(&mark, GOOD).await.unwrap();
    let from = caller("198.51.100.7");
    for name in ["mark", "MARK", "Mаrk", "Ｍａｒｋ", " mark "] {
        assert_eq!(guess(&node, &from, name).await, Some(Refusal::SignInWrong));
    }
    assert_eq!(guess(&node, &from, "Mark").await, Some(Refusal::TooManySignIns { minutes: 15 }));
}

#[tokio::test]
async fn a_known_device_has_five_guesses_of_its_own_for_the_account_that_it_signed_in_to() {
    let (node, ..) = node().await;
    let ben = node.introduce("ben").await;
    node.chat.create_account(&ben, GOOD).await.unwrap();
    let laptop = Caller { device: Some(device(1)), ..caller("192.0.2.1") };
    node.chat.sign_in(&laptop, "山田 太郎", GOOD).await.unwrap();
    for _ in 0..5 {
        assert_eq!(guess(&node, &laptop, "山田 太郎").await, Some(Refusal::SignInWrong));
    }
    let stopped = Some(Refusal::TooManySignIns { minutes: 15 });
    assert_eq!(guess(&node, &laptop, "山田 太郎").await, stopped);
    assert!(
        node.chat.sign_in(&caller("192.0.2.1"), "山田 太郎", GOOD).await.is_ok(),
        "it used up its own only"
    );
    // To ben's account it is an unknown device.
    for _ in 0..5 {
        assert_eq!(guess(&node, &laptop, "ben").await, Some(Refusal::SignInWrong));
    }
    assert_eq!(guess(&node, &caller("192.0.2.1"), "ben").await, stopped);
}

#[tokio::test]
async fn right_passwords_use_up_no_attempts() {
    let (node, ..) = node().await;
    let from = caller("192.0.2.1");
    for _ in 0..4 {
        assert_eq!(guess(&node, &from, "山田 太郎").await, Some(Refusal::SignInWrong));
    }
    for _ in 0..7 {
        node.chat.sign_in(&from, "山田 太郎", GOOD).await.unwrap();
    }
    assert_eq!(guess(&node, &from, "山田 太郎").await, Some(Refusal::SignInWrong));
    let stopped = Some(Refusal::TooManySignIns { minutes: 15 });
    assert_eq!(refusal(node.chat.sign_in(&from, "山田 太郎", GOOD).await), stopped);
}

#[tokio::test]
async fn guesses_are_remembered_after_a_restart_and_devices_too() {
    let store = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
    let start = |seed| Node::start(store.clone(), Arc::new(LocalBus::default()), Node::patient(), seed);
    let (from, home) = (caller("192.0.2.1"), Caller { device: Some(device(1)), ..caller("192.0.2.1") });
    let node = start(1);
    let ann = node.introduce("ann").await;
    node.chat.create_account(&home.clone().with_user(ann.person()), GOOD).await.unwrap();
    for _ in 0..5 {
        assert_eq!(guess(&node, &from, "ann").await, Some(Refusal::SignInWrong));
    }
    node.chat.shut_down().await.unwrap();
    let node = start(2);
    assert_eq!(guess(&node, &from, "ann").await, Some(Refusal::TooManySignIns { minutes: 15 }));
    assert_eq!(node.chat.sign_in(&home, "ann", GOOD).await.unwrap().0, ann.person());
}

#[tokio::test]
async fn a_password_is_changed_while_others_guess_it_and_only_five_old_ones_are_tried() {
    let (node, yamada, _) = node().await;
    let (_, session) = node.chat.sign_in(&Caller::default(), "山田 太郎", GOOD).await.unwrap();
    for n in 0..12 {
        let from = caller(&format!("198.51.100.{n}"));
        for _ in 0..5 {
            guess(&node, &from, "山田 太郎").await;
        }
    }
    let stopped = refusal(node.chat.sign_in(&caller("192.0.2.1"), "山田 太郎", GOOD).await);
    assert_eq!(stopped, Some(Refusal::TooManySignIns { minutes: 60 }), "fifty guesses from everywhere");
    let before = node.chat.password_hashes();
    let change = |old: &'static str| {
        let (node, here) = (&node, Caller { session: Some(session.clone()), ..yamada.caller() });
        async move { refusal(node.chat.change_password(&here, old, "a much better one").await) }
    };
    let tries = join_all((0..20).map(|_| change("not the old one"))).await;
    assert_eq!(tries.iter().filter(|tried| **tried == Some(Refusal::SignInWrong)).count(), 5);
    assert_eq!(node.chat.password_hashes() - before, 5);
    node.clock.advance(15 * 60_000);
    assert_eq!(change(GOOD).await, None);
}

#[tokio::test]
async fn a_clock_that_steps_makes_nobody_wait_longer_than_the_window() {
    let (node, ..) = node().await;
    let from = caller("192.0.2.1");
    let five = async || {
        for _ in 0..5 {
            assert_eq!(guess(&node, &from, "山田 太郎").await, Some(Refusal::SignInWrong));
        }
    };
    five().await;
    node.clock.step(-3_600_000);
    node.clock.advance(5 * 60_000);
    let stopped = |minutes| Some(Refusal::TooManySignIns { minutes });
    assert_eq!(guess(&node, &from, "山田 太郎").await, stopped(10));
    node.clock.advance(10 * 60_000);
    five().await;
    assert_eq!(guess(&node, &from, "山田 太郎").await, stopped(15));
    node.clock.step(3_600_000);
    node.clock.step(-3_600_000);
    assert_eq!(guess(&node, &from, "山田 太郎").await, stopped(15));
}

#[tokio::test]
async fn cheap_checks_come_before_a_password_is_scored_or_hashed() {
    let (node, _, before) = node().await;
    let guest = node.introduce("guest").await;
    let namesake = node.introduce("Ben").await;
    let ben = node.introduce("ben").await;
    node.chat.create_account(&ben, GOOD).await.unwrap();
    let before = before + 1;
    let at = |user: &User| Caller { session: Some(device(9)), ..user.caller() };
    for (refused, expected) in [
        (refusal(node.chat.create_account(&guest, "short").await), Refusal::PasswordLength),
        (refusal(node.chat.create_account(&guest, &"long".repeat(1_000)).await), Refusal::PasswordLength),
        (refusal(node.chat.create_account(&namesake, GOOD).await), Refusal::LoginTaken),
        (refusal(node.chat.create_account(&ben, GOOD).await), Refusal::HasAccount),
        (refusal(node.chat.create_account(&guest, "password1").await), Refusal::PasswordWeak),
        (refusal(node.chat.reset_password(&Caller::default(), &device(9), GOOD).await), Refusal::ResetOver),
        (refusal(node.chat.change_password(&at(&guest), GOOD, GOOD).await), Refusal::NoAccount),
        (refusal(node.chat.change_password(&at(&ben), GOOD, "short").await), Refusal::PasswordLength),
        (refusal(node.chat.sign_in(&Caller::default(), "\u{200b}", GOOD).await), Refusal::SignInWrong),
        (
            refusal(node.chat.sign_in(&Caller::default(), "ben", &"long".repeat(1_000)).await),
            Refusal::SignInWrong,
        ),
    ] {
        assert_eq!(refused, Some(expected));
    }
    assert_eq!(node.chat.password_hashes(), before);
}
