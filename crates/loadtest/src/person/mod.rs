//! One simulated person: a guest with a session, one socket at a time, and messages to send.

mod pending_sends;
pub(crate) mod socket;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep};
use wire::{Cursor, Person as Guest, Seq, Topic};

use self::pending_sends::PendingSends;
use crate::lateness::Lateness;
use crate::record::{Note, Record};
use crate::run::Chaos;

/// A person who sends and listens until everything is sent and read.
pub struct Person {
    setting: Setting,
    /// The number of the next server.
    turn: usize,
    session: Arc<Mutex<Session>>,
    pending_sends: PendingSends,
    /// True once the person counts as finished.
    is_counted: bool,
    cursor: Option<Cursor>,
    record: Record,
    /// The person's own newest message.
    own: Option<(Seq, String)>,
    /// The newest message of somebody else without a reaction of this person.
    others: Option<Seq>,
    /// The delays of entries that other servers acknowledged, by the state of the cluster.
    late: Lateness,
}

/// The surroundings that the people of a group share.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The servers that serve the group: each new socket is opened at the next one.
    pub hosts: Arc<[String]>,
    /// The log of the group.
    pub topic: Topic,
    /// The progress of these people.
    pub progress: Arc<Progress>,
    /// Random numbers.
    pub chaos: Chaos,
    /// The pause before each send, if people mix sends with edits and reactions.
    pub mixed: Option<Duration>,
    /// The time between two sends of a person; none for as fast as acks come.
    pub pace: Option<Duration>,
}

/// The session of a person, which may be another one later.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Its number, of those that the person has had.
    pub(crate) number: usize,
    /// Its cookie, as a node has set it.
    pub(crate) cookie: String,
    /// The number of the server of its last socket.
    pub(crate) server: usize,
}

impl Session {
    /// Returns the cookie for a node, such as `hubbub_session_3000=…`. Its name has the port, in which the nodes of a run
    /// differ, unlike those behind one address.
    pub(crate) fn cookie_at(&self, host: &str) -> String {
        cookie_at(&self.cookie, host)
    }
}

/// Returns a cookie that one node has set, for another one.
pub(crate) fn cookie_at(cookie: &str, host: &str) -> String {
    let named = cookie.split_once('=').and_then(|(name, value)| Some((name.rsplit_once('_')?.0, value)));
    match (named, host.rsplit_once(':')) {
        (Some((name, value)), Some((_, port))) => format!("{name}_{port}={value}"),
        _ => cookie.to_owned(),
    }
}

/// The progress of all simulated people of a group.
#[derive(Debug, Default)]
pub struct Progress {
    /// Messages that were acknowledged, over all people.
    pub acks: AtomicUsize,
    /// Acks of duplicates.
    pub duplicates: AtomicUsize,
    /// Messages that were refused, because their sender was no member.
    pub refusals: AtomicUsize,
    /// Sockets that were opened.
    pub connections: AtomicUsize,
    /// Resets that were received.
    pub resets: AtomicUsize,
    /// Entries that were read.
    pub reads: AtomicUsize,
    /// Read states that were received.
    pub marks: AtomicUsize,
    /// People who have sent everything, and have an answer to all of it.
    pub finished: AtomicUsize,
    /// True once people begin no more messages.
    pub enough: AtomicBool,
    /// The number plus one of the server whose connection to the database is slow, or about to be; 0 for none.
    pub(crate) slow_server: AtomicUsize,
    /// True while it is slow. Sessions of its sockets end meanwhile, for it takes long between two of its reads.
    pub(crate) is_slow: AtomicBool,
    /// The members that have their next session from the beginning.
    pub(crate) prepared: AtomicUsize,
    /// The sessions that have ended meanwhile.
    pub(crate) slow_sign_outs: AtomicUsize,
    /// The head that everyone has to reach; 0 until everything is sent.
    pub head: AtomicU64,
    /// The acks, by which readers measure how late an entry is.
    pub(crate) answered: crate::lateness::AckTimes,
}

/// The pause between two attempts to connect: long enough that they do not hammer a server that is starting.
const PAUSE: Duration = Duration::from_millis(60);

impl Person {
    /// Creates a member of a group, with this many messages to send; none for as many as it takes until
    /// [`Progress::enough`].
    #[must_use]
    pub fn new(setting: Setting, (guest, cookie): (Guest, String), messages: Option<usize>) -> Self {
        let name = guest.name.to_string();
        // People begin at different servers.
        let turn = name.bytes().map(usize::from).sum();
        let session = Arc::new(Mutex::new(Session { number: 0, cookie, server: 0 }));
        let pending_sends = PendingSends::new(&name, messages);
        let record = Record { name, user: Some(guest.id), notes: Vec::new() };
        let (cursor, own, others, late) = (None, None, None, Lateness::default());
        let is_counted = false;
        Self { setting, turn, session, pending_sends, is_counted, cursor, record, own, others, late }
    }

    /// Returns the session, which the caller may replace.
    pub(crate) fn session(&self) -> Arc<Mutex<Session>> {
        Arc::clone(&self.session)
    }

    /// Sends and listens until everything is sent and read, or the time is over; returns the record.
    pub async fn live(self, until: Instant) -> Record {
        self.live_and_measure(until).await.0
    }

    /// As [`Person::live`]; also returns the delays of what this person read.
    pub(crate) async fn live_and_measure(mut self, until: Instant) -> (Record, Lateness) {
        while Instant::now() < until && !self.is_done() {
            self.setting.progress.connections.fetch_add(1, Ordering::Relaxed);
            // The way a socket ended does not matter: unacknowledged messages are sent again, and reading resumes.
            if tokio::time::timeout_at(until, self.one_socket()).await.is_err() {
                break;
            }
            self.note(Note::Closed { at: Instant::now() });
            sleep(PAUSE.mul_f64(0.5 + self.setting.chaos.chance())).await;
        }
        (self.record, self.late)
    }

    fn is_done(&mut self) -> bool {
        let progress = &self.setting.progress;
        if progress.enough.load(Ordering::Acquire) {
            self.pending_sends.end();
        }
        if self.pending_sends.is_done() && !self.is_counted {
            self.is_counted = true;
            progress.finished.fetch_add(1, Ordering::AcqRel);
        }
        let head = progress.head.load(Ordering::Acquire);
        let read = self.cursor.map_or(0, |cursor| cursor.seq.0);
        self.pending_sends.is_done() && head > 0 && read >= head
    }

    fn note(&mut self, note: Note) {
        self.record.notes.push(note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_taken_along_to_another_node() {
        assert_eq!(cookie_at("hubbub_session_3000=abc", "127.0.0.1:41"), "hubbub_session_41=abc");
    }
}
