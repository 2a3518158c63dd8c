//! Reads the newest messages of a group again and again, from memory and from the database, in turns: `history SECONDS`.
//!
//! Both ways read the permission from the database, and end with the JSON of the page.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat::rules::Viewer;
use chat::store::{OpenRequest, Range};
use chat::testing::{Node, SeededChance, User};
use chat::{Chat, Store};
use store::SqliteStore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wire::{ApplicationId, Entry, Topic};

/// The messages in the group.
const MESSAGES: u32 = 1_000;
/// The turns of each way.
const TURNS: u32 = 3;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let seconds = std::env::args().nth(1).and_then(|seconds| seconds.parse().ok()).unwrap_or(2);
    let folder = tempfile::tempdir()?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(folder.path(), &SeededChance::new(1))?);
    let node = Node::over(Arc::clone(&store));
    let reader = node.introduce("Wanjirũ").await;
    let group = node.group(&reader, "Chai").await;
    for number in 0..MESSAGES {
        node.say(&reader, group, &format!("Message {number} of a conversation, about as long as most."))
            .await;
    }
    println!("readers  limit  from memory/s  from the store/s  ratio");
    for (readers, limit) in [(1, 20), (1, 100), (16, 20), (16, 100)] {
        let (mut recent, mut stored) = (0, 0);
        for _ in 0..TURNS {
            for (count, from_memory) in [(&mut recent, true), (&mut stored, false)] {
                let way = Way { chat: Arc::clone(&node.chat), store: Arc::clone(&store), from_memory };
                *count += way.read(&reader, &Topic::group(group), readers, limit, seconds).await;
            }
        }
        let per_second = |count: u64| count / (u64::from(TURNS) * seconds);
        let ratio = recent * 10 / stored.max(1);
        println!(
            "{readers:>7}  {limit:>5}  {:>13}  {:>16}  {:>3}.{}",
            per_second(recent),
            per_second(stored),
            ratio / 10,
            ratio % 10
        );
    }
    let metrics = node.chat.recent_metrics();
    println!("{metrics:?}");
    node.chat.shut_down().await.map_err(|error| format!("{error:?}"))?;
    Ok(())
}

/// A way to read a page.
#[derive(Clone)]
struct Way {
    chat: Arc<Chat>,
    store: Arc<dyn Store>,
    from_memory: bool,
}

impl Way {
    /// Reads pages with this many readers at once; returns the number of pages.
    async fn read(&self, reader: &User, topic: &Topic, readers: u32, limit: usize, seconds: u64) -> u64 {
        let (until, count) = (Instant::now() + Duration::from_secs(seconds), Arc::new(AtomicU64::new(0)));
        let mut reading = JoinSet::new();
        for _ in 0..readers {
            let (way, reader, topic, count) =
                (self.clone(), reader.clone(), topic.clone(), Arc::clone(&count));
            reading.spawn(async move {
                while Instant::now() < until {
                    let page = way.page(&reader, &topic, limit).await;
                    assert!(page.len() > limit * 100, "{page}");
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        reading.join_all().await;
        count.load(Ordering::Relaxed)
    }

    async fn page(&self, reader: &User, topic: &Topic, limit: usize) -> String {
        let range = Range { limit, ..Range::default() };
        if self.from_memory {
            let page = self.chat.history_json(reader, topic, range).await;
            return page.map(|page| page.entries).unwrap_or_default();
        }
        let (user, viewer) = (Some(reader.id), Viewer::User(reader.id));
        let request = OpenRequest { topic: topic.clone(), user, session: None, viewer, range, rows: None };
        let opened = self.store.reader(ApplicationId::BUILT_IN).open(request).await;
        let encode = |entries: Vec<Entry<wire::Json>>| {
            format!("[{}]", entries.iter().map(Entry::encode).collect::<Vec<_>>().join(","))
        };
        opened.map(|opened| encode(opened.page.entries)).unwrap_or_default()
    }
}
