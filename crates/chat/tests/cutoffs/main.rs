//! Rights that end, on two nodes over one store whose bus cannot be relied on: nobody gets an entry after the one that
//! ended their right, nobody misses one before it, and nobody who came back is cut off by an old cutoff.

mod faulty_bus;
mod late_heads;
mod sessions;

use std::sync::Arc;

use chat::store::Range;
use chat::testing::{Heard, Listener, Node, SeededChance, User, for_all};
use chat::{Error, Limits, MemoryStore, Store, Window};
use proptest::collection::vec;
use proptest::prelude::*;
use wire::{Event, GroupId, Json, Page, Role, Seq, Topic};

use crate::faulty_bus::{FaultyBus, Mode};

/// One step of a history; people, nodes and topics by their numbers.
#[derive(Clone, Copy, Debug)]
enum Step {
    Join(usize),
    Leave(usize),
    Remove(usize),
    Ban(usize),
    Unban(usize),
    Rank(usize, Role),
    Post(usize, usize),
    Subscribe(usize, usize),
    Take(usize, usize),
    Bus(Mode),
}

/// Two nodes, and people who are on both of them.
struct World {
    nodes: [Node; 2],
    bus: Arc<FaultyBus>,
    people: Vec<User>,
    group: GroupId,
    topics: [Topic; 2],
    listeners: Vec<Listening>,
}

/// A subscription of somebody on one of the nodes.
struct Listening {
    who: usize,
    node: usize,
    topic: usize,
    listener: Listener,
    /// The last entry that they have, and the head, when they subscribed; none without a right to.
    began: Option<(Seq, Seq)>,
}

const PEOPLE: usize = 4;

fn steps() -> impl Strategy<Value = Step> {
    let who = || 1..PEOPLE;
    let role = prop_oneof![Just(Role::Admin), Just(Role::Member)];
    let mode = prop_oneof![Just(Mode::Pass), Just(Mode::Drop), Just(Mode::Repeat), Just(Mode::Delay)];
    prop_oneof![
        4 => who().prop_map(Step::Join),
        2 => who().prop_map(Step::Leave),
        1 => who().prop_map(Step::Remove),
        1 => who().prop_map(Step::Ban),
        1 => who().prop_map(Step::Unban),
        2 => (who(), role).prop_map(|(who, role)| Step::Rank(who, role)),
        8 => (0..PEOPLE, 0..2_usize).prop_map(|(who, node)| Step::Post(who, node)),
        8 => (0..4 * PEOPLE, 0..2_usize).prop_map(|(place, from)| Step::Subscribe(place, from)),
        6 => (0..4 * PEOPLE, 1..2_000_usize).prop_map(|(place, bytes)| Step::Take(place, bytes)),
        2 => mode.prop_map(Step::Bus),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_ends_with_the_entry_that_says_so_whatever_the_bus_does() {
    for_all(
        40,
        (vec(steps(), 1..120), any::<bool>(), any::<bool>()),
        |(steps, forgetful, deleted)| async move {
            let mut world = World::new(if forgetful { 500 } else { 256 * 1_024 }).await;
            for step in steps {
                world.take(step).await;
            }
            world.finish(deleted).await;
        },
    )
    .await;
}

impl World {
    async fn new(topic_log_bytes: usize) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(&SeededChance::new(0), Window::default()));
        let bus = FaultyBus::new();
        let limits = || Limits { topic_log_bytes, ..Node::patient() };
        let nodes = [1, 2].map(|seed| Node::start(Arc::clone(&store), bus.clone(), limits(), seed));
        let mut people = Vec::new();
        for name in ["ann", "ben", "cal", "dan"] {
            people.push(nodes[0].introduce(name).await);
        }
        let group = nodes[0].group(&people[0], "tea").await;
        let topics = [Topic::group(group), Topic::audit(group)];
        let mut listeners = Vec::new();
        for (who, user) in people.iter().enumerate() {
            for (node, on) in nodes.iter().enumerate() {
                for topic in 0..2 {
                    let listener = Listener::new(&on.chat, Some(user));
                    listeners.push(Listening { who, node, topic, listener, began: None });
                }
            }
        }
        Self { nodes, bus, people, group, topics, listeners }
    }

    async fn take(&mut self, step: Step) {
        let (chat, group) = (&self.nodes[0].chat, self.group);
        let there = &self.nodes[1].chat;
        let ann = &self.people[0];
        // A refused change has no effect.
        match step {
            Step::Join(who) => drop(there.join(&self.people[who], group, None).await),
            Step::Leave(who) => drop(there.leave(&self.people[who], group).await),
            Step::Remove(who) => drop(chat.remove_member(ann, group, self.people[who].id, false).await),
            Step::Ban(who) => drop(there.remove_member(ann, group, self.people[who].id, true).await),
            Step::Unban(who) => drop(chat.unban(ann, group, self.people[who].id).await),
            Step::Rank(who, role) => drop(chat.set_role(ann, group, self.people[who].id, role).await),
            Step::Post(who, node) => {
                let chat = &self.nodes[node].chat;
                let said =
                    chat.post(&self.people[who], self.topics[0].clone(), chat.new_send_id(), "tea?", None);
                drop(said.await);
            }
            Step::Subscribe(place, from) => {
                let listening = &mut self.listeners[place];
                listening.check_so_far();
                // Over a new connection, as after a reload.
                let node = &self.nodes[listening.node];
                listening.listener = Listener::new(&node.chat, Some(&self.people[listening.who]));
                let since = (from == 1).then(|| self.nodes[0].beginning());
                let begun = listening.listener.subscribe(&self.topics[listening.topic], since).await;
                listening.began = match begun {
                    Ok(begun) => Some((begun.cursor.seq, begun.head)),
                    Err(Error::Refusal(_)) => None,
                    Err(Error::Fault(fault)) => panic!("{fault}"),
                };
            }
            Step::Take(place, bytes) => drop(self.listeners[place].listener.take(bytes).await),
            Step::Bus(mode) => self.bus.set(mode),
        }
    }

    /// Lets everything arrive, and compares what everyone got with the logs.
    async fn finish(mut self, deleted: bool) {
        let ann = &self.people[0];
        // Something after every end, on both nodes.
        for node in &self.nodes {
            node.say(ann, self.group, "good night").await;
        }
        self.nodes[0].chat.create_invite(ann, self.group, 60, 3).await.unwrap();
        self.bus.reconnect();
        let mut logs = Vec::new();
        for topic in &self.topics {
            let all = Range { after: Some(Seq::ZERO), before: None, limit: usize::MAX };
            logs.push(self.page(topic, all).await);
        }
        for listening in &mut self.listeners {
            let ends = listening.ends(&logs[listening.topic], self.people[listening.who].id);
            let Some((cursor, last)) = listening.began.map(|(cursor, _)| (cursor.0, ends)) else { continue };
            let to = last.unwrap_or(logs[listening.topic].head.0);
            let topic = self.topics[listening.topic].clone();
            let is_whole = |heard: &[Heard]| {
                assert!(
                    seqs(heard).iter().all(|seq| *seq <= to),
                    "past the end of the right at {to}: {heard:?}"
                );
                let has_last = to <= cursor || seqs(heard).last() == Some(&to);
                has_last && (last.is_none() || heard.contains(&Heard::Ended { topic: topic.clone() }))
            };
            listening.listener.until(is_whole).await;
            listening.listener.take_all().await;
            let heard = listening.listener.heard();
            assert_eq!(seqs(heard), (cursor + 1..=to).collect::<Vec<_>>(), "{} from {cursor}", listening.who);
            assert_eq!(heard.len() - seqs(heard).len(), usize::from(last.is_some()), "one end: {heard:?}");
        }
        if deleted {
            self.delete().await;
        }
    }

    /// Deletes the group while no hint is delivered: everyone's subscriptions end all the same.
    async fn delete(mut self) {
        self.bus.set(Mode::Drop);
        self.nodes[0].chat.delete_group(&self.people[0], self.group, "tea").await.unwrap();
        self.bus.reconnect();
        for listening in self.listeners.iter_mut().filter(|listening| listening.began.is_some()) {
            let ended = Heard::Ended { topic: self.topics[listening.topic].clone() };
            listening.listener.until(|heard| heard.contains(&ended)).await;
        }
    }

    /// Returns a log as ann reads it, who is always an admin; page by page.
    async fn page(&self, topic: &Topic, range: Range) -> Page<Json> {
        let caller = self.people[0].caller();
        let mut all = self.nodes[1].chat.history(&caller, topic, range).await.unwrap();
        while let Some(last) = all.entries.last().map(|entry| entry.seq).filter(|last| *last < all.head) {
            let more = self.nodes[1].chat.history(&caller, topic, Range { after: Some(last), ..range }).await;
            all.entries.extend(more.unwrap().entries);
        }
        all
    }
}

impl Listening {
    /// Returns the Seq of the entry that ends the right that they had when they subscribed.
    fn ends(&self, log: &Page<Json>, me: wire::UserId) -> Option<u64> {
        let (_, head) = self.began?;
        let later = log.entries.iter().filter(|entry| entry.seq > head);
        let ends = |event: &Event| match event {
            Event::Left { person } | Event::Removed { person, .. } => person.id == me,
            Event::Ranked { person, role: Role::Member, .. } => self.topic == 1 && person.id == me,
            _ => false,
        };
        let event = |data: &Json| serde_json::from_str::<Event>(data.as_str()).unwrap();
        later.filter(|entry| ends(&event(&entry.data))).map(|entry| entry.seq.0).next()
    }

    /// The entries of an earlier subscription have no hole either, though some at the end may be missing.
    fn check_so_far(&self) {
        let Some((cursor, _)) = self.began else { return };
        let seqs = seqs(self.listener.heard());
        assert_eq!(seqs, (cursor.0 + 1..=cursor.0 + seqs.len() as u64).collect::<Vec<_>>());
    }
}

fn seqs(heard: &[Heard]) -> Vec<u64> {
    let seq = |heard: &Heard| if let Heard::Entry(entry) = heard { Some(entry.seq.0) } else { None };
    heard.iter().filter_map(seq).collect()
}
