//! People in a group over the socket.

use crate::people::{Socket, guest, server, with};
use serde_json::json;
use wire::Topic;

#[tokio::test]
async fn what_ann_says_comes_to_ben_and_to_both_of_her_tabs() {
    let server = server().await;
    let (ann, ann_cookie) = guest(&server, "ann").await;
    let (ben, ben_cookie) = guest(&server, "ben").await;
    let group = server.chat().create_group(&ann, "tea", wire::JoinPolicy::Open).await.unwrap();
    server.chat().join(&ben, group.id, None).await.unwrap();
    let topic = Topic::group(group.id);
    let subscribe = format!(r#"{{"action":"subscribe","topic":"{topic}"}}"#);
    let mut everyone = Vec::new();
    for cookie in [&ann_cookie, &ann_cookie, &ben_cookie] {
        let mut socket = Socket::arrive(&server, &[("cookie", cookie)]).await;
        assert_eq!(socket.asks(&subscribe).await["event"], "subscribed");
        everyone.push(socket);
    }
    everyone[0].says(&format!(r#"{{"action":"post","topic":"{topic}","id":"x","text":"*hi*"}}"#)).await;
    for socket in &mut everyone {
        let mut frame = socket.hears().await;
        if frame["event"] == "ack" {
            frame = socket.hears().await;
        }
        assert_eq!((&frame["id"], &frame["data"]["type"]), (&json!("x"), &json!("message")));
        assert_eq!(frame["data"]["author"]["name"], "ann");
        assert_eq!(frame["data"]["body"], json!([{"p":[{"em":[{"t":"hi"}]}]}]));
    }
    server.stop().await;
}

#[tokio::test]
async fn two_hundred_quick_posts_on_one_socket_keep_their_order() {
    let server = server().await;
    let (ann, cookie) = guest(&server, "ann").await;
    let topic =
        Topic::group(server.chat().create_group(&ann, "tea", wire::JoinPolicy::Open).await.unwrap().id);
    let mut socket = Socket::arrive(&server, &[("cookie", &cookie)]).await;
    for n in 0..200 {
        socket
            .says(&format!(
                r#"{{"action":"post","topic":"{topic}","id":"p{n}","text":"line {n}","ref":{n}}}"#
            ))
            .await;
    }
    for n in 0..200 {
        let ack = socket.hears().await;
        // The first entry of the log is the creation of the group.
        assert_eq!((&ack["event"], &ack["ref"], &ack["seq"]), (&json!("ack"), &json!(n), &json!(n + 2)));
    }
    server.stop().await;
}

#[tokio::test]
async fn who_leaves_in_the_middle_of_talk_hears_nothing_later() {
    let server = server().await;
    let (ann, _) = guest(&server, "ann").await;
    let (ben, cookie) = guest(&server, "ben").await;
    let chat = server.chat();
    let group = chat.create_group(&ann, "tea", wire::JoinPolicy::Open).await.unwrap();
    let topic = Topic::group(group.id);
    for round in 0..20 {
        chat.join(&ben, group.id, None).await.unwrap();
        let mut socket = Socket::arrive(&server, &[("cookie", &cookie)]).await;
        assert_eq!(
            socket.asks(&format!(r#"{{"action":"subscribe","topic":"{topic}"}}"#)).await["event"],
            "subscribed"
        );
        let talk = async {
            for n in 0..10 {
                let id = wire::SendId::new(&format!("{round}-{n}")).unwrap();
                chat.post(&ann, topic.clone(), id, "and on", None).await.unwrap();
            }
        };
        let (left, ()) = tokio::join!(chat.leave(&ben, group.id), talk);
        left.unwrap();
        let mut last = serde_json::Value::Null;
        loop {
            let frame = socket.hears().await;
            if frame["event"] == "unsubscribed" {
                assert_eq!(frame["refused"]["code"], "not_member");
                break;
            }
            last = frame;
        }
        assert_eq!(last["data"]["type"], "left", "the last thing he hears is that he left");
        let again = socket.asks(&format!(r#"{{"action":"subscribe","topic":"{topic}","ref":1}}"#)).await;
        assert_eq!((&again["event"], &again["code"]), (&json!("refused"), &json!("not_member")));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_stopping_server_answers_what_it_took_and_asks_everyone_to_come_back() {
    let server = server().await;
    let (ann, cookie) = guest(&server, "ann").await;
    let topic =
        Topic::group(server.chat().create_group(&ann, "tea", wire::JoinPolicy::Open).await.unwrap().id);
    let mut socket = Socket::arrive(&server, &[("cookie", &cookie)]).await;
    for n in 0..20 {
        socket.says(&format!(r#"{{"action":"post","topic":"{topic}","id":"p{n}","text":"x"}}"#)).await;
    }
    // The answer to this one shows that all twenty were received.
    socket.says(r#"{"action":"ping"}"#).await;
    let mut acks = 0;
    while socket.hears().await["event"] != "pong" {
        acks += 1;
    }
    let (stopped, (frames, code)) = tokio::join!(server.stop(), socket.hears_the_end());
    assert!(stopped, "in time");
    acks += frames.iter().filter(|frame| frame["event"] == "ack").count();
    assert_eq!(acks, 20);
    let goodbye = frames.last().unwrap();
    assert_eq!(goodbye["event"], "goodbye");
    assert!((200..2_500).contains(&goodbye["retry_ms"].as_u64().unwrap()));
    assert_eq!(code, Some(1012));
}

#[tokio::test]
async fn nobody_sends_faster_than_allowed_and_everybody_hears_when_to_go_on() {
    let server = with(|config| config.limits.send_burst = 3).await;
    let (ann, cookie) = guest(&server, "ann").await;
    let topic =
        Topic::group(server.chat().create_group(&ann, "tea", wire::JoinPolicy::Open).await.unwrap().id);
    let mut socket = Socket::arrive(&server, &[("cookie", &cookie)]).await;
    let mut answers = Vec::new();
    for n in 0..40 {
        let frame = format!(r#"{{"action":"post","topic":"{topic}","id":"p{n}","text":"x"}}"#);
        answers.push(socket.asks(&frame).await);
    }
    let refused = answers.iter().find(|answer| answer["event"] == "refused").unwrap();
    assert_eq!(refused["code"], "too_fast");
    assert!(refused["retry_ms"].as_u64().unwrap() <= 500);
    server.stop().await;
}
