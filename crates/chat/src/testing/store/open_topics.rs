//! Store contract: the bounds of open topics.

use wire::{Json, Refusal, Seq};

use super::Fresh;
use super::writing::{commit, commit_one, draft, texts, topic};
use crate::ports::store::{LogOutcome, LogWrite, OpenTopicBounds, Sender};
use crate::testing::ann;

const ROOM: OpenTopicBounds = OpenTopicBounds { topics: 100, bytes: 100_000 };

fn publish(name: &str, id: &str, bounds: OpenTopicBounds) -> LogWrite {
    LogWrite::Publish { draft: draft(&topic(name), Sender::Open, id, id), bounds }
}

/// Returns the bytes of the data that these ids come with.
fn bytes(ids: &[&str]) -> u64 {
    ids.iter().map(|id| draft(&topic("x"), Sender::Open, id, id).data.as_str().len() as u64).sum()
}

const fn posted(seq: u64) -> LogOutcome {
    LogOutcome::Posted { seq: Seq(seq) }
}

pub async fn no_more_open_topics_begin_than_the_bound_allows(fresh: impl Fresh) {
    let store = fresh();
    let two = OpenTopicBounds { topics: 2, ..ROOM };
    let full = LogOutcome::Refused(Refusal::TooManyOpenTopics { max: 2 });
    let batch = ["news", "orders", "weather", "news"];
    let writes = batch.iter().zip(["1", "2", "3", "4"]).map(|(name, id)| publish(name, id, two)).collect();
    assert_eq!(commit(&store, writes).await, [posted(1), posted(1), full.clone(), posted(2)]);
    assert_eq!(commit_one(&store, publish("weather", "5", two)).await, full, "in a batch of its own, too");
    assert_eq!(commit_one(&store, publish("orders", "6", two)).await, posted(2));
    assert_eq!(texts(&store, &topic("weather")).await, [] as [&str; 0]);
    assert_eq!(
        commit_one(&store, publish("weather", "3", ROOM)).await,
        posted(1),
        "with more room it begins"
    );
    let again = commit_one(&store, publish("news", "1", OpenTopicBounds { topics: 0, bytes: 0 })).await;
    assert!(matches!(again, LogOutcome::Repeated { seq: Seq(1), .. }), "{again:?}");
}

pub async fn no_more_data_goes_to_open_topics_than_the_bound_allows(fresh: impl Fresh) {
    let store = fresh();
    let bounds = OpenTopicBounds { bytes: bytes(&["1", "2", "3"]), ..ROOM };
    let writes = [("news", "1"), ("orders", "2"), ("news", "long")];
    let writes = writes.iter().map(|(name, id)| publish(name, id, bounds)).collect();
    let full = LogOutcome::Refused(Refusal::OpenTopicsFull { max: bounds.bytes });
    assert_eq!(commit(&store, writes).await, [posted(1), posted(1), full.clone()]);
    assert_eq!(commit_one(&store, publish("news", "3", bounds)).await, posted(2), "what still fits goes in");
    for name in ["news", "orders", "weather"] {
        assert_eq!(commit_one(&store, publish(name, "4", bounds)).await, full);
    }
    assert_eq!(texts(&store, &topic("news")).await, ["1", "3"]);
}

pub async fn an_id_that_was_sent_before_begins_no_topic(fresh: impl Fresh) {
    let store = fresh();
    let two = OpenTopicBounds { topics: 2, ..ROOM };
    assert_eq!(commit_one(&store, publish("news", "1", two)).await, posted(1));
    for number in 0..5 {
        let taken = commit_one(&store, publish(&format!("spam{number}"), "1", two)).await;
        assert_eq!(taken, LogOutcome::SendIdTaken);
    }
    assert_eq!(commit_one(&store, publish("orders", "2", two)).await, posted(1));
}

pub async fn conversations_are_not_open_topics(fresh: impl Fresh) {
    let store = fresh();
    let one = OpenTopicBounds { topics: 1, bytes: bytes(&["1"]) };
    for number in 0..5 {
        let mut said =
            draft(&topic(&format!("talk{number}")), Sender::User(ann().id), &number.to_string(), "x");
        said.data = Json::of(&"long ".repeat(100));
        commit_one(&store, said).await;
    }
    assert_eq!(commit_one(&store, publish("news", "1", one)).await, posted(1));
}
