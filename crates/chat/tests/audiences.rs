//! A model of restricted messages: random histories, in which nobody outside the audience of a message ever sees its
//! content, whatever they read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chat::store::{Range, RowRange};
use chat::testing::{Heard, Listener, Node, SeededChance, User};
use chat::{MemoryStore, SearchRequest, Window, search::SearchQuery};
use wire::{Amendment, Cursor, Emoji, Event, GroupId, PageStart, SendId, Seq, Topic, UserId};

/// Random numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

/// A message of the model. Its text is its secret: a word that no other message has.
struct Said {
    seq: Seq,
    author: UserId,
    /// Those who may read it; none if everyone in the group may.
    audience: Option<BTreeSet<UserId>>,
    /// True once it is deleted.
    gone: bool,
}

/// The group, its people and what they may know.
struct World {
    node: Node,
    people: Vec<User>,
    group: GroupId,
    topic: Topic,
    /// The messages by the numbers of their secrets: an edit gives a message another.
    said: BTreeMap<usize, Said>,
    /// The members.
    seated: BTreeSet<UserId>,
    secrets: usize,
    ears: Vec<Listener>,
    /// The deliveries of each listener that were checked.
    checked: Vec<usize>,
    ids: u64,
}

/// The steps of a history, and the number of histories in the long form. Each look reads the whole history, so a single
/// one of 100,000 steps would take hours.
const STEPS: usize = 2_000;
const LONG_HISTORIES: usize = 50;
const LONG: &str = "HUBBUB_TEST_LONG";
/// The steps between two looks at everything that everyone can read.
const LOOK: usize = 100;
const NAMES: [&str; 6] = ["Wanjirũ", "Zoë", "李雷", "نور", "Ölvir", "ann"];

impl World {
    async fn begun() -> Self {
        let window = Window { entries: 1_000_000, ..Window::default() };
        let node = Node::over(Arc::new(MemoryStore::new(&SeededChance::new(3), window)));
        let mut people = Vec::new();
        for name in NAMES {
            people.push(node.introduce(name).await);
        }
        let group = node.group(&people[0], "team").await;
        let topic = Topic::group(group);
        let mut world = Self {
            node,
            group,
            topic,
            said: BTreeMap::new(),
            seated: BTreeSet::from([people[0].id]),
            secrets: 0,
            ears: Vec::new(),
            checked: Vec::new(),
            ids: 0,
            people,
        };
        for at in 1..world.people.len() - 1 {
            world.join(at).await;
        }
        for person in &world.people {
            // Those without a seat may not subscribe to the group, and hear their own log all the same.
            let mut ear = Listener::new(&world.node.chat, Some(person));
            ear.subscribe(&Topic::user(person.id), Some(world.node.beginning())).await.unwrap();
            let _ = ear.subscribe(&world.topic, Some(world.node.beginning())).await;
            world.ears.push(ear);
            world.checked.push(0);
        }
        world
    }

    fn id(&mut self) -> SendId {
        self.ids += 1;
        SendId::new(&format!("m{}", self.ids)).unwrap()
    }

    fn secret(&mut self) -> (usize, String) {
        self.secrets += 1;
        (self.secrets, format!("secret{}x", self.secrets))
    }

    async fn join(&mut self, at: usize) {
        let person = self.people[at].clone();
        if self.node.chat.join(&person, self.group, None).await.is_ok() {
            self.seated.insert(person.id);
            if let Some(ear) = self.ears.get_mut(at) {
                let since = Cursor { epoch: self.node.epoch(), seq: Seq::ZERO };
                let _ = ear.subscribe(&self.topic, Some(since)).await;
            }
        }
    }

    async fn step(&mut self, dice: &mut Dice) {
        let at = dice.roll(self.people.len());
        let by = self.people[at].clone();
        let targets: Vec<(usize, Seq)> = self.said.iter().map(|(secret, said)| (*secret, said.seq)).collect();
        let newest = &targets[targets.len().saturating_sub(30)..];
        match dice.roll(20) {
            0 => self.join(at).await,
            1 if at > 0 => {
                if self.node.chat.leave(&by, self.group).await.is_ok() {
                    self.seated.remove(&by.id);
                }
            }
            2..=11 => {
                let about =
                    if dice.roll(3) == 0 && !newest.is_empty() { Some(*dice.pick(newest)) } else { None };
                let seated: Vec<UserId> = self.seated.iter().copied().collect();
                let anyone = self.people[dice.roll(self.people.len())].id;
                let chosen: Option<Vec<UserId>> = (dice.roll(3) > 0).then(|| {
                    let mut chosen: Vec<UserId> = (0..=dice.roll(3)).map(|_| *dice.pick(&seated)).collect();
                    // Now and then somebody who may have no seat.
                    chosen.extend((dice.roll(6) == 0).then_some(anyone));
                    chosen
                });
                self.say(&by, about, chosen, dice).await;
            }
            12..=14 if !newest.is_empty() => {
                let (secret, seq) = *dice.pick(newest);
                self.edit(&by, secret, seq).await;
            }
            15 if !newest.is_empty() => {
                let (secret, seq) = *dice.pick(newest);
                let id = self.id();
                if self.node.chat.amend(&by, &self.topic, id, seq, Amendment::Delete).await.is_ok() {
                    self.may_change(&by, secret);
                    self.said.values_mut().filter(|said| said.seq == seq).for_each(|said| said.gone = true);
                }
            }
            16..=17 if !newest.is_empty() => {
                let (secret, seq) = *dice.pick(newest);
                let amendment = match dice.roll(2) {
                    0 => Amendment::React(Emoji::new("👍").unwrap(), dice.roll(2) == 0),
                    _ => Amendment::Pin(dice.roll(2) == 0),
                };
                let is_pin = matches!(amendment, Amendment::Pin(_));
                let id = self.id();
                if self.node.chat.amend(&by, &self.topic, id, seq, amendment).await.is_ok() {
                    self.may_change(&by, secret);
                    assert!(
                        !is_pin || self.said[&secret].audience.is_none(),
                        "a restricted message is pinned"
                    );
                }
            }
            _ => {
                let head =
                    self.node.chat.history(&by, &Topic::user(by.id), Range::default()).await.unwrap().head;
                self.node.chat.confirm_delivered(&by, &Topic::user(by.id), head).await.unwrap();
                if let Some((_, seq)) = newest.last() {
                    let _ = self.node.chat.set_read(&by, &self.topic, *seq, dice.roll(9) == 0).await;
                }
            }
        }
    }

    /// Checks that a change which went through was by somebody who may read the message.
    fn may_change(&self, by: &User, secret: usize) {
        let audience = &self.said[&secret].audience;
        let may_read = audience.as_ref().is_none_or(|audience| audience.contains(&by.id));
        assert!(may_read && self.seated.contains(&by.id), "{} has changed secret{secret}x", by.person().name);
    }

    async fn say(
        &mut self,
        by: &User,
        about: Option<(usize, Seq)>,
        chosen: Option<Vec<UserId>>,
        dice: &mut Dice,
    ) {
        let (secret, mut text) = self.secret();
        if dice.roll(3) == 0 {
            text = format!("{text} @{} @everyone", dice.pick(&NAMES));
        }
        let id = self.id();
        let (seq, to) = (about.map(|(_, seq)| seq), chosen.as_deref());
        let Ok(ack) = self.node.chat.post_to(by, self.topic.clone(), id, &text, seq, to).await else {
            return;
        };
        assert!(self.seated.contains(&by.id));
        let inherited = about.and_then(|(of, _)| self.said[&of].audience.clone());
        let audience = match (chosen, inherited) {
            (Some(chosen), inherited) => {
                let audience: BTreeSet<UserId> = chosen.into_iter().chain([by.id]).collect();
                assert!(audience.is_subset(&self.seated));
                assert!(inherited.is_none_or(|inherited| audience.is_subset(&inherited)));
                Some(audience)
            }
            (None, Some(inherited)) => {
                assert!(inherited.contains(&by.id), "a reply by somebody who cannot read the message");
                Some(inherited.intersection(&self.seated).copied().collect())
            }
            (None, None) => None,
        };
        self.said.insert(secret, Said { seq: ack.seq, author: by.id, audience, gone: false });
    }

    async fn edit(&mut self, by: &User, of: usize, seq: Seq) {
        let (secret, text) = self.secret();
        let id = self.id();
        if self.node.chat.amend(by, &self.topic, id, seq, Amendment::Edit(text)).await.is_ok() {
            self.may_change(by, of);
            let said = &self.said[&of];
            let new = Said { seq, author: said.author, audience: said.audience.clone(), gone: said.gone };
            self.said.insert(secret, new);
        }
    }

    /// Checks that a user may know every secret in what they see.
    fn check(&self, user: &User, seen: &str, place: &str) {
        for secret in secrets(seen) {
            let Some(Said { audience: Some(audience), .. }) = self.said.get(&secret) else { continue };
            let name = user.person().name;
            assert!(audience.contains(&user.id), "{name} has seen secret{secret}x in {place}: {seen}");
        }
    }

    async fn check_frames(&mut self) {
        for at in 0..self.people.len() {
            self.ears[at].take_all().await;
            let heard: Vec<Heard> = self.ears[at].heard()[self.checked[at]..].to_vec();
            self.checked[at] += heard.len();
            for delivery in heard {
                let Heard::Entry(entry) = &delivery else { continue };
                let is_own = entry.topic == Topic::user(self.people[at].id);
                let restricted = secrets(entry.data.as_str());
                let is_restricted =
                    |secret: &usize| self.said.get(secret).is_some_and(|said| said.audience.is_some());
                assert!(
                    is_own || !restricted.iter().any(is_restricted),
                    "the log of the group has {entry:?}"
                );
                self.check(&self.people[at], entry.data.as_str(), "a frame");
            }
        }
    }

    /// Looks at everything that everyone can read.
    async fn look(&self, dice: &mut Dice) {
        let chat = &self.node.chat;
        for person in &self.people {
            let limit = 100;
            for topic in [&self.topic, &Topic::user(person.id)] {
                for range in
                    [Range { limit, ..Range::default() }, Range { limit, after: Some(Seq(3)), before: None }]
                {
                    let Ok(page) = chat.history(person, topic, range).await else { continue };
                    let seen = format!("{:?}", page.entries);
                    self.check(person, &seen, "history");
                    if !self.seated.contains(&person.id) {
                        let all = secrets(&seen);
                        assert!(all.is_empty(), "{} has left and reads {all:?}", person.person().name);
                    }
                }
            }
            let place = match dice.roll(3) {
                0 => PageStart::Newest,
                1 => PageStart::Unread,
                _ => PageStart::Around(Seq(dice.roll(200) as u64)),
            };
            if let Ok(view) = chat.open_group(person, self.group, place, None).await {
                self.check(person, &format!("{view:?}"), "the page");
            }
            if let Ok(rows) = chat.rows(person, &self.topic, RowRange::newest(50)).await {
                self.check(person, &format!("{rows:?}"), "rows");
                self.whole(person, &rows.entries, rows.from, rows.to);
            }
            self.check(person, &format!("{:?}", chat.overview(person).await.unwrap()), "the overview");
            let query = SearchQuery::parse("secret").unwrap();
            let request = SearchRequest { query, limit: 20, ..SearchRequest::default() };
            let found = chat.search(person, &request).await.unwrap();
            self.check(person, &format!("{found:?}"), "search");
            self.check_unread(person).await;
            // A new device gets everything from history.
            let mut device = Listener::new(chat, Some(person));
            for topic in [&self.topic, &Topic::user(person.id)] {
                let head =
                    chat.history(person, topic, Range::default()).await.map_or(Seq::ZERO, |page| page.head);
                let since = Cursor { epoch: self.node.epoch(), seq: Seq(head.0.saturating_sub(200)) };
                let _ = device.subscribe(topic, Some(since)).await;
            }
            device.take_all().await;
            self.check(person, &format!("{:?}", device.heard()), "recovery");
        }
    }

    /// Checks that a reader's rows lack nothing that is theirs to read.
    fn whole(&self, person: &User, rows: &[wire::Entry], from: Seq, to: Seq) {
        let readable = |said: &&Said| {
            said.seq >= from
                && said.seq <= to
                && said.audience.as_ref().is_none_or(|audience| audience.contains(&person.id))
        };
        let expected: BTreeSet<Seq> = self.said.values().filter(readable).map(|said| said.seq).collect();
        let is_message = |event: &Event| matches!(event, Event::Message { .. } | Event::Tombstone { .. });
        let shown: BTreeSet<Seq> =
            rows.iter().filter(|row| is_message(&row.data)).map(|row| row.seq).collect();
        assert_eq!(shown, expected, "{}", person.person().name);
    }

    async fn check_unread(&self, person: &User) {
        if !self.seated.contains(&person.id) {
            return;
        }
        let Ok(wire::ServerFrame::Read { seq, unread, .. }) =
            self.node.chat.unread(person, &self.topic, None).await
        else {
            panic!("a member has a count")
        };
        let counts = |said: &&Said| {
            said.seq > seq
                && !said.gone
                && said.author != person.id
                && said.audience.as_ref().is_none_or(|audience| audience.contains(&person.id))
        };
        let expected: BTreeSet<Seq> = self.said.values().filter(counts).map(|said| said.seq).collect();
        let expected = u32::try_from(expected.len()).unwrap().min(wire::limits::MAX_UNREAD);
        assert_eq!(unread, expected, "{}", person.person().name);
    }
}

/// Returns the numbers of the secrets in a text.
fn secrets(text: &str) -> Vec<usize> {
    let parts = text.split("secret").skip(1);
    parts.filter_map(|part| part.split_once('x')?.0.parse().ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_outside_the_audience_ever_sees_a_message_whatever_they_read() {
    let histories = if std::env::var_os(LONG).is_some() { LONG_HISTORIES } else { 1 };
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..histories {
        let mut world = World::begun().await;
        for step in 0..STEPS {
            world.step(&mut dice).await;
            world.check_frames().await;
            if step % LOOK == 0 {
                world.look(&mut dice).await;
            }
        }
        let restricted = world.said.values().filter(|said| said.audience.is_some()).count();
        assert!(restricted > STEPS / 20, "only {restricted} messages were to some");
    }
}
