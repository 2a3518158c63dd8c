//! Tests of recent entries, for every store: history from memory is that of the store, for every reader and at every
//! moment. Each takes a factory of fresh stores.

#![expect(missing_docs, reason = "the name of a case is its sentence")]

use std::sync::Arc;

use proptest::collection::vec;
use tokio::task::JoinSet;
use wire::limits::PAGE_ENTRIES;
use wire::{Amendment, ApplicationId, Emoji, Entry, Event, GroupId, Json, LogKey, Refusal, Seq, Topic};

use super::{Gate, Node, User, for_all};
use crate::ports::bus::LocalBus;
use crate::ports::store::{OpenRequest, Range, RowRange, Store, StoreReader, Trim, event_of};
use crate::rules::Viewer;
use crate::service::error::Error;

/// Makes a test of each case of recent entries. Takes the number of random histories and a factory of fresh stores behind
/// a [`Gate`].
///
/// The crate that calls it needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! recent_contract {
    ($histories:expr, $fresh:expr) => {
        $crate::recent_contract! { $fresh;
            a_log_that_is_read_again_is_read_from_memory
            readers_of_the_same_log_share_one_read_of_the_store
            subscribers_recover_from_memory_what_others_read
            entries_of_another_node_are_not_missing
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn history_from_memory_is_that_of_the_store() {
            $crate::testing::recent::history_from_memory_is_that_of_the_store($histories, $fresh).await;
        }
    };
    ($fresh:expr; $($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            $crate::testing::recent::$case($fresh).await;
        }
    )*};
}

/// Two nodes over one store that do not hear of each other, and a group.
struct World {
    store: Arc<Gate>,
    near: Node,
    far: Node,
    people: Vec<User>,
    group: GroupId,
    /// True if the far node has written since the beginning.
    is_written_by_far: bool,
}

/// The next step of a history: its kind, and three numbers that choose the rest.
type Step = (u8, u16, u16, u16);

const NAMES: [&str; 4] = ["Wanjirũ", "李雷", "Zoë O'Brien", "سارا"];
/// The messages of a burst.
const BURST: usize = 40;

pub async fn history_from_memory_is_that_of_the_store(
    cases: u32,
    fresh: impl Fn() -> Arc<Gate> + Send + 'static,
) {
    let steps = vec((0..24_u8, 0..1_000_u16, 0..1_000_u16, 0..1_000_u16), 1..80);
    for_all(cases, steps, move |steps: Vec<Step>| {
        let store = fresh();
        async move {
            let mut world = World::over(store).await;
            world.burst(1).await;
            for step in steps {
                world.take(step).await;
            }
            for reader in 0..NAMES.len() {
                world.compare(reader, Range { limit: PAGE_ENTRIES, ..Range::default() }).await;
            }
        }
    })
    .await;
}

pub async fn a_log_that_is_read_again_is_read_from_memory(fresh: impl Fn() -> Arc<Gate>) {
    let world = World::over(fresh()).await;
    let (node, topic, reader) = (&world.near, world.topic(), &world.people[1]);
    world.burst(0).await;
    let newest = Range { limit: 20, ..Range::default() };
    for _ in 0..2 {
        node.chat.history(reader, &topic, newest).await.unwrap();
    }
    let (pages, hits) = (world.store.pages(), node.chat.recent_metrics().hits);
    let head = world.compare(1, newest).await;
    let said = node.say(&world.people[2], world.group, "שלום").await;
    assert_eq!(said.seq, head.next());
    assert_eq!(world.compare(1, newest).await, said.seq);
    let amend = async |amendment: Amendment| {
        let id = node.chat.new_send_id();
        node.chat.amend(&world.people[2], &topic, id, said.seq, amendment).await.unwrap()
    };
    for (amendment, text) in [(Amendment::Edit("שלום לכולם".into()), "שלום לכולם"), (Amendment::Delete, "")]
    {
        let seq = amend(amendment).await.seq;
        assert_eq!(world.compare(1, newest).await, seq);
        let range = Range { after: Some(said.seq.previous()), limit: 1, ..Range::default() };
        let page = node.chat.history(reader, &topic, range).await.unwrap();
        let now = match event_of(&page.entries[0].data) {
            Event::Message { text, .. } => text,
            Event::Tombstone { .. } => String::new(),
            other => panic!("{other:?}"),
        };
        assert_eq!(now, text);
    }
    let rows = node.chat.rows(reader, &topic, RowRange::newest(10)).await.unwrap();
    assert_eq!(rows.entries.len(), 10);
    assert_eq!(world.store.pages(), pages, "no entry came from the store");
    // Three reads for each comparison, two of one message, and the rows.
    assert_eq!(node.chat.recent_metrics().hits - hits, 4 * 3 + 2 + 1);

    // The permission comes from the store every time.
    node.chat.remove_member(&world.people[0], world.group, reader.id, false).await.unwrap();
    let refused = node.chat.history(reader, &topic, newest).await;
    assert!(matches!(refused, Err(Error::Refusal(Refusal::NotMember))), "{refused:?}");
}

pub async fn readers_of_the_same_log_share_one_read_of_the_store(fresh: impl Fn() -> Arc<Gate>) {
    let world = World::over(fresh()).await;
    world.burst(0).await;
    let (topic, range) = (world.topic(), Range { limit: 50, ..Range::default() });
    world.near.chat.history(&world.people[0], &topic, range).await.unwrap();
    let pages = world.store.pages();
    let mut reading = JoinSet::new();
    for number in 0..50 {
        let (chat, topic) = (Arc::clone(&world.near.chat), topic.clone());
        let reader = world.people[number % NAMES.len()].clone();
        reading.spawn(async move { chat.history(&reader, &topic, range).await.unwrap().entries.len() });
    }
    let read = reading.join_all().await;
    assert!(read.iter().all(|entries| *entries == read[0]) && read[0] > BURST, "{read:?}");
    assert_eq!(world.store.pages() - pages, 1);
}

pub async fn subscribers_recover_from_memory_what_others_read(fresh: impl Fn() -> Arc<Gate>) {
    let world = World::over(fresh()).await;
    world.burst(0).await;
    let (chat, topic) = (&world.near.chat, world.topic());
    let range = Range { limit: 50, ..Range::default() };
    for _ in 0..2 {
        chat.history(&world.people[0], &topic, range).await.unwrap();
    }
    let head = chat.history(&world.people[0], &topic, range).await.unwrap().head;
    let pages = world.store.pages();
    world.recover(Seq(5), head, true).await;
    assert_eq!(world.store.pages(), pages);
}

pub async fn entries_of_another_node_are_not_missing(fresh: impl Fn() -> Arc<Gate>) {
    let world = World::over(fresh()).await;
    let (topic, newest) = (world.topic(), Range { limit: 20, ..Range::default() });
    world.burst(0).await;
    for _ in 0..3 {
        world.near.chat.history(&world.people[1], &topic, newest).await.unwrap();
    }
    let said = world.far.say(&world.people[2], world.group, "from afar").await;
    let page = world.near.chat.history(&world.people[1], &topic, newest).await.unwrap();
    assert_eq!(page.entries.last().map(|entry| entry.seq), Some(said.seq));
    let pages = world.store.pages();
    for _ in 0..3 {
        world.near.chat.history(&world.people[1], &topic, newest).await.unwrap();
    }
    assert_eq!(world.store.pages() - pages, 1, "it is read into memory again");
}

impl World {
    async fn over(store: Arc<Gate>) -> Self {
        let node = |seed| {
            let store: Arc<dyn Store> = Arc::<Gate>::clone(&store);
            Node::start(store, Arc::new(LocalBus::default()), Node::patient(), seed)
        };
        let (near, far) = (node(1), node(2));
        let mut people = Vec::new();
        for name in NAMES {
            people.push(near.introduce(name).await);
        }
        let group = near.group(&people[0], "Chai").await;
        for person in &people[1..] {
            near.chat.join(person, group, None).await.unwrap();
        }
        Self { store, near, far, people, group, is_written_by_far: false }
    }

    fn topic(&self) -> Topic {
        Topic::group(self.group)
    }

    /// Has a person send many messages at once.
    async fn burst(&self, by: usize) {
        let mut sending = JoinSet::new();
        for number in 0..BURST {
            let (chat, topic, by) = (Arc::clone(&self.near.chat), self.topic(), self.people[by].clone());
            sending.spawn(async move {
                let id = chat.new_send_id();
                chat.post(&by, topic, id, &format!("burst {number}"), None).await.unwrap()
            });
        }
        sending.join_all().await;
    }

    /// Takes a step. One that is refused changes nothing.
    async fn take(&mut self, (kind, by, number, more): Step) {
        let head = self.head().await;
        // Mostly near the end, where readers are.
        let seq = Seq(head.0.saturating_sub(u64::from(number) % 60).max(1));
        // Some of the writes are of the far node.
        let is_far = by % 5 == 4 && (2..=9).contains(&kind);
        self.is_written_by_far |= is_far;
        let node = if is_far { &self.far } else { &self.near };
        let (chat, topic) = (Arc::clone(&node.chat), self.topic());
        let me = self.people[usize::from(by) % NAMES.len()].clone();
        let id = chat.new_send_id();
        match kind {
            0 | 1 => self.burst(usize::from(by) % NAMES.len()).await,
            2..=4 => {
                let about = (number % 2 == 0).then_some(seq);
                let _ = chat.post(&me, topic, id, &format!("message {number}"), about).await;
            }
            5 => {
                let reader = self.people[usize::from(number) % NAMES.len()].id;
                let _ = chat.post_to(&me, topic, id, "to some", None, Some(&[reader])).await;
            }
            6..=8 => {
                let amendment = match number % 5 {
                    0 | 1 => Amendment::Edit(format!("edited {more}")),
                    2 => Amendment::Delete,
                    3 => Amendment::Pin(more % 3 > 0),
                    _ => Amendment::React(Emoji::new("🍵").unwrap(), more % 3 > 0),
                };
                let _ = chat.amend(&me, &topic, id, seq, amendment).await;
            }
            9 => {
                let before = Seq(u64::from(more) % head.next().next().0);
                let trim = Trim { topic, before };
                chat.commit_in(ApplicationId::BUILT_IN, trim).await.unwrap();
            }
            10..=13 => {
                let (at, rows) = (Seq(seq.0 + u64::from(more) % 9), usize::from(by) % 51);
                let range = match more % 4 {
                    0 => RowRange::newest(rows),
                    1 => RowRange::before(at, rows),
                    2 => RowRange::after(at, rows),
                    _ => RowRange::split(at, rows / 2, rows / 2),
                };
                self.compare_rows(usize::from(by) % NAMES.len(), range).await;
            }
            14 => self.recover(seq, Seq(seq.0 + u64::from(more) % 60).min(head), false).await,
            _ => {
                let place = |number: u16| Some(Seq(head.0.saturating_sub(u64::from(number) % 250)));
                let (after, before) = (place(number), place(more));
                let (after, before) = match by % 5 {
                    0 | 1 => (None, None),
                    2 => (after, None),
                    3 => (None, before),
                    _ => (after.min(before), after.max(before)),
                };
                let range = Range { after, before, limit: usize::from(more) % 120 };
                self.compare(usize::from(by) % NAMES.len(), range).await;
            }
        }
    }

    async fn head(&self) -> Seq {
        let reader = self.stored();
        reader.page(&self.topic(), Range::default()).await.unwrap().head
    }

    /// Asserts that a person reads on the near node what the store has for them.
    async fn compare(&self, reader: usize, range: Range) -> Seq {
        let limit = range.limit.min(PAGE_ENTRIES);
        let request = self.request(reader, Range { limit, ..range }, None);
        let stored = self.stored().open(request).await.unwrap().page;
        let (reader, topic) = (&self.people[reader], self.topic());
        for _ in 0..2 {
            let page = self.near.chat.history(reader, &topic, range).await.unwrap();
            assert_eq!(page, stored, "{range:?}");
        }
        let json = self.near.chat.history_json(reader, &topic, range).await.unwrap();
        let entries: Vec<String> = stored.entries.iter().map(Entry::encode).collect();
        assert_eq!(json.entries, format!("[{}]", entries.join(",")), "{range:?}");
        assert_eq!((json.epoch, json.begins, json.head), (stored.epoch, stored.begins, stored.head));
        stored.head
    }

    /// Returns a reader whose reads are not counted.
    fn stored(&self) -> Arc<dyn StoreReader> {
        self.store.behind().reader(ApplicationId::BUILT_IN)
    }

    async fn compare_rows(&self, reader: usize, range: RowRange) {
        let seen = range.seen_by(Some(self.people[reader].id));
        let request = self.request(reader, Range::default(), Some(seen));
        let stored = self.stored().open(request).await.unwrap().rows.unwrap();
        let stored = stored.map(|data| event_of(&data));
        for _ in 0..2 {
            let rows = self.near.chat.rows(&self.people[reader], &self.topic(), range).await.unwrap();
            assert_eq!(rows, stored, "{range:?}");
        }
    }

    /// Asserts that a subscriber gets from memory what the log has, if anything.
    async fn recover(&self, cursor: Seq, until: Seq, is_there: bool) {
        let log = LogKey::new(ApplicationId::BUILT_IN, self.topic());
        let recovered = self.near.chat.recent.recovery_page(&*self.store, &log, cursor, until).await.unwrap();
        assert!(recovered.is_some() || !is_there, "nothing is in memory");
        let Some(page) = recovered else { return };
        let (after, before) = (Some(cursor), Some(until.next()));
        let range = Range { after, before, limit: usize::MAX };
        let stored = self.stored().page(&self.topic(), range).await.unwrap();
        let frames = page.between(cursor, until).iter();
        let entries: Vec<Entry<Json>> =
            frames.map(|frame| serde_json::from_slice(frame.payload()).unwrap()).collect();
        if self.is_written_by_far {
            // Changes by another node follow in the log.
            assert!(entries.iter().map(|entry| entry.seq.0).eq(cursor.0 + 1..=until.0));
        } else {
            assert_eq!(entries, stored.entries);
        }
    }

    fn request(&self, reader: usize, range: Range, rows: Option<RowRange>) -> OpenRequest {
        let reader = self.people[reader].id;
        let viewer = Viewer::User(reader);
        OpenRequest { topic: self.topic(), user: Some(reader), session: None, viewer, range, rows }
    }
}
