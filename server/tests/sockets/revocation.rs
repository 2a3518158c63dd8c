//! Revocation: a user who loses the permission to read, in the middle of a conversation, gets nothing committed later.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chat::store::{Range, Sessions};
use chat::testing::{User, guest};
use chat::{Chat, Token, TokenScope, UserRef};
use server::ServerHandle;
use tokio::sync::Notify;
use wire::{CloseCode, Event, JoinPolicy, Seq, Topic};

use super::people::{Socket, cookie, server};
use super::user_tokens::{Shop, authenticate};

const ROUNDS: usize = 200;

/// The ways to lose the permission to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Leave,
    Remove,
    Ban,
    SignOut,
    SessionEnded,
}

/// Sends messages as ann, as fast as they are acknowledged, until the flag is set.
async fn talk(chat: Arc<Chat>, ann: User, topic: Topic, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        chat.post(&ann, topic.clone(), chat.new_send_id(), "on and on", None).await.unwrap();
    }
}

/// Returns everything ben gets from the topic until his permission ends: the Seqs, and whether the whole socket was
/// closed.
async fn hears(socket: &mut Socket, topic: &Topic) -> (Vec<u64>, bool) {
    let mut seqs = Vec::new();
    while let Some(frame) = socket.hears_anything().await {
        let frame: serde_json::Value = serde_json::from_str(&frame).unwrap();
        if frame["topic"] != topic.as_str() {
            continue;
        }
        match (frame["event"].as_str(), frame["seq"].as_u64()) {
            (Some("unsubscribed"), _) => return (seqs, false),
            (None, Some(seq)) => seqs.push(seq),
            _ => {}
        }
    }
    (seqs, true)
}

async fn round(
    chat: &Arc<Chat>,
    ann: &User,
    socket: &mut Socket,
    ben: (&User, &Token),
    topic: &Topic,
    how: How,
) {
    let (ben, token) = ben;
    let group = match topic.conversation() {
        Some(wire::Conversation::Group(id)) => id,
        _ => unreachable!("the topic is a group's"),
    };
    let answer = socket.asks(&format!(r#"{{"action":"subscribe","topic":"{topic}"}}"#)).await;
    assert_eq!(answer["event"], "subscribed");
    let from = answer["head"].as_u64().unwrap();
    let act = async {
        // Somewhere in the middle of it.
        tokio::task::yield_now().await;
        match how {
            How::Leave => drop(chat.leave(ben, group).await.unwrap()),
            How::Remove => chat.remove_member(ann, group, ben.id, false).await.unwrap(),
            How::Ban => chat.remove_member(ann, group, ben.id, true).await.unwrap(),
            How::SignOut => chat.sign_out(ben, Sessions::One(token.hash())).await.unwrap(),
            How::SessionEnded => chat.sign_out(ben, Sessions::All).await.unwrap(),
        }
        chat.post(ann, topic.clone(), chat.new_send_id(), "not for ben", None).await.unwrap().seq
    };
    let (after, (heard, gone)) = tokio::join!(act, hears(socket, topic));
    let caller = ann.caller();
    let last = match how {
        How::SignOut | How::SessionEnded => {
            assert!(gone, "the socket ends with the session");
            Seq(after.0 - 1)
        }
        _ => {
            assert!(!gone, "only the subscription ends");
            let all = Range { after: Some(Seq(from)), before: None, limit: 100 };
            let mut last = None;
            let mut page = chat.events(&caller, topic, all).await.unwrap();
            while last.is_none() {
                last = page.entries.iter().find_map(|entry| match &entry.data {
                    Event::Left { person } | Event::Removed { person, .. } if person.id == ben.id => {
                        Some(entry.seq)
                    }
                    _ => None,
                });
                let next = Range { after: page.entries.last().map(|entry| entry.seq), ..all };
                page = chat.events(&caller, topic, next).await.unwrap();
            }
            last.unwrap()
        }
    };
    assert!(heard.iter().all(|seq| *seq <= last.0), "{how:?}: heard {heard:?}, though it was over at {last}");
    let whole: Vec<u64> = (from + 1..=heard.last().copied().unwrap_or(from)).collect();
    assert_eq!(heard, whole, "{how:?}: without a hole until then");
}

async fn two_hundred_times(how: How) {
    let server = server().await;
    let chat = server.chat().clone();
    let (ann, _) = guest(&chat, "ann").await;
    let group = chat.create_group(&ann, "tea", JoinPolicy::Open).await.unwrap().id;
    let topic = Topic::group(group);
    let stop = Arc::new(AtomicBool::new(false));
    let talking = tokio::spawn(talk(chat.clone(), ann.clone(), topic.clone(), Arc::clone(&stop)));
    for _ in 0..ROUNDS {
        let (ben, token) = guest(&chat, "ben").await;
        chat.join(&ben, group, None).await.unwrap();
        let cookie = cookie(&server, &token);
        let mut socket = Socket::arrive(&server, &[("cookie", &cookie)]).await;
        round(&chat, &ann, &mut socket, (&ben, &token), &topic, how).await;
        if matches!(how, How::SignOut | How::SessionEnded) {
            chat.leave(&ben, group).await.unwrap();
        }
    }
    stop.store(true, Ordering::Relaxed);
    talking.await.unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_hears_nothing_later() {
    two_hundred_times(How::Leave).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_removed_hears_nothing_later() {
    two_hundred_times(How::Remove).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_banned_hears_nothing_later() {
    two_hundred_times(How::Ban).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_out_hears_nothing_later() {
    two_hundred_times(How::SignOut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_session_is_ended_hears_nothing_later() {
    two_hundred_times(How::SessionEnded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_session_is_ended_while_the_socket_opens_is_not_served() {
    let server = server().await;
    let chat = server.chat().clone();
    let mut known = 0;
    for round in 0..ROUNDS {
        let (ben, token) = guest(&chat, "ben").await;
        let cookie = cookie(&server, &token);
        let opened = Arc::new(Notify::new());
        let end = tokio::spawn({
            let (chat, opened) = (chat.clone(), Arc::clone(&opened));
            async move {
                // The revocation falls before the request is checked, after it, or in between; in every tenth round
                // after it, however fast the machine is.
                if round % 10 == 9 {
                    opened.notified().await;
                }
                for _ in 0..round % 50 * 20 {
                    tokio::task::yield_now().await;
                }
                chat.sign_out(&ben, Sessions::One(token.hash())).await.unwrap();
            }
        });
        let mut socket = Socket::open(&server, &[("cookie", &cookie)]).await.unwrap();
        opened.notify_one();
        end.await.unwrap();
        let first = socket.hears().await;
        if first["event"] == "welcome" && first["me"].is_null() {
            continue;
        }
        known += 1;
        assert_eq!(socket.hears_the_end().await.1, Some(CloseCode::SignedOut.number()));
    }
    assert!(known >= ROUNDS / 10, "{known} were let in before their session ended");
    server.stop().await;
}

/// The ways in which a user token stops allowing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenEnd {
    /// The tokens of the user are revoked.
    User,
    /// Those of all users of the application are revoked.
    Application,
    /// The signing key is replaced, and the old one is not kept.
    Key,
    /// The token comes to its end.
    Expiry,
    /// A token with a narrower scope takes its place.
    Scope,
}

/// The number of rounds: `cargo xtask test --long` has more.
fn rounds() -> usize {
    if std::env::var_os("HUBBUB_TEST_LONG").is_some() { ROUNDS } else { 20 }
}

/// Ends a token in the middle of a conversation, again and again. Each round has an application of its own, since new
/// tokens work only seconds after a revocation; a few rounds run at once.
async fn token_rounds(how: TokenEnd) {
    let server = server().await;
    let rounds: Vec<usize> = (0..rounds()).collect();
    for some in rounds.chunks(5) {
        let some = some.iter().map(|round| token_round(&server, how, *round));
        futures::future::join_all(some).await;
    }
    server.stop().await;
}

/// The application sends messages without a pause, and zoë's token ends somewhere in the middle. Nothing that is
/// committed later reaches her, and nothing before it is missing.
async fn token_round(server: &ServerHandle, how: TokenEnd, round: usize) {
    let shop = &Shop::on(server).await;
    let (chat, topic) = (server.chat(), &shop.tea);
    let stop = Arc::new(AtomicBool::new(false));
    let talking = tokio::spawn({
        let (chat, program) = (chat.clone(), shop.program.clone());
        let (topic, stop) = (topic.clone(), Arc::clone(&stop));
        async move {
            while !stop.load(Ordering::Relaxed) {
                chat.post(&program, topic.clone(), chat.new_send_id(), "on and on", None).await.unwrap();
            }
        }
    });
    let mut seconds = if how == TokenEnd::Expiry { 2 } else { 60 };
    let (mut socket, answer) = loop {
        let mut socket = Socket::arrive(server, &[]).await;
        let token = shop.token(server, "zoë", seconds).await;
        socket.says(&authenticate(&token)).await;
        socket.says(&format!(r#"{{"action":"subscribe","topic":"{topic}"}}"#)).await;
        let mut answer = serde_json::Value::Null;
        while answer["event"] != "subscribed" {
            let Some(frame) = socket.hears_anything().await else { break };
            answer = serde_json::from_str(&frame).unwrap();
        }
        if answer["event"] == "subscribed" {
            break (socket, answer);
        }
        // On a slow machine it has ended before.
        assert!(how == TokenEnd::Expiry && seconds < 60, "{how:?}: {answer}");
        seconds *= 2;
    };
    let from = answer["head"].as_u64().unwrap();
    let user = UserRef::parse("zoë").unwrap();
    let narrow = TokenScope::new(None, Some(vec!["coffee".into()]), true).unwrap();
    let narrow = shop.scoped(server, "zoë", 60, narrow).await;
    for _ in 0..round % 10 {
        tokio::task::yield_now().await;
    }
    let act = async {
        match how {
            TokenEnd::User => chat.revoke_user_tokens(&shop.program, &user).await.unwrap(),
            TokenEnd::Application => chat.revoke_all_user_tokens(&shop.program).await.unwrap(),
            TokenEnd::Key => drop(chat.rotate_signing_key(&shop.program, 0).await.unwrap()),
            TokenEnd::Expiry | TokenEnd::Scope => {}
        }
        chat.post(&shop.program, topic.clone(), chat.new_send_id(), "not for her", None).await.unwrap().seq
    };
    let (heard, last) = match how {
        TokenEnd::Scope => {
            socket.says(&authenticate(&narrow)).await;
            // A message that is committed after the answer was read is later than the end.
            let (heard, gone) = hears(&mut socket, topic).await;
            assert!(!gone, "only the subscription ends");
            loop {
                let frame = socket.hears().await;
                assert!(frame["topic"] != topic.as_str(), "{frame} after the end");
                if frame["event"] == "welcome" {
                    break;
                }
            }
            let after = act.await;
            let pong = socket.asks(r#"{"action":"ping"}"#).await;
            assert_eq!(pong["event"], "pong", "{pong}, though the subscription has ended");
            (heard, after.0 - 1)
        }
        TokenEnd::Expiry => {
            let (heard, gone) = hears(&mut socket, topic).await;
            assert!(gone, "the socket ends with the token");
            (heard, act.await.0 - 1)
        }
        TokenEnd::User | TokenEnd::Application | TokenEnd::Key => {
            let (after, (heard, gone)) = tokio::join!(act, hears(&mut socket, topic));
            assert!(gone, "the socket ends with the token");
            (heard, after.0 - 1)
        }
    };
    assert!(heard.iter().all(|seq| *seq <= last), "{how:?}: heard {heard:?}, though it was over at {last}");
    let whole: Vec<u64> = (from + 1..=heard.last().copied().unwrap_or(from)).collect();
    assert_eq!(heard, whole, "{how:?}: without a hole until then");
    stop.store(true, Ordering::Relaxed);
    talking.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_tokens_are_revoked_hears_nothing_later() {
    token_rounds(TokenEnd::User).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_application_revokes_all_tokens_hears_nothing_later() {
    token_rounds(TokenEnd::Application).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_signing_key_is_replaced_hears_nothing_later() {
    token_rounds(TokenEnd::Key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_token_comes_to_its_end_hears_nothing_later() {
    token_rounds(TokenEnd::Expiry).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_token_becomes_narrower_hears_nothing_later() {
    token_rounds(TokenEnd::Scope).await;
}
