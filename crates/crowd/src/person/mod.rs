//! One person of the crowd: a guest with a session, one socket at a time, and a list of things to say.

pub(crate) mod socket;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use wire::{Cursor, Person as Guest, Seq, Topic};

use crate::record::{Note, Record};
use crate::run::Chaos;

/// Somebody who talks and listens until everything is said and read.
pub struct Person {
    host: String,
    cookie: String,
    topic: Topic,
    /// What is not sent yet.
    to_say: VecDeque<Letter>,
    /// What was sent and not answered: it goes again over the next socket.
    unanswered: Vec<Letter>,
    cursor: Option<Cursor>,
    record: Record,
    progress: Arc<Progress>,
    chaos: Chaos,
    /// The pause before each letter, if they mix what they do.
    mixed: Option<Duration>,
    /// Their own newest message.
    own: Option<(Seq, String)>,
    /// The newest message of somebody else that they have not reacted to.
    others: Option<Seq>,
}

/// What a letter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Says something.
    Say,
    /// Changes an earlier message of their own.
    Edit(Seq),
    /// Reacts to somebody else's.
    React(Seq),
}

/// One thing to say or do.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) id: String,
    /// What is said, or said instead.
    pub(crate) text: String,
    pub(crate) deed: Deed,
}

impl Letter {
    /// What notes and the log compare: the first line of what is said, which no edit changes, or what else it is.
    pub(crate) fn body(&self) -> String {
        match self.deed {
            Deed::Say => self.text.clone(),
            Deed::Edit(_) => "edited".into(),
            Deed::React(_) => "reacted".into(),
        }
    }
}

/// How far the whole crowd is.
#[derive(Debug, Default)]
pub struct Progress {
    /// Messages that are acknowledged.
    pub acks: AtomicUsize,
    /// Acks that said duplicate.
    pub duplicates: AtomicUsize,
    /// Sockets opened.
    pub connections: AtomicUsize,
    /// Resets told.
    pub resets: AtomicUsize,
    /// Entries read.
    pub reads: AtomicUsize,
    /// Marks told.
    pub marks: AtomicUsize,
    /// The head that everyone has to reach; 0 until all is said.
    pub head: AtomicU64,
}

/// The pause between two attempts to connect: long enough that a crowd does not hammer a server that starts.
const PAUSE: Duration = Duration::from_millis(60);

impl Person {
    /// Somebody with a seat in the topic's group, and so many things to say.
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
        let letter =
            |n| Letter { id: format!("{name}-{n}"), text: format!("{name} says {n}"), deed: Deed::Say };
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

    /// Talks and listens until everything is said and read, or time is over; gives the notes.
    pub async fn live(mut self, until: Instant) -> Record {
        while Instant::now() < until && !self.is_done() {
            self.progress.connections.fetch_add(1, Ordering::Relaxed);
            // How a socket ended does not matter: what is unanswered goes again, and reading resumes.
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
