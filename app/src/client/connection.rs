//! The connection of the chat client: effects that are due, sockets that open and close, retries.

use std::collections::HashMap;

use leptos::prelude::*;
use wire::{Action, ClientFrame, CloseCode, Cursor, Person, Ref, Topic};

use super::link::{Due, LinkState};
use super::row_content::RowState;
use super::sorted::sorted;
use super::state::{ChatClient, ClientState, Effect, PendingRequest, Retry};

/// The delay before a failed load is retried, in milliseconds.
const LOAD_AGAIN: f64 = 2_000.0;
/// The most subscriptions besides the open conversation; conversations beyond it have no live unread count.
const MOST_OTHERS: usize = 240;

/// The interface of the driver.
impl ChatClient {
    /// Reloads a conversation, at its newest messages.
    pub fn refresh(&self, topic: &Topic) {
        self.state().loads.push(topic.clone());
    }

    /// Returns the effects that are due, each of them once. `now` is in milliseconds since 1970.
    pub fn due(&self, now: f64) -> Vec<Effect> {
        let mut state = self.state();
        let mut orders = Vec::new();
        match state.link.due(now) {
            Some(Due::Connect) => orders.push(Effect::Connect),
            Some(Due::Close) => orders.push(Effect::Close),
            Some(Due::Ping) => {
                state.frames.push(ClientFrame { action: Action::Ping, reference: None }.encode());
            }
            None => {}
        }
        self.typing_ends(|typing| typing.until <= now);
        if state.link.is_open() && now >= state.confirm_at {
            for (topic, seq) in std::mem::take(&mut state.unconfirmed) {
                state.ask(Action::Delivered { topic, seq }, PendingRequest::Nothing);
            }
        }
        if state.link.is_open() {
            for topic in state.counts.take_due(now) {
                state.ask(Action::Unread { topic }, PendingRequest::Nothing);
            }
        }
        state.try_again(now, &self.me);
        if state.link.is_open() && now >= state.retry_after {
            state.send_outbox(now);
        }
        for letter in state.outbox.take_late(now) {
            if let Some(timeline) = state.timelines.get(&letter.topic) {
                timeline.set_pending(&self.me, letter.id.as_str(), &RowState::Late);
            }
        }
        orders.extend(state.frames.drain(..).map(Effect::Send));
        if state.loads.contains(&Topic::user(self.me.id)) {
            state.counts.load_begins();
        }
        orders.extend(state.loads.drain(..).map(Effect::Load));
        orders.append(&mut state.effects);
        orders.extend(self.begin_uploads(state.link.is_ended(), now));
        orders.extend(state.outbox.take_unkept().into_iter().map(|(id, text)| Effect::Keep(id, text)));
        orders
    }

    /// Returns the time of the next call of [`ChatClient::due`], if nothing happens before.
    #[must_use]
    pub fn next_at(&self, now: f64) -> Option<f64> {
        let state = self.state();
        let retry_after = (state.retry_after > now).then_some(state.retry_after);
        let again = state.again.iter().map(|(at, _)| *at);
        let typing =
            self.typing.with_untracked(|typing| typing.iter().map(|typing| typing.until).reduce(f64::min));
        state
            .link
            .next_at()
            .into_iter()
            .chain(retry_after)
            .chain(again)
            .chain((state.link.is_open() && !state.unconfirmed.is_empty()).then_some(state.confirm_at))
            .chain(state.link.is_open().then(|| state.counts.next_at()).flatten())
            .chain(typing)
            .chain(state.outbox.late_at())
            .chain(self.upload_at(now))
            .reduce(f64::min)
    }

    /// Handles a socket that has opened.
    pub fn opened(&self, now: f64) {
        let mut state = self.state();
        state.link.opened(now);
        state.asked.clear();
        state.frames.clear();
        if state.away {
            state.ask(Action::Presence { away: true }, PendingRequest::Nothing);
        }
        state.told.clear();
        // Subscribing after a Seq acknowledges everything up to it as delivered.
        state.unconfirmed.clear();
        state.outbox.all_unsent();
        let own = (Topic::user(self.me.id), state.own);
        let open: Vec<_> =
            state.timelines.values().map(|timeline| (timeline.topic(), timeline.cursor())).collect();
        let epoch = state.own.epoch;
        // The most recently active ones, if there are more than a connection may subscribe to.
        let recent = self.mine.with_untracked(|mine| {
            let recent = sorted(mine.iter(), |mine| std::cmp::Reverse(mine.at));
            recent.into_iter().map(|mine| mine.what.topic()).collect::<Vec<Topic>>()
        });
        let closed = recent.into_iter().filter(|topic| !state.timelines.contains_key(topic));
        let closed = closed.filter_map(|topic| {
            let seq = *state.others.get(&topic)?;
            Some((topic, Cursor { epoch, seq }))
        });
        let closed: Vec<_> = closed.take(MOST_OTHERS).collect();
        for (topic, cursor) in std::iter::once(own).chain(open).chain(closed) {
            state.subscribe(topic, cursor);
        }
        if std::mem::replace(&mut state.was_open, true) {
            // Read state from other devices is an ephemeral event, and was missed while there was no connection.
            state.loads.push(Topic::user(self.me.id));
        }
        // Ephemeral events since the page was rendered were missed.
        let open: Vec<Topic> = state.timelines.keys().cloned().collect();
        for topic in open {
            state.ask(Action::Marks { topic }, PendingRequest::Nothing);
        }
        self.link.set(LinkState::Online);
    }

    /// Handles a socket that has closed, with this close code. `chance` is a random number in 0..1.
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

    /// Reconnects without further delay: the browser is online, or visible, again.
    pub fn nudge(&self, now: f64) {
        self.state().link.nudge(now);
    }

    /// Schedules the retry of a failed [`Effect::Load`].
    pub fn load_failed(&self, topic: Topic, now: f64) {
        self.state().again.push((now + LOAD_AGAIN, Retry::Load(topic)));
    }
}

impl ClientState {
    pub(super) fn subscribe(&mut self, topic: Topic, since: Cursor) {
        let action = Action::Subscribe { topic: topic.clone(), since: Some(since) };
        self.ask(action, PendingRequest::Subscribe(topic));
    }

    /// Retries the requests that are due. Topics that are no longer followed are dropped.
    pub(super) fn try_again(&mut self, now: f64, me: &Person) {
        let (due, waiting) = std::mem::take(&mut self.again).into_iter().partition(|(at, _)| *at <= now);
        self.again = waiting;
        let due: Vec<(f64, Retry)> = due;
        for (_, again) in due {
            match again {
                Retry::Subscribe(topic) if self.link.is_open() => {
                    let own = (topic == Topic::user(me.id)).then_some(self.own);
                    let cursor = own.or_else(|| Some(self.timelines.get(&topic)?.cursor()));
                    if let Some(cursor) = cursor {
                        self.subscribe(topic, cursor);
                    }
                }
                // The next socket subscribes to everything anyway.
                Retry::Subscribe(_) => {}
                Retry::Load(topic) => self.loads.push(topic),
            }
        }
    }

    pub(super) fn ask(&mut self, action: Action, asked: PendingRequest) {
        let number = self.next_ref;
        self.next_ref += 1;
        self.asked.insert(number, asked);
        self.frames.push(ClientFrame { action, reference: Some(Ref::number(number)) }.encode());
    }
}
