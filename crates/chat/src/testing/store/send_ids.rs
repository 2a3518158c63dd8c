//! Store contract: idempotent sends.

use wire::{Seq, Timestamp, Topic};

use super::Fresh;
use super::writing::{NOW, TEA, change, commit, commit_one, draft, message, texts, topic, with_tea};
use crate::ports::store::{Checked, Draft, LogOutcome, Sender};
use crate::testing::{ann, ben};

pub async fn the_same_message_again_is_the_same_message(fresh: impl Fresh) {
    let store = fresh();
    let hello = draft(&topic("news"), Sender::User(ann().id), "1", "hello");
    commit_one(&store, draft(&topic("news"), Sender::Open, "0", "before")).await;
    assert_eq!(commit_one(&store, hello.clone()).await, LogOutcome::Posted { seq: Seq(2) });
    // Other changes in the meantime, such as the time, do not make it another message.
    let retry = Draft { at: Timestamp(NOW.0 + 60_000), ..hello };
    let repeated = LogOutcome::Repeated { seq: Seq(2), at: NOW };
    assert_eq!(commit_one(&store, retry.clone()).await, repeated);
    assert_eq!(commit_one(&store, retry).await, repeated);
    assert_eq!(texts(&store, &topic("news")).await, ["before", "hello"]);
}

pub async fn a_repeat_within_one_batch_is_found(fresh: impl Fresh) {
    let store = fresh();
    let say = |text| draft(&topic("news"), Sender::Open, "1", text);
    let outcomes = commit(&store, vec![say("hello"), say("hello"), say("bye"), say("hello")]).await;
    let repeated = LogOutcome::Repeated { seq: Seq(1), at: NOW };
    let posted = LogOutcome::Posted { seq: Seq(1) };
    assert_eq!(outcomes, [posted, repeated.clone(), LogOutcome::SendIdTaken, repeated]);
    assert_eq!(texts(&store, &topic("news")).await, ["hello"]);
}

pub async fn an_id_belongs_to_its_first_message(fresh: impl Fresh) {
    let store = fresh();
    let sender = Sender::User(ann().id);
    commit_one(&store, draft(&topic("news"), sender, "1", "hello")).await;
    let other_body = draft(&topic("news"), sender, "1", "bye");
    let other_topic = draft(&topic("orders"), sender, "1", "hello");
    assert_eq!(commit_one(&store, other_body).await, LogOutcome::SendIdTaken);
    assert_eq!(commit_one(&store, other_topic).await, LogOutcome::SendIdTaken);
    assert_eq!(texts(&store, &topic("news")).await, ["hello"]);
    assert_eq!(texts(&store, &topic("orders")).await, [""; 0]);
}

pub async fn everyone_has_ids_of_their_own(fresh: impl Fresh) {
    let store = fresh();
    let senders = [Sender::User(ann().id), Sender::User(ben().id), Sender::Open];
    for (sender, place) in senders.into_iter().zip(1..) {
        let posted = commit_one(&store, draft(&topic("news"), sender, "1", "hello")).await;
        assert_eq!(posted, LogOutcome::Posted { seq: Seq(place) });
    }
    // Upper and lower case are two ids.
    let posted = commit_one(&store, draft(&topic("news"), Sender::Open, "a", "hello")).await;
    assert_eq!(posted, LogOutcome::Posted { seq: Seq(4) });
    let posted = commit_one(&store, draft(&topic("news"), Sender::Open, "A", "hello")).await;
    assert_eq!(posted, LogOutcome::Posted { seq: Seq(5) });
}

pub async fn the_news_of_a_change_have_ids_too(fresh: impl Fresh) {
    let store = with_tea(fresh()).await;
    let news = draft(&Topic::group(TEA), Sender::User(ann().id), "renamed", "renamed");
    let mut change = change(TEA, 1, vec![]);
    change.news = vec![news.clone()];
    assert_eq!(commit_one(&store, change).await, Checked::Done);
    assert_eq!(commit_one(&store, news).await, LogOutcome::Repeated { seq: Seq(2), at: NOW });
    let other = message(TEA, &ann(), "renamed", "hello");
    assert_eq!(commit_one(&store, other).await, LogOutcome::SendIdTaken);
}
