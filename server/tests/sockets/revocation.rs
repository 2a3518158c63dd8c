//! Revocation: a user who loses the permission to read, in the middle of a conversation, gets nothing committed later.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chat::store::{Range, Sessions};
use chat::testing::{User, guest};
use chat::{Chat, Token};
use tokio::sync::Notify;
use wire::{CloseCode, Event, JoinPolicy, Seq, Topic};

use super::people::{Socket, cookie, server};

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
