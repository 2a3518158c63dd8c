use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use wire::{Seq, Topic};

use super::store::{Fresh, commit, draft, person};
use crate::store::{Outcome, Range, Sender, Write};

/// One step of a random history: some posts in one batch, then a look.
#[derive(Clone, Debug)]
struct Step {
    posts: Vec<(u8, u8, u8, u8)>,
    look: (u8, Option<u64>, Option<u64>, usize),
}

/// How many histories are tried on one store; each has topics and ids of its own.
const HISTORIES: u32 = 24;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Few topics, senders, ids and bodies, so that repeats and quarrels over ids are common.
    let post = (0u8..3, 0u8..3, 0u8..12, 0u8..2);
    let edge = prop::option::of(0u64..30);
    let step = (prop::collection::vec(post, 0..12), (0u8..3, edge.clone(), edge, 0usize..9));
    prop::collection::vec(step.prop_map(|(posts, look)| Step { posts, look }), 1..8)
}

/// Random batches and looks: the store and a few lines of obvious code always say the same.
pub async fn a_store_behaves_like_its_model(store: Fresh) {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for history in 0..HISTORIES {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        follow(Arc::clone(&store), history, &steps).await;
    }
}

async fn follow(store: Fresh, history: u32, steps: &[Step]) {
    // (sender, id) → (topic, body, place), and the ids of each log in order.
    let mut sent: HashMap<(u8, u8), (u8, u8, u64)> = HashMap::new();
    let mut logs: HashMap<u8, Vec<String>> = HashMap::new();
    for step in steps {
        let mut writes = Vec::new();
        let mut expected = Vec::new();
        for &(topic, sender, id, body) in &step.posts {
            let name = format!("{history}-{id}");
            writes.push(Write::Post(draft(&format!("t{history}-{topic}"), who(sender), &name, body)));
            expected.push(match sent.get(&(sender, id)) {
                Some(&(t, b, seq)) if (t, b) == (topic, body) => {
                    Outcome::Repeated { seq: Seq(seq), at: wire::Timestamp(i64::from(body)) }
                }
                Some(_) => Outcome::SendIdTaken,
                None => {
                    let log = logs.entry(topic).or_default();
                    log.push(name);
                    sent.insert((sender, id), (topic, body, log.len() as u64));
                    Outcome::Posted { seq: Seq(log.len() as u64) }
                }
            });
        }
        assert_eq!(commit(&store, writes).await, expected, "{steps:?}");

        let (topic, after, before, limit) = step.look;
        let range = Range { after: after.map(Seq), before: before.map(Seq), limit };
        let page = store.page(&Topic::new(&format!("t{history}-{topic}")).unwrap(), range).await.unwrap();
        let log = logs.get(&topic).map(Vec::as_slice).unwrap_or_default();
        let inside =
            |seq: u64| after.is_none_or(|after| seq > after) && before.is_none_or(|before| seq < before);
        let mut model: Vec<(u64, &str)> =
            (1..).zip(log).filter(|(seq, _)| inside(*seq)).map(|(seq, id)| (seq, id.as_str())).collect();
        if after.is_some() {
            model.truncate(limit);
        } else {
            model.drain(..model.len().saturating_sub(limit));
        }
        let found: Vec<_> = page.entries.iter().map(|entry| (entry.seq.0, entry.id.as_str())).collect();
        assert_eq!(found, model, "{steps:?}");
        assert_eq!(page.head.0, log.len() as u64);
    }
}

fn who(number: u8) -> Sender {
    match number {
        0 => Sender::Open,
        1 => Sender::User(person("ann").id),
        _ => Sender::User(person("ben").id),
    }
}
