//! The chat client's state: conversations, open timelines, presence, outbox and pending requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leptos::prelude::*;
use wire::{
    Action, ClientFrame, ConversationItem, ConversationSummary, Cursor, Overview, Person, Refused, SendId,
    Seq, Topic, TopicKind, UserId,
};

use super::counts::{Counts, count};
use super::draft_files::{DraftFile, HeldMessage};
use super::link::{Link, LinkState};
use super::outbox::Outbox;
use super::sorted::sorted;
use super::timeline::Timeline;

/// The state of the page in the browser: the viewer, their conversations, the open timelines and the outbox. It is a
/// handle: clones share the same state.
#[derive(Clone)]
pub struct ChatClient {
    /// The signed-in user.
    pub me: Person,
    /// The viewer's conversations, with their unread counts.
    pub mine: ArcRwSignal<Vec<ConversationItem>>,
    /// True if the viewer is looking at this page now.
    pub focused: ArcRwSignal<bool>,
    /// The users who are typing, each with the time at which the indicator expires.
    pub typing: ArcRwSignal<Vec<TypingUser>>,
    /// The presence of users by conversation, as last sent by the server.
    pub presence: ArcRwSignal<HashMap<Topic, TopicPresence>>,
    /// The state of the connection.
    pub link: ArcRwSignal<LinkState>,
    /// The refusal of the last change of a message, until the viewer has seen it.
    pub trouble: ArcRwSignal<Option<Refused>>,
    /// A refused edit: its text goes back to the composer.
    pub refused_edit: ArcRwSignal<Option<RefusedEdit>>,
    /// The files of the drafts of all conversations.
    pub files: ArcRwSignal<Vec<DraftFile>>,
    /// The messages that wait for uploads, at most one for each conversation.
    pub(super) held: ArcRwSignal<Vec<HeldMessage>>,
    state: Arc<Mutex<ClientState>>,
}

/// The text of an edit that the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedEdit {
    /// The topic of the conversation.
    pub topic: Topic,
    /// The Seq of the edited message.
    pub target: Seq,
    /// The text as typed.
    pub text: String,
}

/// The users connected to a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicPresence {
    /// Users with a connection that is not idle.
    pub here: Vec<UserId>,
    /// Users who are connected, but away.
    pub away: Vec<UserId>,
}

/// A user who is typing.
#[derive(Clone, Debug, PartialEq)]
pub struct TypingUser {
    /// The conversation in which they type.
    pub topic: Topic,
    /// The user, with the name that the indicator shows.
    pub person: Person,
    /// The time at which the indicator expires unless renewed, in milliseconds since 1970.
    pub until: f64,
}

pub(super) struct ClientState {
    pub(super) link: Link,
    /// True if there was a connection before this one.
    pub(super) was_open: bool,
    /// The position of `mine` in the log of the user's own topic.
    pub(super) own: Cursor,
    pub(super) timelines: HashMap<Topic, Timeline>,
    /// The last Seq received from each conversation that is not open.
    pub(super) others: HashMap<Topic, Seq>,
    /// The time at which typing was last sent.
    pub(super) typed_at: f64,
    /// Last read position sent over this connection, by topic.
    pub(super) told: HashMap<Topic, Seq>,
    /// Received positions that are not yet acknowledged as delivered, and the time at which they will be.
    pub(super) unconfirmed: HashMap<Topic, Seq>,
    pub(super) confirm_at: f64,
    pub(super) counts: Counts,
    /// True if the viewer is away from this page.
    pub(super) away: bool,
    pub(super) outbox: Outbox,
    /// The most bytes of a file; 0 if that is not known.
    pub(super) file_bytes: u64,
    /// Effects that the state itself does not say.
    pub(super) effects: Vec<Effect>,
    /// Pending requests by `ref`, for replies that carry nothing else to match them by.
    pub(super) asked: HashMap<u64, PendingRequest>,
    pub(super) next_ref: u64,
    /// Nothing is sent before this time: the server asked for a delay.
    pub(super) retry_after: f64,
    /// The delay that the server asked for when it closed the socket.
    pub(super) goodbye: Option<f64>,
    pub(super) frames: Vec<String>,
    pub(super) loads: Vec<Topic>,
    /// Failed requests, each with the time of its retry.
    pub(super) again: Vec<(f64, Retry)>,
}

/// A request to retry after a delay.
pub(super) enum Retry {
    Subscribe(Topic),
    Load(Topic),
}

pub(super) enum PendingRequest {
    Subscribe(Topic),
    Post(Topic, SendId),
    /// A change of a message; for an edit, with its text.
    Amend(Option<RefusedEdit>),
    Nothing,
}

/// A side effect that the driver has to carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open a socket; events of an older one are ignored.
    Connect,
    /// Close the socket, then call [`ChatClient::closed`].
    Close,
    /// Send a frame.
    Send(String),
    /// Load a conversation, or the user's own list of conversations, and pass it to [`ChatClient::reloaded`] or
    /// [`ChatClient::looked_around`].
    Load(Topic),
    /// Store a pending message under its id, for the next page; an empty text deletes it.
    Keep(SendId, String),
    /// Upload a file, and report to [`ChatClient::upload_progressed`] and [`ChatClient::upload_ended`].
    Upload(SendId),
    /// End the upload of a file, if it runs, and let go of the file.
    EndUpload(SendId),
    /// Remove the stored draft of a conversation: it is sent.
    ForgetDraft(Topic),
}

impl ChatClient {
    /// Creates the client from the overview with which a visit begins.
    #[must_use]
    pub fn new(visit: Overview) -> Self {
        let state = ClientState {
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
            file_bytes: visit.file_bytes,
            effects: Vec::new(),
            asked: HashMap::new(),
            next_ref: 1,
            retry_after: 0.0,
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
            files: ArcRwSignal::default(),
            held: ArcRwSignal::default(),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Restores the pending messages that an earlier page stored.
    pub fn restore(&self, kept: &[String]) {
        let mut state = self.state();
        state.outbox = Outbox::read(kept);
        for timeline in state.timelines.values() {
            self.show_outbox(&state.outbox, timeline);
        }
    }

    /// Subscribes to a timeline's topic, until [`ChatClient::leave_page`].
    pub fn follow(&self, timeline: &Timeline) {
        let mut state = self.state();
        // Messages that the page already shows as delivered were acknowledged in another tab, or before the reload.
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
            // The subscription stays, for the unread count.
            state.others.insert(topic.clone(), timeline.cursor().seq);
        } else if state.link.is_open() {
            let frame = ClientFrame { action: Action::Unsubscribe { topic: topic.clone() }, reference: None };
            state.frames.push(frame.encode());
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, ClientState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the conversations in order: those with unread messages first, then the most recently active.
pub(crate) fn in_order(
    mine: &[ConversationItem],
    shown: impl Fn(&ConversationItem) -> bool,
) -> Vec<&ConversationItem> {
    sorted(mine.iter().filter(|mine| shown(mine)), |mine| std::cmp::Reverse((count(mine) > 0, mine.at)))
}

/// Returns the head of each conversation's log at the time it was listed.
pub(super) fn heads(mine: &[ConversationItem]) -> HashMap<Topic, Seq> {
    mine.iter().map(|mine| (mine.what.topic(), mine.head)).collect()
}

/// Returns the conversation of a topic in a list of them.
pub(crate) fn find<'a>(mine: &'a [ConversationItem], topic: &Topic) -> Option<&'a ConversationItem> {
    place(mine, topic).map(|place| &mine[place])
}

/// Returns the place of a topic's conversation in a list of them.
pub(super) fn place(mine: &[ConversationItem], topic: &Topic) -> Option<usize> {
    // A group is compared by its id: its topic would have to be made anew for each comparison.
    let group = match topic.kind() {
        TopicKind::Group(id) => Some(id),
        _ => None,
    };
    mine.iter().position(|mine| match &mine.what {
        ConversationSummary::Group(summary) => Some(summary.id) == group,
        ConversationSummary::Direct { topic: its, .. } => its == topic,
    })
}
