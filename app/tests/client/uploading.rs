//! Uploading: the files of a draft, their uploads, and the messages that wait for them.

use app::ChatClient;
use app::client::{Effect, SendOutcome, UploadState};
use leptos::prelude::*;
use serde_json::{Value, json};
use wire::{Attachment, CloseCode, Event, Refusal, Refused, SendId, Topic};

use crate::fixtures::{connected, post, posts, rows, sent, topic};

fn id(name: &str) -> SendId {
    SendId::new(name).unwrap()
}

fn attach(client: &ChatClient, name: &str) -> bool {
    client.attach(&topic(), id(name), name.into(), 100, true)
}

/// Returns the ids of the uploads that begin and end now.
fn uploads(client: &ChatClient, now: f64) -> (Vec<String>, Vec<String>) {
    let (mut begun, mut ended) = (Vec::new(), Vec::new());
    for effect in client.due(now) {
        match effect {
            Effect::Upload(id) => begun.push(id.to_string()),
            Effect::EndUpload(id) => ended.push(id.to_string()),
            _ => {}
        }
    }
    (begun, ended)
}

fn begun(client: &ChatClient, now: f64) -> Vec<String> {
    uploads(client, now).0
}

fn file(name: &str) -> Attachment {
    let bytes = name.bytes().chain(std::iter::repeat(0));
    let id = wire::FileId::from_bytes(bytes.take(wire::ID_BYTES).collect::<Vec<_>>().try_into().unwrap());
    let (name, media_type, alt) = (name.to_owned(), "image/png".to_owned(), String::new());
    Attachment { id, name, media_type, bytes: 100, width: Some(8), height: Some(6), alt }
}

fn arrives(client: &ChatClient, name: &str, now: f64) {
    client.upload_ended(&id(name), Ok(file(name)), now);
}

fn state(client: &ChatClient, name: &str) -> UploadState {
    let files = client.files_of(&topic());
    files.into_iter().find(|file| file.id == id(name)).unwrap().state.get_untracked()
}

fn send(client: &ChatClient, name: &str, text: &str) -> SendOutcome {
    client.send(&topic(), id(name), text, None, 0.0)
}

/// Returns the posts that are due, each with its text and the names of its files.
fn messages(client: &ChatClient) -> Vec<(String, Vec<Value>)> {
    let frames = sent(client, 0.0);
    let posts = frames.iter().filter(|frame| frame["action"] == "post");
    let files = |post: &Value| post["attachments"].as_array().cloned().unwrap_or_default();
    posts.map(|post| (post["text"].as_str().unwrap().to_owned(), files(post))).collect()
}

#[test]
fn anns_files_are_uploaded_in_turn_and_go_with_her_message() {
    let (client, timeline) = connected();
    for name in ["a", "b", "c", "d"] {
        assert!(attach(&client, name));
    }
    assert_eq!(begun(&client, 0.0), ["a", "b", "c"], "the server takes only some at once");
    assert_eq!(begun(&client, 0.0), [""; 0]);
    client.upload_progressed(&id("a"), 40);
    assert_eq!(state(&client, "a"), UploadState::Sending(40));
    arrives(&client, "b", 0.0);
    assert_eq!(begun(&client, 0.0), ["d"]);
    for name in ["a", "c", "d"] {
        arrives(&client, name, 0.0);
    }
    client.files_of(&topic())[1].alt.set(" a cup ".into());
    assert_eq!(send(&client, "m1", "tea"), SendOutcome::Posted);
    let [only] = messages(&client).try_into().unwrap();
    let files = ["a", "b", "c", "d"].map(|name| match name {
        "b" => json!({"id": file(name).id, "alt": "a cup"}),
        _ => json!({"id": file(name).id}),
    });
    assert_eq!(only, ("tea".to_owned(), files.to_vec()));
    let row = timeline.rows.with_untracked(|rows| rows.last().unwrap().content.get_untracked().event);
    let Event::Message { attachments, .. } = row else { panic!("a message") };
    assert_eq!(attachments.len(), 4, "the row shows them at once");
    assert!(client.files_of(&topic()).is_empty(), "the draft is empty again");
}

#[test]
fn a_message_waits_for_its_files_and_is_sent_without_its_author() {
    let (client, _) = connected();
    attach(&client, "a");
    begun(&client, 0.0);
    assert_eq!(send(&client, "m1", ""), SendOutcome::Held);
    assert!(client.held_of(&topic()).is_some());
    assert!(messages(&client).is_empty());
    // Meanwhile ann writes somewhere else.
    client.leave_page(&topic());
    arrives(&client, "a", 0.0);
    let effects = client.due(0.0);
    assert!(effects.contains(&Effect::ForgetDraft(topic())), "it is not there when she comes back");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Send(frame) if frame.contains("\"post\""))));
    assert_eq!(client.held_of(&topic()), None);
    assert_eq!(client.text_of(&id("m1")), Some(String::new()), "the outbox has it");
}

#[test]
fn a_message_goes_back_to_ann_if_one_of_its_files_fails() {
    let (client, _) = connected();
    attach(&client, "a");
    attach(&client, "b");
    begun(&client, 0.0);
    assert_eq!(send(&client, "m1", "two"), SendOutcome::Held);
    let lost = Refused::by_code("upload_failed");
    client.upload_ended(&id("a"), Err(lost.clone()), 0.0);
    assert_eq!(state(&client, "a"), UploadState::Failed(lost));
    assert_eq!(client.held_of(&topic()), None);
    arrives(&client, "b", 0.0);
    assert!(messages(&client).is_empty(), "nothing is sent without the file");
    assert_eq!(send(&client, "m1", "two"), SendOutcome::Refused);
    assert_eq!(client.trouble.get_untracked().unwrap().code, "files_failed");
    client.retry_upload(&id("a"));
    assert_eq!(begun(&client, 0.0), ["a"]);
    assert_eq!(send(&client, "m2", "two"), SendOutcome::Held);
    arrives(&client, "a", 0.0);
    assert_eq!(messages(&client).len(), 1);
}

#[test]
fn a_file_that_ann_removes_is_uploaded_no_further_and_nothing_is_sent() {
    let (client, _) = connected();
    attach(&client, "a");
    begun(&client, 0.0);
    assert_eq!(send(&client, "m1", "tea"), SendOutcome::Held);
    client.detach(&id("a"));
    assert_eq!(uploads(&client, 0.0), (vec![], vec!["a".to_owned()]));
    assert_eq!(client.held_of(&topic()), None, "she may want to write something else now");
    assert!(messages(&client).is_empty());
    // What the request still reports concerns nobody.
    arrives(&client, "a", 0.0);
    client.upload_progressed(&id("a"), 1);
    assert!(client.files_of(&topic()).is_empty());
}

#[test]
fn a_server_that_is_busy_gets_the_file_again_after_a_while() {
    let (client, _) = connected();
    attach(&client, "a");
    begun(&client, 0.0);
    let busy = Refused { retry_ms: Some(1_000), ..Refused::by_code("too_many_uploads") };
    client.upload_ended(&id("a"), Err(busy), 500.0);
    assert_eq!(state(&client, "a"), UploadState::Waiting(1_500.0));
    assert_eq!(begun(&client, 1_499.0), [""; 0]);
    assert!(client.next_at(1_499.0).is_some_and(|at| at <= 1_500.0));
    assert_eq!(begun(&client, 1_500.0), ["a"]);
}

#[test]
fn what_the_server_would_refuse_is_refused_before_it_is_sent() {
    let (client, _) = connected();
    let refused = |name: &str| match state(&client, name) {
        UploadState::Failed(refused) => (refused.code.clone(), refused.params.number("max")),
        other => panic!("{other:?}"),
    };
    assert!(client.attach(&topic(), id("large"), "large.mov".into(), 1_001, false));
    assert_eq!(begun(&client, 0.0), [""; 0]);
    assert_eq!(refused("large"), ("file_too_large".into(), Some(1_000)));
    // An admin has lowered the limit meanwhile.
    attach(&client, "a");
    begun(&client, 0.0);
    client.upload_ended(&id("a"), Err(Refused::from(&Refusal::BodyTooLarge { max: 50 })), 0.0);
    assert_eq!(refused("a"), ("file_too_large".into(), Some(50)));
    for name in ["b", "c", "d", "e", "f", "g", "h", "i"] {
        assert!(attach(&client, name));
    }
    assert!(!attach(&client, "k"), "a message has ten at most");
    assert_eq!(client.trouble.get_untracked().unwrap().code, "too_many_files");
}

#[test]
fn drafts_are_apart_and_uploaded_files_survive_a_reload() {
    let (client, _) = connected();
    let other = Topic::new("group/0123456789abcdef").unwrap();
    attach(&client, "a");
    client.attach(&other, id("b"), "b".into(), 1, false);
    client.attach(&topic(), id("c"), "c".into(), 1, false);
    begun(&client, 0.0);
    assert_eq!(client.kept_files(&topic()), "");
    arrives(&client, "a", 0.0);
    client.files_of(&topic())[0].alt.set("a cup".into());
    let kept = client.kept_files(&topic());
    assert_eq!(client.files_of(&other).len(), 1);

    let (next, _) = connected();
    next.restore_files(&topic(), &kept, 0.0);
    next.restore_files(&topic(), &kept, 0.0);
    next.restore_files(&other, "{", 0.0);
    assert!(next.files_of(&other).is_empty(), "damaged ones are passed over");
    assert_eq!(send(&next, "m1", ""), SendOutcome::Posted, "only the uploaded one is left");
    let [(text, files)] = messages(&next).try_into().unwrap();
    assert_eq!((text.as_str(), files), ("", vec![json!({"id": file("a").id, "alt": "a cup"})]));
}

#[test]
fn files_that_the_server_is_about_to_delete_do_not_come_back_to_anns_draft() {
    const HOUR: f64 = 3_600_000.0;
    let (client, _) = connected();
    for (name, at) in [("a", 0.0), ("b", 2.0 * HOUR)] {
        attach(&client, name);
        begun(&client, at);
        arrives(&client, name, at);
    }
    let restored = |kept: &str, now: f64| {
        let (next, _) = connected();
        next.restore_files(&topic(), kept, now);
        let names = next.files_of(&topic()).into_iter().map(|file| file.name).collect::<Vec<_>>();
        (names, next.kept_files(&topic()))
    };
    let (names, kept) = restored(&client.kept_files(&topic()), 23.0 * HOUR);
    assert_eq!(names, ["a", "b"]);
    // A reload makes them no younger.
    let (names, kept) = restored(&kept, 24.0 * HOUR);
    assert_eq!(names, ["b"]);
    assert_eq!(restored(&kept, 26.0 * HOUR), (vec![], String::new()));
}

#[test]
fn a_message_goes_back_to_ann_if_she_adds_a_file_that_is_too_large() {
    let (client, _) = connected();
    attach(&client, "a");
    begun(&client, 0.0);
    assert_eq!(send(&client, "m1", "tea"), SendOutcome::Held);
    assert!(client.attach(&topic(), id("large"), "large.mov".into(), 1_001, false));
    assert_eq!(client.held_of(&topic()), None, "it would wait for ever");
    // The end of another upload changes nothing about that.
    arrives(&client, "a", 0.0);
    assert!(messages(&client).is_empty());
    client.detach(&id("large"));
    assert_eq!(send(&client, "m2", "tea"), SendOutcome::Posted);
    assert_eq!(messages(&client).len(), 1);
}

#[test]
fn nothing_of_ann_is_uploaded_once_she_has_signed_out_in_another_tab() {
    let (client, _) = connected();
    for name in ["a", "b", "c", "d"] {
        attach(&client, name);
    }
    assert_eq!(begun(&client, 0.0), ["a", "b", "c"]);
    arrives(&client, "a", 0.0);
    assert_eq!(send(&client, "m1", "tea"), SendOutcome::Held);
    client.closed(CloseCode::SignedOut.number(), 0.0, 0.5);
    let ended = vec!["b".to_owned(), "c".to_owned()];
    assert_eq!(uploads(&client, 0.0), (vec![], ended), "the uploads that run are ended, and d never begins");
    assert_eq!(client.held_of(&topic()), None);
    assert!(matches!(state(&client, "b"), UploadState::Failed(_)));
    client.retry_upload(&id("b"));
    assert_eq!(uploads(&client, 0.0), (vec![], vec![]), "each is ended once");
}

#[test]
fn a_message_with_files_is_sent_again_with_them() {
    let (client, timeline) = connected();
    attach(&client, "a");
    begun(&client, 0.0);
    arrives(&client, "a", 0.0);
    assert_eq!(send(&client, "m1", "tea"), SendOutcome::Posted);
    let kept: Vec<String> = client
        .due(0.0)
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Keep(_, text) => Some(text),
            _ => None,
        })
        .collect();
    client.closed(1006, 0.0, 0.5);
    client.opened(1.0);
    assert_eq!(messages(&client)[0].1.len(), 1);
    // And by the next page.
    let (next, _) = connected();
    next.restore(&kept);
    assert_eq!(messages(&next)[0].1, [json!({"id": file("a").id})]);
    post(&client, "m2");
    assert_eq!(posts(&sent(&client, 2.0)), ["m2"]);
    assert_eq!(rows(&timeline).len(), 3);
}
