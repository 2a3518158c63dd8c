use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leptos::prelude::*;
use wire::{Action, ClientFrame, ConversationItem, Cursor, Overview, Person, SendId, Seq, Topic, UserId};

use super::counts::Counts;
use super::link::{Link, LinkState};
use super::outbox::Outbox;
use super::timeline::Timeline;

/// What the browser knows: who looks, their conversations, the open timelines, and the way out. A handle: clones
/// are the same state.
#[derive(Clone)]
pub struct ChatClient {
    /// Who looks.
    pub me: Person,
    /// Their conversations, with what is unread in them.
    pub mine: ArcRwSignal<Vec<ConversationItem>>,
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
    /// An edit that was refused: its text goes back to the composer.
    pub refused_edit: ArcRwSignal<Option<RefusedEdit>>,
    state: Arc<Mutex<State>>,
}

/// The text of an edit that the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedEdit {
    /// The conversation.
    pub topic: Topic,
    /// The message that was edited.
    pub target: Seq,
    /// The typed text.
    pub text: String,
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

pub(super) struct State {
    pub(super) link: Link,
    /// Whether there was a connection before this one.
    pub(super) was_open: bool,
    /// How far `mine` reaches in the log of the user's own news.
    pub(super) own: Cursor,
    pub(super) timelines: HashMap<Topic, Timeline>,
    /// How far the logs of conversations were heard that are not open.
    pub(super) others: HashMap<Topic, Seq>,
    /// When typing was told last.
    pub(super) typed_at: f64,
    /// How far the viewer has told to have read, over this connection.
    pub(super) told: HashMap<Topic, Seq>,
    /// What has come and is not told to have been delivered, and when it is.
    pub(super) unconfirmed: HashMap<Topic, Seq>,
    pub(super) confirm_at: f64,
    pub(super) counts: Counts,
    /// Whether the viewer has gone away from this page.
    pub(super) away: bool,
    pub(super) outbox: Outbox,
    /// Which frame a `ref` belongs to, for the answers that name nothing else.
    pub(super) asked: HashMap<u64, PendingRequest>,
    pub(super) next_ref: u64,
    /// Nothing is sent before: the server asked for patience.
    pub(super) patience: f64,
    /// How long the server asked to wait after its goodbye.
    pub(super) goodbye: Option<f64>,
    pub(super) frames: Vec<String>,
    pub(super) loads: Vec<Topic>,
    /// What could not be done, and when it is tried again.
    pub(super) again: Vec<(f64, Retry)>,
}

/// What is tried again after a while.
pub(super) enum Retry {
    Subscribe(Topic),
    Load(Topic),
}

pub(super) enum PendingRequest {
    Subscribe(Topic),
    Post(Topic, SendId),
    /// A change of a message, and the text of an edit.
    Amend(Option<RefusedEdit>),
    Nothing,
}

/// What the driver has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
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

impl ChatClient {
    /// What a visit begins with.
    #[must_use]
    pub fn new(visit: Overview) -> Self {
        let state = State {
            link: Link::new(),
            was_open: false,
            own: visit.cursor,
            timelines: HashMap::new(),
            others: heads(&visit.mine),
            typed_at: f64::MIN,
            told: HashMap::new(),
            unconfirmed: HashMap::new(),
            confirm_at: 0.0,
            counts: Counts::default(),
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
            refused_edit: ArcRwSignal::new(None),
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
            state.subscribe(topic.clone(), timeline.cursor());
            state.ask(Action::Marks { topic }, PendingRequest::Nothing);
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
            let frame = ClientFrame { action: Action::Unsubscribe { topic: topic.clone() }, reference: None };
            state.frames.push(frame.encode());
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far the logs of conversations were heard when they were listed.
pub(super) fn heads(mine: &[ConversationItem]) -> HashMap<Topic, Seq> {
    mine.iter().map(|mine| (mine.what.topic(), mine.head)).collect()
}

pub(super) fn find<'a>(mine: &'a [ConversationItem], topic: &Topic) -> Option<&'a ConversationItem> {
    mine.iter().find(|mine| mine.what.topic() == *topic)
}
