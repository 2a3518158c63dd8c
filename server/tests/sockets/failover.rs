//! A real failover: the primary of a streaming standby is killed, the standby takes over, and the address of the database
//! leads there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chat::Chat;
use chat::store::Range;
use chat::testing::{User, guest};
use serde_json::json;
use services::{Link, Postgres};
use store::Failover;
use wire::{CloseCode, JoinPolicy, Seq, Topic};

use crate::nodes::{Node, hears, subscribe};

/// A primary with a standby, and the address by which nodes reach either.
struct Pair {
    primary: Postgres,
    standby: Postgres,
    link: Link,
    database: String,
}

impl Pair {
    async fn start() -> Option<Self> {
        let primary = Postgres::start()?;
        let database = primary.database();
        let standby = primary.start_standby();
        let link = Link::to(primary.address()).await;
        let database = database.replace(&primary.address().to_string(), &link.address().to_string());
        Some(Self { primary, standby, link, database })
    }

    /// Kills the primary, lets the standby take over, and leads the address there.
    fn fail_over(&self) {
        self.primary.kill();
        self.standby.promote();
        self.link.lead_to(self.standby.address());
    }

    /// Returns the database's name.
    fn name(&self) -> &str {
        self.database.rsplit('/').next().unwrap()
    }
}

/// The content of a log, by Seq.
async fn content(chat: &Chat, ann: &User, topic: &Topic) -> BTreeMap<u64, String> {
    let mut found = BTreeMap::new();
    let (mut after, mut head) = (Seq::ZERO, Seq(1));
    while after < head {
        let range = Range { after: Some(after), limit: 50, ..Range::default() };
        let page = chat.history(&ann.caller(), topic, range).await.unwrap();
        head = page.head;
        after = page.entries.last().expect("entries up to the head").seq;
        found.extend(page.entries.into_iter().map(|entry| (entry.seq.0, entry.data.as_str().to_owned())));
    }
    assert!(found.keys().copied().eq(1..=head.0), "a hole");
    found
}

/// Returns the positions of all entries.
fn positions(server: &Postgres, database: &str) -> BTreeSet<String> {
    let rows = server.run(database, "SELECT position FROM entries");
    rows.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_lacks_commits_gives_a_new_epoch_and_no_place_has_two_contents() {
    let Some(pair) = Pair::start().await else { return };
    let node = Node::start(&pair.database).await;
    let chat = Arc::clone(node.server.chat());
    let (ann, token) = guest(&chat, "ann").await;
    let group = chat.create_group(&ann, "tea", JoinPolicy::Open).await.unwrap().id;
    let topic = Topic::group(group);
    for text in ["first flush", "second flush"] {
        node.post(&ann, &topic, text).await.unwrap();
    }
    pair.primary.wait_for(&pair.standby);
    pair.standby.stop_following();
    let mut socket = node.socket(&token).await;
    let epoch = subscribe(&mut socket, &topic).await["cursor"]["epoch"].clone();
    for text in ["monsoon", "autumnal"] {
        node.post(&ann, &topic, text).await.unwrap();
        hears(&mut socket, text).await;
    }
    let before = content(&chat, &ann, &topic).await;

    pair.fail_over();
    // Nothing is taken under the old epoch, and the sockets end.
    tokio::time::timeout(Duration::from_secs(120), node.server.store_replaced()).await.unwrap();
    node.post(&ann, &topic, "under the old epoch").await.unwrap_err();
    let (_, code) = socket.hears_the_end().await;
    assert_eq!(code, Some(CloseCode::Restart.number()));
    node.server.stop().await;

    // As the service manager starts it.
    let node = Node::start(&pair.database).await;
    let chat = node.server.chat();
    let kept = content(chat, &ann, &topic).await;
    assert!(kept.len() < before.len() && kept.iter().all(|(seq, data)| before[seq] == *data), "{kept:?}");
    let old = positions(&pair.standby, pair.name());
    let mut socket = node.socket(&token).await;
    let cursor = json!({"epoch": epoch, "seq": before.len()});
    let subscribe = json!({"action": "subscribe", "topic": topic, "since": cursor});
    socket.says(&subscribe.to_string()).await;
    let reset = loop {
        let frame = socket.hears().await;
        if frame["event"] == "reset" {
            break frame;
        }
    };
    assert_eq!(reset["reason"], "epoch_changed", "{reset}");
    assert_ne!(reset["cursor"]["epoch"], epoch, "{reset}");
    node.post(&ann, &topic, "of the new year").await.unwrap();
    hears(&mut socket, "of the new year").await;
    let after = content(chat, &ann, &topic).await;
    assert!(kept.iter().all(|(seq, data)| after[seq] == *data) && after.len() == kept.len() + 1);
    let new: Vec<String> = positions(&pair.standby, pair.name()).difference(&old).cloned().collect();
    assert!(!new.is_empty() && new.iter().all(|position| number(position) > greatest(&old)), "{new:?}");
    assert!(node.page(&format!("/g/{group}"), &token).await.contains("of the new year"));
    assert!(node.server.stop().await);
}

fn number(position: &str) -> i64 {
    position.parse().unwrap()
}

fn greatest(positions: &BTreeSet<String>) -> i64 {
    positions.iter().map(|position| number(position)).max().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synchronous_standby_takes_over_and_everything_goes_on() {
    let Some(pair) = Pair::start().await else { return };
    pair.primary.commit_synchronously();
    let node = Node::start_with(&pair.database, Failover::Lossless).await;
    let chat = Arc::clone(node.server.chat());
    let (ann, token) = guest(&chat, "ann").await;
    let group = chat.create_group(&ann, "tea", JoinPolicy::Open).await.unwrap().id;
    let topic = Topic::group(group);
    let mut socket = node.socket(&token).await;
    let epoch = subscribe(&mut socket, &topic).await["cursor"]["epoch"].clone();
    let stop = Arc::new(AtomicBool::new(false));
    let sending = tokio::spawn({
        let (chat, ann, topic, stop) = (Arc::clone(&chat), ann.clone(), topic.clone(), Arc::clone(&stop));
        async move {
            let (mut acked, mut number) = (BTreeMap::new(), 0);
            while !stop.load(Ordering::Relaxed) {
                let (id, text) = (chat.new_send_id(), format!("cup {number}."));
                number += 1;
                let seq = loop {
                    match chat.post(&ann, topic.clone(), id.clone(), &text, None).await {
                        Ok(ack) => break ack.seq,
                        Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                    }
                };
                acked.insert(seq.0, text);
            }
            acked
        }
    });
    hears(&mut socket, "cup 3.").await;
    pair.fail_over();
    while node.post(&ann, &topic, "after the failover").await.is_err() {}
    // Over the same socket, after everything before.
    hears(&mut socket, "after the failover").await;
    stop.store(true, Ordering::Relaxed);
    let acked = sending.await.unwrap();
    let found = content(&chat, &ann, &topic).await;
    for (seq, text) in &acked {
        assert!(found[seq].contains(&format!("\"{text}\"")), "{seq} is {} and not {text}", found[seq]);
        assert_eq!(found.values().filter(|data| data.contains(&format!("\"{text}\""))).count(), 1, "{text}");
    }
    assert!(node.server.stop().await);
    // Another start finds the same.
    let again = Node::start_with(&pair.database, Failover::Lossless).await;
    let mut socket = again.socket(&token).await;
    assert_eq!(subscribe(&mut socket, &topic).await["cursor"]["epoch"], epoch);
    assert_eq!(content(again.server.chat(), &ann, &topic).await, found);
    assert!(again.server.stop().await);
}
