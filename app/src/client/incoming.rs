//! Incoming frames: entries, ephemeral events and replies from the server.

use leptos::prelude::*;
use wire::{
    Action, ConversationItem, ConversationSummary, ConversationView, Cursor, Entry, Event, FromServer,
    NotificationLevel, Overview, Pair, Ref, Refusal, Refused, SendId, Seq, ServerFrame, Setting, Timestamp,
    Topic,
};

use super::apply::Applied;
use super::link::LinkState;
use super::state::{ChatClient, ClientState, PendingRequest, Retry, TopicPresence, TypingUser, heads, place};

/// The time after which a typing indicator expires, in milliseconds.
const TYPING_FOR: f64 = 5_000.0;

/// Frames and page data from the server.
impl ChatClient {
    /// Updates an item in the list of conversations, if the change makes a difference.
    pub(super) fn change(&self, topic: &Topic, change: impl Fn(&mut ConversationItem)) {
        let changed = self.mine.with_untracked(|mine| {
            let place = place(mine, topic)?;
            let mut new = mine[place].clone();
            change(&mut new);
            (new != mine[place]).then_some((place, new))
        });
        if let Some((place, new)) = changed {
            self.mine.update(|mine| mine[place] = new);
        }
    }

    /// Records a message in one of the viewer's conversations: ends its author's typing, updates the time of the
    /// item.
    pub(super) fn said(&self, topic: &Topic, event: &Event, at: Timestamp) {
        let Event::Message { author, .. } = event else { return };
        self.typing_ends(|typing| typing.topic == *topic && typing.person.id == author.id);
        self.change(topic, |mine| mine.at = at);
    }

    /// Handles a frame from the server.
    pub fn heard(&self, frame: &str, now: f64) {
        let mut state = self.state();
        state.link.heard(now);
        match FromServer::decode(frame) {
            Some(FromServer::Entry(entry)) => self.entry(&mut state, *entry, now),
            Some(FromServer::Frame(notice)) => self.notice(&mut state, *notice, now),
            // A frame of a newer server version, unknown to this page.
            None => {}
        }
    }

    /// Takes over a conversation that was reloaded.
    pub fn reloaded(&self, page: ConversationView) {
        let topic = page.what.topic();
        let mut state = self.state();
        let timeline = state.timelines.get(&topic).cloned();
        // The entries that a reset skipped are on the page now.
        state.unconfirmed.insert(topic, page.page.head);
        drop(state);
        if let Some(timeline) = timeline {
            timeline.reload(page);
        }
    }

    /// Takes over the viewer's list of conversations, which was reloaded.
    pub fn looked_around(&self, visit: Overview, now: f64) {
        let mut state = self.state();
        state.own = visit.cursor;
        state.file_bytes = visit.file_bytes;
        state.others = heads(&visit.mine);
        state.counts.loaded(now);
        drop(state);
        self.mine.set(visit.mine);
    }

    pub(super) fn entry(&self, state: &mut ClientState, entry: Entry, now: f64) {
        let Entry { id, topic, seq, data, timestamp } = entry;
        if topic == Topic::user(self.me.id) {
            if seq > state.own.seq {
                state.own.seq = seq;
                self.own_news(state, Entry { id, topic, seq, data, timestamp }, now);
            }
            return;
        }
        if let Event::Changed { setting: Setting::Name(name), .. } = &data {
            self.change(&topic, |mine| {
                if let ConversationSummary::Group(group) = &mut mine.what {
                    group.name = name.clone();
                }
            });
        }
        let Some(timeline) = state.timelines.get(&topic).cloned() else {
            return self.other_news(state, &topic, seq, &data, timestamp, now);
        };
        if seq > timeline.cursor().seq {
            self.got(state, &topic, (&topic, seq), &data, timestamp, now);
        }
        if matches!(&data, Event::Message { author, .. } if author.id == self.me.id) {
            state.outbox.remove(&id);
        }
        if timeline.apply(Entry { id, topic: topic.clone(), seq, data, timestamp }) == Applied::Hole {
            state.subscribe(topic, timeline.cursor());
        }
    }

    /// Records an event of a conversation that has arrived at a place of a log: the conversation's, or the viewer's own.
    fn got(
        &self,
        state: &mut ClientState,
        topic: &Topic,
        (log, seq): (&Topic, Seq),
        event: &Event,
        at: Timestamp,
        now: f64,
    ) {
        self.said(topic, event, at);
        state.got(log, seq, event, self.me.id, now);
        state.recount(topic, event, self.me.id, now);
    }

    pub(super) fn own_news(&self, state: &mut ClientState, entry: Entry, now: f64) {
        match entry.data {
            // The reply has the head of its log: earlier messages do not count as unread.
            Event::GroupAdded { group } => self.add(state, ConversationSummary::Group(group), None),
            Event::DirectAdded { person } => {
                if let Some(pair) = Pair::of(self.me.id, person.id) {
                    let nothing = Cursor { epoch: state.own.epoch, seq: Seq::ZERO };
                    self.add(state, ConversationSummary::direct(pair, person), Some(nothing));
                }
            }
            Event::GroupGone { id } => {
                let topic = Topic::group(id);
                state.others.remove(&topic);
                self.mine.update(|mine| mine.retain(|other| other.what.topic() != topic));
            }
            Event::RestrictedMessage { topic, seq, id, message: Some(message) } => {
                self.got(state, &topic, (&entry.topic, entry.seq), &message, entry.timestamp, now);
                state.outbox.remove(&id);
                if let Some(timeline) = state.timelines.get(&topic).cloned() {
                    let data = Event::RestrictedMessage {
                        topic: topic.clone(),
                        seq,
                        id: id.clone(),
                        message: Some(message),
                    };
                    timeline.apply(Entry { id, topic, seq, data, timestamp: entry.timestamp });
                }
            }
            Event::Preferred { topic, notify, hidden } => {
                self.change(&topic, |mine| (mine.notify, mine.hidden) = (notify, hidden));
            }
            _ => {}
        }
    }

    /// Adds a conversation to the list, and subscribes to it after `since`.
    pub(super) fn add(&self, state: &mut ClientState, what: ConversationSummary, since: Option<Cursor>) {
        let topic = what.topic();
        self.mine.update(|mine| {
            mine.retain(|other| other.what.topic() != topic);
            let at = mine.iter().map(|mine| mine.at).max().unwrap_or(Timestamp(0));
            let head = Seq::ZERO;
            mine.insert(
                0,
                ConversationItem {
                    what,
                    unread: 0,
                    mentions: 0,
                    notify: NotificationLevel::All,
                    hidden: false,
                    head,
                    at,
                },
            );
        });
        if !state.timelines.contains_key(&topic) {
            if let Some(since) = since {
                state.others.insert(topic.clone(), since.seq);
            }
            state.ask(Action::Subscribe { topic: topic.clone(), since }, PendingRequest::Subscribe(topic));
        }
    }

    /// Handles an entry of a conversation that is not open: only its item in the list changes.
    pub(super) fn other_news(
        &self,
        state: &mut ClientState,
        topic: &Topic,
        seq: Seq,
        event: &Event,
        at: Timestamp,
        now: f64,
    ) {
        let epoch = state.own.epoch;
        let Some(heard) = state.others.get_mut(topic) else { return };
        if seq == heard.next() {
            *heard = seq;
            self.got(state, topic, (topic, seq), event, at, now);
        } else if seq > *heard {
            let cursor = Cursor { epoch, seq: *heard };
            state.subscribe(topic.clone(), cursor);
        }
    }

    pub(super) fn notice(&self, state: &mut ClientState, notice: ServerFrame, now: f64) {
        match notice {
            ServerFrame::Welcome { me, .. } if me.as_ref() != Some(&self.me) => {
                // The session is over, or another tab has begun another one: nothing of this user may be sent in it.
                state.link.end();
                self.link.set(LinkState::Ended);
            }
            ServerFrame::Ack { id, topic, seq, reference, .. } => {
                forget(state, reference);
                state.outbox.remove(&id);
                if let Some(timeline) = state.timelines.get(&topic) {
                    timeline.acknowledge(&self.me, id.as_str(), seq);
                }
            }
            ServerFrame::Reset { topic, cursor, .. } => {
                if let Some(timeline) = state.timelines.get(&topic) {
                    timeline.hold();
                    state.loads.push(topic);
                } else if topic == Topic::user(self.me.id) {
                    state.own = cursor;
                    state.loads.push(topic);
                } else if state.others.insert(topic, cursor.seq).is_some() {
                    // Its unread messages are counted anew.
                    state.loads.push(Topic::user(self.me.id));
                }
            }
            ServerFrame::Unsubscribed { topic, refused: Some(_), .. } => lose(state, &topic),
            ServerFrame::Refused { refused, reference } => match forget(state, reference) {
                Some(PendingRequest::Subscribe(topic)) => match refused.retry_ms {
                    Some(retry_ms) => {
                        state.again.push((now + f64::from(retry_ms), Retry::Subscribe(topic)));
                    }
                    None => lose(state, &topic),
                },
                Some(PendingRequest::Post(topic, id)) => {
                    self.refused(state, &topic, &id, refused, now);
                }
                Some(PendingRequest::Amend(edit)) => {
                    self.trouble.set(Some(refused));
                    if edit.is_some() {
                        self.refused_edit.set(edit);
                    }
                }
                Some(PendingRequest::Nothing) | None => {}
            },
            ServerFrame::Goodbye { retry_ms, .. } => state.goodbye = Some(f64::from(retry_ms)),
            ServerFrame::Subscribed { topic, cursor, reference, .. } => {
                forget(state, reference);
                if !state.timelines.contains_key(&topic) && topic != Topic::user(self.me.id) {
                    state.others.insert(topic, cursor.seq);
                }
            }
            ServerFrame::Read { topic, unread, mentions, reference, .. } => {
                forget(state, reference);
                state.counts.told(&topic);
                if unread != 0 {
                    // Messages are unread again, whatever read position was sent over this connection.
                    state.told.remove(&topic);
                }
                self.change(&topic, |mine| (mine.unread, mine.mentions) = (unread, mentions));
            }
            ServerFrame::Marks { topic, marks, reference } => {
                forget(state, reference);
                if let Some(timeline) = state.timelines.get(&topic) {
                    timeline.note_marks(marks);
                }
            }
            ServerFrame::Presence { topic, here, away } => {
                self.presence.update(|presence| {
                    presence.insert(topic, TopicPresence { here, away });
                });
            }
            ServerFrame::Typing { topic, person } if person.id != self.me.id => {
                let until = now + TYPING_FOR;
                self.typing.update(|typing| {
                    typing.retain(|other| other.topic != topic || other.person.id != person.id);
                    typing.push(TypingUser { topic, person, until });
                });
            }
            _ => {}
        }
    }
}

fn forget(state: &mut ClientState, reference: Option<Ref>) -> Option<PendingRequest> {
    state.asked.remove(&reference?.as_number()?)
}

/// Handles a lost membership. The page shows it, and sends nothing more for that conversation.
fn lose(state: &mut ClientState, topic: &Topic) {
    state.others.remove(topic);
    if let Some(timeline) = state.timelines.remove(topic) {
        timeline.seat_lost.set(true);
    }
    let refused = Refused::from(&Refusal::NotMember);
    let stranded: Vec<SendId> = state.outbox.of(topic).map(|letter| letter.id.clone()).collect();
    for id in stranded {
        state.outbox.refuse(&id, Some(refused.clone()));
    }
}
