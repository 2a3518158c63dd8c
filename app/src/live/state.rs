use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leptos::prelude::*;
use wire::{
    Action, Amendment, CloseCode, Cursor, Entry, Event, Incoming, Mine, Notice, Notify, Opened, Pair,
};
use wire::{
    Person, Quote, Ref, Refusal, Refused, Request, SendId, Seq, Setting, Summary, Timestamp, Topic, UserId,
    Visit,
};

use super::link::{Due, Link, LinkState};
use super::outbox::{Letter, Outbox};
use super::row::RowState;
use super::timeline::{Applied, Timeline};

/// What the browser knows: who looks, their conversations, the open timelines, and the way out. A handle: clones
/// are the same state.
#[derive(Clone)]
pub struct Live {
    /// Who looks.
    pub me: Person,
    /// Their conversations, with what is unread in them.
    pub mine: ArcRwSignal<Vec<Mine>>,
    /// Whether the viewer looks at this page now.
    pub focused: ArcRwSignal<bool>,
    /// Who is typing, and until when that is believed.
    pub typing: ArcRwSignal<Vec<Typing>>,
    /// Who listens to which conversation, as far as it was told.
    pub presence: ArcRwSignal<HashMap<Topic, Presence>>,
    /// The state of the connection.
    pub link: ArcRwSignal<LinkState>,
    /// Why the last change of a message was refused, until somebody has seen it.
    pub trouble: ArcRwSignal<Option<String>>,
    state: Arc<Mutex<State>>,
}

/// Who listens to a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Who is there.
    pub here: Vec<UserId>,
    /// Who is connected, but away.
    pub away: Vec<UserId>,
}

/// Somebody who is typing.
#[derive(Clone, Debug, PartialEq)]
pub struct Typing {
    /// Where.
    pub topic: Topic,
    /// Who.
    pub person: Person,
    /// Until when it is believed without being heard again, in milliseconds since 1970.
    pub until: f64,
}

/// How long typing is believed, in milliseconds.
const TYPING_FOR: f64 = 5_000.0;
/// How often it is told while somebody goes on typing, in milliseconds.
const TYPING_EVERY: f64 = 3_000.0;
/// How long is gathered, in milliseconds, what is told to have been delivered.
const CONFIRM_EVERY: f64 = 1_000.0;
/// How many conversations are listened to besides the open one; more than this has no live count.
const MOST_OTHERS: usize = 240;

struct State {
    link: Link,
    /// How far `mine` reaches in the log of the user's own news.
    own: Cursor,
    timelines: HashMap<Topic, Timeline>,
    /// How far the logs of conversations were heard that are not open.
    others: HashMap<Topic, Seq>,
    /// When typing was told last.
    typed_at: f64,
    /// What has come and is not told to have been delivered, and when it is.
    unconfirmed: HashMap<Topic, Seq>,
    confirm_at: f64,
    /// Whether the viewer has gone away from this page.
    away: bool,
    outbox: Outbox,
    /// Which frame a `ref` belongs to, for the answers that name nothing else.
    asked: HashMap<u64, Asked>,
    next_ref: u64,
    /// Nothing is sent before: the server asked for patience.
    patience: f64,
    /// How long the server asked to wait after its goodbye.
    goodbye: Option<f64>,
    frames: Vec<String>,
    loads: Vec<Topic>,
    /// What could not be done, and when it is tried again.
    again: Vec<(f64, Again)>,
}

/// What is tried again after a while.
enum Again {
    Subscribe(Topic),
    Load(Topic),
}

/// How long to wait, in milliseconds, before a load is tried again.
const LOAD_AGAIN: f64 = 2_000.0;

enum Asked {
    Subscribe(Topic),
    Post(Topic, SendId),
    Amend,
    Nothing,
}

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Open a socket; an older one is no longer listened to.
    Connect,
    /// Close the socket and say so by [`Live::closed`].
    Close,
    /// Send a frame.
    Send(String),
    /// Load a conversation, or the user's own groups, and hand it to [`Live::reloaded`] or
    /// [`Live::looked_around`].
    Load(Topic),
    /// Keep a message that is on its way under its id, for the next page; an empty text forgets it.
    Keep(SendId, String),
}

impl Live {
    /// What a visit begins with.
    #[must_use]
    pub fn new(visit: Visit) -> Self {
        let state = State {
            link: Link::new(),
            own: visit.cursor,
            timelines: HashMap::new(),
            others: heads(&visit.mine),
            typed_at: f64::MIN,
            unconfirmed: HashMap::new(),
            confirm_at: 0.0,
            away: false,
            outbox: Outbox::default(),
            asked: HashMap::new(),
            next_ref: 1,
            patience: 0.0,
            goodbye: None,
            frames: Vec::new(),
            loads: Vec::new(),
            again: Vec::new(),
        };
        Self {
            me: visit.me,
            mine: ArcRwSignal::new(visit.mine),
            focused: ArcRwSignal::new(false),
            typing: ArcRwSignal::new(Vec::new()),
            presence: ArcRwSignal::default(),
            link: ArcRwSignal::new(LinkState::Starting),
            trouble: ArcRwSignal::new(None),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Takes over the messages that an earlier page kept.
    pub fn restore(&self, kept: &[String]) {
        let mut state = self.state();
        state.outbox = Outbox::read(kept);
        for timeline in state.timelines.values() {
            self.show_outbox(&state.outbox, timeline);
        }
    }

    /// Follows a timeline until [`Live::leave_page`].
    pub fn follow(&self, timeline: &Timeline) {
        let mut state = self.state();
        // What a page already shows as a fact was answered in another tab, or before the reload.
        let topic = timeline.topic();
        let known: Vec<SendId> = state.outbox.of(&topic).map(|letter| letter.id.clone()).collect();
        for id in known.iter().filter(|id| timeline.has_delivered(&self.me, id.as_str())) {
            state.outbox.remove(id);
        }
        self.show_outbox(&state.outbox, timeline);
        state.timelines.insert(topic.clone(), timeline.clone());
        if state.link.is_open() {
            state.subscribe(topic, timeline.cursor());
        }
    }

    /// Stops following a timeline.
    pub fn leave_page(&self, topic: &Topic) {
        let mut state = self.state();
        let Some(timeline) = state.timelines.remove(topic) else { return };
        if self.mine.with_untracked(|mine| find(mine, topic).is_some()) {
            // It goes on being heard, for what is unread in it.
            state.others.insert(topic.clone(), timeline.cursor().seq);
        } else if state.link.is_open() {
            let frame = Request { action: Action::Unsubscribe { topic: topic.clone() }, reference: None };
            state.frames.push(frame.encode());
        }
    }

    /// The viewer has seen a conversation up to a place. Only what was unread is told.
    pub fn read(&self, topic: &Topic, seq: Seq) {
        if self.unread(topic) > 0 && self.mark(topic, seq, false) {
            self.change(topic, |mine| (mine.unread, mine.mentions) = (0, 0));
        }
    }

    /// From this message on a conversation shall be unread again.
    pub fn unread_from(&self, topic: &Topic, seq: Seq) {
        self.mark(topic, Seq(seq.0.saturating_sub(1)), true);
    }

    /// How many messages of others are unread in a conversation. Tracks.
    #[must_use]
    pub fn unread(&self, topic: &Topic) -> u32 {
        self.mine.with(|mine| find(mine, topic).map_or(0, |mine| mine.unread))
    }

    /// Whether somebody is here, or connected but away; none if they are not connected. Tracks.
    #[must_use]
    pub fn whereabouts(&self, topic: &Topic, user: UserId) -> Option<bool> {
        self.presence.with(|presence| {
            let Presence { here, away } = presence.get(topic)?;
            if here.contains(&user) { Some(true) } else { away.contains(&user).then_some(false) }
        })
    }

    /// Whether the viewer has gone away from this page.
    pub fn attend(&self, away: bool) {
        let mut state = self.state();
        let changed = std::mem::replace(&mut state.away, away) != away;
        if changed && state.link.is_open() {
            state.ask(Action::Presence { away }, Asked::Nothing);
        }
    }

    /// The viewer is typing.
    pub fn typed(&self, topic: &Topic, now: f64) {
        let mut state = self.state();
        if state.link.is_open() && now - state.typed_at >= TYPING_EVERY {
            state.typed_at = now;
            let action = Action::Typing { topic: topic.clone() };
            state.ask(action, Asked::Nothing);
        }
    }

    fn mark(&self, topic: &Topic, seq: Seq, back: bool) -> bool {
        let mut state = self.state();
        let is_open = state.link.is_open();
        if is_open {
            state.ask(Action::Read { topic: topic.clone(), seq, back }, Asked::Nothing);
            if !back {
                // What is read was delivered.
                state.unconfirmed.remove(topic);
            }
        }
        is_open
    }

    /// Changes what is known of a conversation, if that differs.
    fn change(&self, topic: &Topic, change: impl Fn(&mut Mine)) {
        let changed = self.mine.with_untracked(|mine| {
            let place = mine.iter().position(|mine| mine.what.topic() == *topic)?;
            let mut new = mine[place].clone();
            change(&mut new);
            (new != mine[place]).then_some((place, new))
        });
        if let Some((place, new)) = changed {
            self.mine.update(|mine| mine[place] = new);
        }
    }

    /// Somebody said something in a conversation of mine.
    fn said(&self, topic: &Topic, event: &Event, at: Timestamp) {
        let Event::Message { author, body, .. } = event else { return };
        self.typing_ends(|typing| typing.topic == *topic && typing.person.id == author.id);
        let is_mine = author.id == self.me.id;
        self.change(topic, |mine| {
            mine.at = at;
            if !is_mine {
                mine.unread = mine.unread.saturating_add(1);
                if matches!(mine.what, Summary::Direct { .. }) || body.mentions(self.me.id) {
                    mine.mentions = mine.mentions.saturating_add(1);
                }
            }
        });
    }

    fn typing_ends(&self, ended: impl Fn(&Typing) -> bool) {
        if self.typing.with_untracked(|typing| typing.iter().any(&ended)) {
            self.typing.update(|typing| typing.retain(|typing| !ended(typing)));
        }
    }

    /// Says something: shows it at once, sends it when it can.
    pub fn post(&self, topic: &Topic, id: SendId, text: &str, reply_to: Option<Quote>, now: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "a browser's clock is far within i64")]
        let letter = Letter::new(topic.clone(), id, text.to_owned(), reply_to, Timestamp(now as i64));
        let mut state = self.state();
        // What was typed is said; whoever goes on typing begins anew.
        state.typed_at = f64::MIN;
        if let Some(timeline) = state.timelines.get(topic).cloned() {
            timeline.add_pending(&self.me, &letter);
            if timeline.has_newer.get_untracked() {
                // Who writes while reading an earlier part comes back to now.
                state.loads.push(topic.clone());
            }
        }
        state.outbox.add(letter);
    }

    /// Loads a conversation anew, at its newest messages.
    pub fn refresh(&self, topic: &Topic) {
        self.state().loads.push(topic.clone());
    }

    /// Changes a message, if there is a connection; false if there is none, and then nothing is done.
    pub fn amend(&self, topic: &Topic, id: SendId, target: Seq, amendment: Amendment) -> bool {
        let mut state = self.state();
        let is_open = state.link.is_open();
        if is_open {
            let action = Action::Amend { topic: topic.clone(), id, target, amendment };
            state.ask(action, Asked::Amend);
        }
        is_open
    }

    /// Sends again what was refused.
    pub fn retry(&self, id: &SendId) {
        let mut state = self.state();
        state.outbox.refuse(id, None);
        let topic = state.outbox.get(id).map(|letter| letter.topic.clone());
        if let Some(timeline) = topic.and_then(|topic| state.timelines.get(&topic)) {
            timeline.set_pending(&self.me, id.as_str(), &RowState::Sending);
        }
    }

    /// What a message says that is not committed yet.
    #[must_use]
    pub fn text_of(&self, id: &SendId) -> Option<String> {
        self.state().outbox.get(id).map(|letter| letter.text.clone())
    }

    /// Gives up a message that was refused.
    pub fn discard(&self, id: &SendId) {
        let mut state = self.state();
        let topic = state.outbox.get(id).map(|letter| letter.topic.clone());
        state.outbox.remove(id);
        if let Some(timeline) = topic.and_then(|topic| state.timelines.get(&topic)) {
            timeline.remove_pending(&self.me, id.as_str());
        }
    }

    /// What is due; asking is doing. Time is milliseconds since 1970.
    pub fn due(&self, now: f64) -> Vec<Order> {
        let mut state = self.state();
        let mut orders = Vec::new();
        match state.link.due(now) {
            Some(Due::Connect) => orders.push(Order::Connect),
            Some(Due::Close) => orders.push(Order::Close),
            Some(Due::Ping) => {
                state.frames.push(Request { action: Action::Ping, reference: None }.encode());
            }
            None => {}
        }
        self.typing_ends(|typing| typing.until <= now);
        if state.link.is_open() && now >= state.confirm_at {
            for (topic, seq) in std::mem::take(&mut state.unconfirmed) {
                state.ask(Action::Delivered { topic, seq }, Asked::Nothing);
            }
        }
        state.try_again(now, &self.me);
        if state.link.is_open() && now >= state.patience {
            state.send_outbox(now);
        }
        for letter in state.outbox.take_late(now) {
            if let Some(timeline) = state.timelines.get(&letter.topic) {
                timeline.set_pending(&self.me, letter.id.as_str(), &RowState::Late);
            }
        }
        orders.extend(state.frames.drain(..).map(Order::Send));
        orders.extend(state.loads.drain(..).map(Order::Load));
        orders.extend(state.outbox.take_unkept().into_iter().map(|(id, text)| Order::Keep(id, text)));
        orders
    }

    /// When to ask again, if nothing happens before.
    #[must_use]
    pub fn next_at(&self, now: f64) -> Option<f64> {
        let state = self.state();
        let patience = (state.patience > now).then_some(state.patience);
        let again = state.again.iter().map(|(at, _)| *at);
        let typing =
            self.typing.with_untracked(|typing| typing.iter().map(|typing| typing.until).reduce(f64::min));
        state
            .link
            .next_at()
            .into_iter()
            .chain(patience)
            .chain(again)
            .chain((!state.unconfirmed.is_empty()).then_some(state.confirm_at))
            .chain(typing)
            .chain(state.outbox.late_at())
            .reduce(f64::min)
    }

    /// The socket is open.
    pub fn opened(&self, now: f64) {
        let mut state = self.state();
        state.link.opened(now);
        state.asked.clear();
        state.frames.clear();
        // A subscription after a place tells what was delivered.
        state.unconfirmed.clear();
        state.outbox.all_unsent();
        let own = (Topic::user(self.me.id), state.own);
        let open: Vec<_> =
            state.timelines.values().map(|timeline| (timeline.topic(), timeline.cursor())).collect();
        let epoch = state.own.epoch;
        // Those that were written to last, if there are more than a connection may hear.
        let recent = self.mine.with_untracked(|mine| {
            let mut recent: Vec<(Timestamp, Topic)> =
                mine.iter().map(|mine| (mine.at, mine.what.topic())).collect();
            recent.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            recent
        });
        let closed = recent.into_iter().filter(|(_, topic)| !state.timelines.contains_key(topic));
        let closed = closed.filter_map(|(_, topic)| {
            let seq = *state.others.get(&topic)?;
            Some((topic, Cursor { epoch, seq }))
        });
        let closed: Vec<_> = closed.take(MOST_OTHERS).collect();
        for (topic, cursor) in std::iter::once(own).chain(open).chain(closed) {
            state.subscribe(topic, cursor);
        }
        if state.away {
            state.ask(Action::Presence { away: true }, Asked::Nothing);
        }
        if self.link.get_untracked() == LinkState::Offline {
            // What was told in passing meanwhile was missed.
            let open: Vec<Topic> = state.timelines.keys().cloned().collect();
            for topic in open {
                state.ask(Action::Marks { topic }, Asked::Nothing);
            }
        }
        self.link.set(LinkState::Online);
    }

    /// The socket is gone, with this close code.
    pub fn closed(&self, code: u16, now: f64, chance: f64) {
        let mut state = self.state();
        state.outbox.all_unsent();
        self.presence.update(HashMap::clear);
        if CloseCode::comes_back(code) {
            let asked_to_wait = state.goodbye.take();
            state.link.closed(now, asked_to_wait, chance);
        } else {
            state.link.end();
        }
        self.link.set(if state.link.is_ended() { LinkState::Ended } else { LinkState::Offline });
    }

    /// The browser says it is online, or visible, again.
    pub fn nudge(&self, now: f64) {
        self.state().link.nudge(now);
    }

    /// A frame came.
    pub fn heard(&self, frame: &str, now: f64) {
        let mut state = self.state();
        state.link.heard(now);
        match Incoming::decode(frame) {
            Some(Incoming::Entry(entry)) => self.entry(&mut state, *entry, now),
            Some(Incoming::Notice(notice)) => self.notice(&mut state, *notice, now),
            // A frame of a later version of the server; this page has no use for it.
            None => {}
        }
    }

    /// The conversation was loaded anew.
    pub fn reloaded(&self, page: Opened) {
        let topic = page.what.topic();
        let timeline = self.state().timelines.get(&topic).cloned();
        if let Some(timeline) = timeline {
            timeline.reload(page);
        }
    }

    /// What [`Order::Load`] asked for could not be loaded now.
    pub fn load_failed(&self, topic: Topic, now: f64) {
        self.state().again.push((now + LOAD_AGAIN, Again::Load(topic)));
    }

    /// The user's own conversations were loaded anew.
    pub fn looked_around(&self, visit: Visit) {
        let mut state = self.state();
        state.own = visit.cursor;
        state.others = heads(&visit.mine);
        drop(state);
        self.mine.set(visit.mine);
    }

    fn entry(&self, state: &mut State, entry: Entry, now: f64) {
        let Entry { id, topic, seq, data, timestamp } = entry;
        if topic == Topic::user(self.me.id) {
            if seq > state.own.seq {
                state.own.seq = seq;
                self.own_news(state, data);
            }
            return;
        }
        if let Event::Changed { setting: Setting::Name(name), .. } = &data {
            self.change(&topic, |mine| {
                if let Summary::Group(group) = &mut mine.what {
                    group.name = name.clone();
                }
            });
        }
        let Some(timeline) = state.timelines.get(&topic).cloned() else {
            return self.other_news(state, &topic, seq, &data, timestamp, now);
        };
        if seq > timeline.cursor().seq {
            self.said(&topic, &data, timestamp);
            state.got(&topic, seq, &data, self.me.id, now);
        }
        if matches!(&data, Event::Message { author, .. } if author.id == self.me.id) {
            state.outbox.remove(&id);
        }
        if timeline.apply(Entry { id, topic: topic.clone(), seq, data, timestamp }) == Applied::Hole {
            state.subscribe(topic, timeline.cursor());
        }
    }

    fn own_news(&self, state: &mut State, event: Event) {
        match event {
            // Where its log stands the answer says: what was said before is not unread.
            Event::GroupAdded { group } => self.add(state, Summary::Group(group), None),
            Event::DirectAdded { person } => {
                if let Some(pair) = Pair::of(self.me.id, person.id) {
                    let nothing = Cursor { epoch: state.own.epoch, seq: Seq::ZERO };
                    self.add(state, Summary::direct(pair, person), Some(nothing));
                }
            }
            Event::GroupGone { id } => {
                let topic = Topic::group(id);
                state.others.remove(&topic);
                self.mine.update(|mine| mine.retain(|other| other.what.topic() != topic));
            }
            Event::Preferred { topic, notify, hidden } => {
                self.change(&topic, |mine| (mine.notify, mine.hidden) = (notify, hidden));
            }
            _ => {}
        }
    }

    /// A conversation is new in the list, and heard from now on, after `since`.
    fn add(&self, state: &mut State, what: Summary, since: Option<Cursor>) {
        let topic = what.topic();
        self.mine.update(|mine| {
            mine.retain(|other| other.what.topic() != topic);
            let at = mine.iter().map(|mine| mine.at).max().unwrap_or(Timestamp(0));
            let head = Seq::ZERO;
            mine.insert(
                0,
                Mine { what, unread: 0, mentions: 0, notify: Notify::All, hidden: false, head, at },
            );
        });
        if !state.timelines.contains_key(&topic) {
            if let Some(since) = since {
                state.others.insert(topic.clone(), since.seq);
            }
            state.ask(Action::Subscribe { topic: topic.clone(), since }, Asked::Subscribe(topic));
        }
    }

    /// News of a conversation that is not open: only what is unread changes.
    fn other_news(&self, state: &mut State, topic: &Topic, seq: Seq, event: &Event, at: Timestamp, now: f64) {
        let epoch = state.own.epoch;
        let Some(heard) = state.others.get_mut(topic) else { return };
        if seq == heard.next() {
            *heard = seq;
            self.said(topic, event, at);
            state.got(topic, seq, event, self.me.id, now);
        } else if seq > *heard {
            let cursor = Cursor { epoch, seq: *heard };
            state.subscribe(topic.clone(), cursor);
        }
    }

    fn notice(&self, state: &mut State, notice: Notice, now: f64) {
        match notice {
            Notice::Welcome { me } if me.as_ref() != Some(&self.me) => {
                // The session is over, or another tab has begun another one: nothing of mine goes out under
                // that name.
                state.link.end();
                self.link.set(LinkState::Ended);
            }
            Notice::Ack { id, topic, seq, reference, .. } => {
                forget(state, reference);
                state.outbox.remove(&id);
                if let Some(timeline) = state.timelines.get(&topic) {
                    timeline.acknowledge(&self.me, id.as_str(), seq);
                }
            }
            Notice::Reset { topic, cursor, .. } => {
                if let Some(timeline) = state.timelines.get(&topic) {
                    timeline.hold();
                    state.loads.push(topic);
                } else if topic == Topic::user(self.me.id) {
                    state.own = cursor;
                    state.loads.push(topic);
                } else if state.others.insert(topic, cursor.seq).is_some() {
                    // What is unread in it is counted anew.
                    state.loads.push(Topic::user(self.me.id));
                }
            }
            Notice::Unsubscribed { topic, refused: Some(_), .. } => lose(state, &topic),
            Notice::Refused { code, message, retry_ms, reference } => match forget(state, reference) {
                Some(Asked::Subscribe(topic)) => match retry_ms {
                    Some(retry_ms) => {
                        state.again.push((now + f64::from(retry_ms), Again::Subscribe(topic)));
                    }
                    None => lose(state, &topic),
                },
                Some(Asked::Post(topic, id)) => {
                    self.refused(state, &topic, &id, Refused { code, message, retry_ms }, now);
                }
                Some(Asked::Amend) => self.trouble.set(Some(message)),
                Some(Asked::Nothing) | None => {}
            },
            Notice::Goodbye { retry_ms, .. } => state.goodbye = Some(f64::from(retry_ms)),
            Notice::Subscribed { topic, cursor, reference, .. } => {
                forget(state, reference);
                if !state.timelines.contains_key(&topic) && topic != Topic::user(self.me.id) {
                    state.others.insert(topic, cursor.seq);
                }
            }
            Notice::Read { topic, unread, mentions, .. } => {
                self.change(&topic, |mine| (mine.unread, mine.mentions) = (unread, mentions));
            }
            Notice::Marks { topic, marks, reference } => {
                forget(state, reference);
                if let Some(timeline) = state.timelines.get(&topic) {
                    timeline.note_marks(marks);
                }
            }
            Notice::Presence { topic, here, away } => {
                self.presence.update(|presence| {
                    presence.insert(topic, Presence { here, away });
                });
            }
            Notice::Typing { topic, person } if person.id != self.me.id => {
                let until = now + TYPING_FOR;
                self.typing.update(|typing| {
                    typing.retain(|other| other.topic != topic || other.person.id != person.id);
                    typing.push(Typing { topic, person, until });
                });
            }
            _ => {}
        }
    }

    fn refused(&self, state: &mut State, topic: &Topic, id: &SendId, refused: Refused, now: f64) {
        // The server asks for patience: it goes again by itself, and everything after it waits too.
        if let Some(retry_ms) = refused.retry_ms {
            state.patience = now + f64::from(retry_ms);
            state.outbox.refuse(id, None);
            return;
        }
        state.outbox.refuse(id, Some(refused.message.clone()));
        if let Some(timeline) = state.timelines.get(topic) {
            timeline.set_pending(&self.me, id.as_str(), &RowState::Failed(refused.message));
        }
    }

    fn show_outbox(&self, outbox: &Outbox, timeline: &Timeline) {
        for letter in outbox.of(&timeline.topic()) {
            timeline.add_pending(&self.me, letter);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn subscribe(&mut self, topic: Topic, since: Cursor) {
        let action = Action::Subscribe { topic: topic.clone(), since: Some(since) };
        self.ask(action, Asked::Subscribe(topic));
    }

    /// A message of somebody else has come: it is told to have been delivered, together with what comes soon after.
    fn got(&mut self, topic: &Topic, seq: Seq, event: &Event, me: UserId, now: f64) {
        if matches!(event, Event::Message { author, .. } if author.id != me) {
            if self.unconfirmed.is_empty() {
                self.confirm_at = now + CONFIRM_EVERY;
            }
            self.unconfirmed.insert(topic.clone(), seq);
        }
    }

    /// Does what has waited long enough. What is no longer followed is let go of.
    fn try_again(&mut self, now: f64, me: &Person) {
        let (due, waiting) = std::mem::take(&mut self.again).into_iter().partition(|(at, _)| *at <= now);
        self.again = waiting;
        let due: Vec<(f64, Again)> = due;
        for (_, again) in due {
            match again {
                Again::Subscribe(topic) if self.link.is_open() => {
                    let own = (topic == Topic::user(me.id)).then_some(self.own);
                    let cursor = own.or_else(|| Some(self.timelines.get(&topic)?.cursor()));
                    if let Some(cursor) = cursor {
                        self.subscribe(topic, cursor);
                    }
                }
                // The next socket subscribes to everything anyway.
                Again::Subscribe(_) => {}
                Again::Load(topic) => self.loads.push(topic),
            }
        }
    }

    fn send_outbox(&mut self, now: f64) {
        for Letter { topic, id, text, reply_to, .. } in self.outbox.take_unsent(now) {
            let asked = Asked::Post(topic.clone(), id.clone());
            let reply_to = reply_to.map(|quote| quote.seq);
            self.ask(Action::Post { topic, id, text, reply_to }, asked);
        }
    }

    fn ask(&mut self, action: Action, asked: Asked) {
        let number = self.next_ref;
        self.next_ref += 1;
        self.asked.insert(number, asked);
        self.frames.push(Request { action, reference: Some(Ref::number(number)) }.encode());
    }
}

/// How far the logs of conversations were heard when they were listed.
fn heads(mine: &[Mine]) -> HashMap<Topic, Seq> {
    mine.iter().map(|mine| (mine.what.topic(), mine.head)).collect()
}

fn find<'a>(mine: &'a [Mine], topic: &Topic) -> Option<&'a Mine> {
    mine.iter().find(|mine| mine.what.topic() == *topic)
}

fn forget(state: &mut State, reference: Option<Ref>) -> Option<Asked> {
    state.asked.remove(&reference?.as_number()?)
}

/// The seat is gone. The page says so, and nothing is asked for it any more.
fn lose(state: &mut State, topic: &Topic) {
    state.others.remove(topic);
    if let Some(timeline) = state.timelines.remove(topic) {
        timeline.seat_lost.set(true);
    }
    let sentence = Refusal::NotMember.sentence();
    let stranded: Vec<SendId> = state.outbox.of(topic).map(|letter| letter.id.clone()).collect();
    for id in stranded {
        state.outbox.refuse(&id, Some(sentence.clone()));
    }
}
