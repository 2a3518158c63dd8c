//! One simulated person: a guest with a session, one socket at a time, and a list of messages to send.

pub(crate) mod socket;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use wire::{Cursor, Person as Guest, Seq, Topic};

use crate::record::{Note, Record};
use crate::run::Chaos;

/// A person who sends and listens until everything is sent and read.
pub struct Person {
    host: String,
    cookie: String,
    topic: Topic,
    /// Messages that are not sent yet.
    to_say: VecDeque<Letter>,
    /// Messages that were sent and not acknowledged; they are sent again over the next socket.
    unanswered: Vec<Letter>,
    cursor: Option<Cursor>,
    record: Record,
    progress: Arc<Progress>,
    chaos: Chaos,
    /// The pause before each send, if the person mixes sends with edits and reactions.
    mixed: Option<Duration>,
    /// The person's own newest message.
    own: Option<(Seq, String)>,
    /// The newest message of somebody else without a reaction of this person.
    others: Option<Seq>,
}

/// The action of a pending send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Sends a message.
    Say,
    /// Edits an earlier message of the person's own.
    Edit(Seq),
    /// Reacts to somebody else's message.
    React(Seq),
}

/// A pending send: a message, an edit or a reaction.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) id: String,
    /// The text of the message or of the edit.
    pub(crate) text: String,
    pub(crate) operation: Operation,
}

impl Letter {
    /// Returns the text that the record and the log compare: the message, or the kind of the amendment.
    pub(crate) fn body(&self) -> String {
        match self.operation {
            Operation::Say => self.text.clone(),
            Operation::Edit(_) => "edited".into(),
            Operation::React(_) => "reacted".into(),
        }
    }
}

/// The progress of all simulated people.
#[derive(Debug, Default)]
pub struct Progress {
    /// Messages that were acknowledged, over all people.
    pub acks: AtomicUsize,
    /// Acks of duplicates.
    pub duplicates: AtomicUsize,
    /// Sockets that were opened.
    pub connections: AtomicUsize,
    /// Resets that were received.
    pub resets: AtomicUsize,
    /// Entries that were read.
    pub reads: AtomicUsize,
    /// Read states that were received.
    pub marks: AtomicUsize,
    /// The head that everyone has to reach; 0 until everything is sent.
    pub head: AtomicU64,
}

/// The pause between two attempts to connect: long enough that they do not hammer a server that is starting.
const PAUSE: Duration = Duration::from_millis(60);

impl Person {
    /// Creates a member of the topic's group, with this many messages to send.
    #[must_use]
    pub fn new(
        host: String,
        (guest, cookie): (Guest, String),
        topic: Topic,
        messages: usize,
        progress: Arc<Progress>,
        chaos: Chaos,
        mixed: Option<Duration>,
    ) -> Self {
        let name = guest.name.to_string();
        let letter = |n| Letter {
            id: format!("{name}-{n}"),
            text: format!("{name} says {n}"),
            operation: Operation::Say,
        };
        let to_say = (0..messages).map(letter).collect();
        let record = Record { name, notes: Vec::new() };
        Self {
            host,
            cookie,
            topic,
            to_say,
            unanswered: Vec::new(),
            cursor: None,
            record,
            progress,
            chaos,
            mixed,
            own: None,
            others: None,
        }
    }

    /// Sends and listens until everything is sent and read, or the time is over; returns the record.
    pub async fn live(mut self, until: Instant) -> Record {
        while Instant::now() < until && !self.is_done() {
            self.progress.connections.fetch_add(1, Ordering::Relaxed);
            // The way a socket ended does not matter: unacknowledged messages are sent again, and reading resumes.
            if tokio::time::timeout_at(until, self.one_socket()).await.is_err() {
                break;
            }
            sleep(PAUSE.mul_f64(0.5 + self.chaos.chance())).await;
        }
        self.record
    }

    fn is_done(&self) -> bool {
        let head = self.progress.head.load(Ordering::Acquire);
        let read = self.cursor.map_or(0, |cursor| cursor.seq.0);
        self.to_say.is_empty() && self.unanswered.is_empty() && head > 0 && read >= head
    }

    fn note(&mut self, note: Note) {
        self.record.notes.push(note);
    }
}
