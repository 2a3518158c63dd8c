//! Store contract: appending entries.

use wire::{Entry, Json, SendId, Seq, Timestamp};

use super::Fresh;
use super::writing::{commit, commit_one, draft, texts, topic, whole};
use crate::ports::store::{Draft, LogOutcome, Sender};
use crate::testing::{ann, ben};

pub async fn a_log_counts_from_one_without_holes(fresh: impl Fresh) {
    let store = fresh();
    for place in 1..=5 {
        let posted = commit_one(&store, draft(&topic("news"), Sender::Open, &place.to_string(), "x")).await;
        assert_eq!(posted, LogOutcome::Posted { seq: Seq(place) });
    }
    let page = whole(&store, &topic("news")).await;
    assert_eq!((page.epoch, page.begins, page.head), (store.epoch(), Seq(1), Seq(5)));
    assert_eq!(page.entries.iter().map(|entry| entry.seq.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

pub async fn logs_count_for_themselves(fresh: impl Fresh) {
    let store = fresh();
    let say = |name: &str, id: &str| draft(&topic(name), Sender::Open, id, id);
    let first = vec![say("news", "n1"), say("orders", "o1"), say("news", "n2"), say("weather", "w1")];
    let second = vec![say("orders", "o2"), say("news", "n3"), say("orders", "o3")];
    let posted = |seqs: &[u64]| seqs.iter().map(|&s| LogOutcome::Posted { seq: Seq(s) }).collect::<Vec<_>>();
    assert_eq!(commit(&store, first).await, posted(&[1, 1, 2, 1]));
    assert_eq!(commit(&store, second).await, posted(&[2, 3, 3]));
    assert_eq!(texts(&store, &topic("news")).await, ["n1", "n2", "n3"]);
    assert_eq!(texts(&store, &topic("orders")).await, ["o1", "o2", "o3"]);
    assert_eq!(texts(&store, &topic("weather")).await, ["w1"]);
}

pub async fn an_entry_comes_back_as_it_was_given(fresh: impl Fresh) {
    let store = fresh();
    let (wide, long) = (topic("ärger/世界/🫖"), topic(&"x".repeat(wire::limits::TOPIC_BYTES)));
    for (topic, sender) in [(wide, Sender::User(ann().id)), (long, Sender::User(ben().id))] {
        let id = SendId::stored(&"~".repeat(wire::limits::SEND_ID_BYTES)).unwrap();
        // Before 1970 and far ahead: a wrong clock is no reason to lose a message.
        for (place, at) in [(1, Timestamp(-1)), (2, Timestamp(i64::MAX))] {
            let id = if place == 1 { id.clone() } else { SendId::new("2").unwrap() };
            let draft = Draft { id: id.clone(), at, ..draft(&topic, sender, "x", "x") };
            commit_one(&store, draft.clone()).await;
            let kept = whole(&store, &topic).await.entries.pop();
            let entry = Entry { id, topic: topic.clone(), seq: Seq(place), data: draft.data, timestamp: at };
            assert_eq!(kept, Some(entry));
        }
    }
}

pub async fn data_is_kept_byte_for_byte(fresh: impl Fresh) {
    let store = fresh();
    let long = format!("\"{}\"", "long ".repeat(12_000));
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let odd = [
        "null",
        "0",
        "-0",
        "1.10",
        "1e400",
        "123456789012345678901234567890.123456789",
        r#""""#,
        r#"{"b":1,"a":2,"b":3}"#,
        "{ \"spaces\" :\t[ 1 ,\n2 ] }",
        r#""\u0000 \ud83e\uded6 \/ \"quoted\"""#,
        "\"🫖 e\u{301} \u{7f} \u{2028}\"",
        r#"{"'; DROP TABLE entries; --":"%_\\"}"#,
        &long,
        &deep,
    ];
    for (place, json) in odd.iter().enumerate() {
        let data = Json::new(json).unwrap();
        commit_one(&store, Draft { data, ..draft(&topic("odd"), Sender::Open, &place.to_string(), "x") })
            .await;
    }
    let kept = whole(&store, &topic("odd")).await.entries;
    let kept: Vec<&str> = kept.iter().map(|entry| entry.data.as_str()).collect();
    assert_eq!(kept, odd);
}
