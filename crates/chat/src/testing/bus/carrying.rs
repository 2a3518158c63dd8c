//! Bus contract: hints and signals that arrive.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use wire::{ApplicationId, LogKey, Seq, Topic};

use super::Fresh;
use crate::ports::bus::{Bus, BusHealth, Hint, HintStream, NodeId, Presence};

/// The time after which a hint that was not received is announced again: a bus may have been on its way up.
const AGAIN: Duration = Duration::from_millis(200);
/// The number of times that a hint is announced: more than any machine needs.
const ATTEMPTS: usize = 300;

fn log(name: &str) -> LogKey {
    LogKey::new(ApplicationId(2), Topic::new(name).unwrap())
}

/// Announces a hint until it is received. The node that it is from is that of the bus.
async fn until_received(here: &dyn Bus, there: &mut dyn HintStream, hint: &Hint) {
    let is_it = |received: &Hint| match (hint, received) {
        (Hint::Signal { log, frame, .. }, Hint::Signal { log: of, frame: received, .. }) => {
            (log, frame) == (of, received)
        }
        (Hint::Presence { log, is_refresh, .. }, Hint::Presence { log: of, is_refresh: received, .. }) => {
            (log, is_refresh) == (of, received)
        }
        (Hint::Bye { .. }, Hint::Bye { .. }) => true,
        _ => hint == received,
    };
    for _ in 0..ATTEMPTS {
        here.announce(hint.clone());
        let received = async {
            loop {
                let received = there.next().await.expect("the bus is there");
                if is_it(&received) {
                    return;
                }
            }
        };
        if timeout(AGAIN, received).await.is_ok() {
            return;
        }
    }
    panic!("never received: {hint:?}");
}

pub async fn every_kind_of_hint_reaches_the_other_node(fresh: impl Fresh) {
    let Some([here, there]) = fresh() else { return };
    let (_listening_here, mut heard) = (here.listen(), there.listen());
    let news = log("wetter/zürich");
    there.follow(&news);
    let signal = Hint::Signal { from: NodeId(7), log: news.clone(), frame: r#"{"event":"typing"}"#.into() };
    for hint in [
        Hint::News { log: news.clone(), head: Seq(3) },
        Hint::News { log: news.clone(), head: Seq(u64::MAX) },
        Hint::Revoked { seq: Seq(9) },
        Hint::Jobs,
        signal,
        Hint::Presence { from: NodeId(7), log: news, presence: Presence::default(), is_refresh: true },
        Hint::Bye { from: NodeId(7) },
        Hint::Lost,
    ] {
        until_received(&*here, &mut *heard, &hint).await;
    }
    assert_eq!(there.health(), BusHealth::Healthy);
}

pub async fn hints_of_many_logs_all_arrive(fresh: impl Fresh) {
    let Some([here, there]) = fresh() else { return };
    let (_listening_here, mut heard) = (here.listen(), there.listen());
    let logs: Vec<LogKey> = (0..500).map(|number| log(&format!("news/{number}"))).collect();
    let announce = |here: &Arc<dyn Bus>| {
        for log in &logs {
            here.announce(Hint::News { log: log.clone(), head: Seq(1) });
        }
    };
    logs.iter().for_each(|log| there.follow(log));
    let mut missing: HashSet<LogKey> = logs.iter().cloned().collect();
    for _ in 0..ATTEMPTS {
        announce(&here);
        let received = async {
            while !missing.is_empty() {
                if let Hint::News { log, head } = heard.next().await.expect("the bus is there") {
                    assert_eq!(head, Seq(1));
                    missing.remove(&log);
                }
            }
        };
        if timeout(AGAIN, received).await.is_ok() {
            return;
        }
    }
    panic!("never received: {missing:?}");
}
