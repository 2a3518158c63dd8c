//! Refresh of badges: schedules requests for the server's unread counts.

use wire::{ConversationItem, Event, NotificationLevel, Topic, UserId};

/// The schedule of requests for unread counts. They are the server's numbers: the browser does not count, it records
/// the conversations to ask about. A burst of entries makes one request, and there is at most one per second and
/// conversation.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// One for each conversation that was ever asked about; they are few.
    requests: Vec<CountRequest>,
    loading: bool,
}

/// The requests for one conversation's count.
#[derive(Debug)]
struct CountRequest {
    topic: Topic,
    /// The time of the next request; none if the count is known.
    due: Option<f64>,
    /// The time of the last request.
    asked: f64,
    /// True if the count arrived while the list was loading: the list may be older.
    since_load: bool,
}

/// The time for which entries are gathered before a request, in milliseconds. A page that is being looked at reads
/// them meanwhile, and then the count arrives without a request.
const GATHER: f64 = 50.0;
/// The shortest interval between two requests for one conversation, in milliseconds.
const EVERY: f64 = 1_000.0;

impl Counts {
    /// Schedules a request: the count of a conversation may have changed.
    pub(super) fn stale(&mut self, topic: &Topic, now: f64) {
        let loading = self.loading;
        let request = self.of(topic);
        request.schedule(now);
        request.since_load |= loading;
    }

    /// Records a count that the server sent.
    pub(super) fn told(&mut self, topic: &Topic) {
        if self.loading {
            self.of(topic).since_load = true;
        }
    }

    /// Cancels the request: the server sends the count without one, as the reply to a read position.
    pub(super) fn comes(&mut self, topic: &Topic) {
        self.of(topic).due = None;
    }

    /// Returns the conversations to ask about now, and counts them as asked.
    pub(super) fn take_due(&mut self, now: f64) -> Vec<Topic> {
        let due = self.requests.iter_mut().filter(|request| request.due.is_some_and(|at| at <= now));
        due.map(|request| {
            request.due = None;
            request.asked = now;
            request.topic.clone()
        })
        .collect()
    }

    /// Returns the time of the next request.
    pub(super) fn next_at(&self) -> Option<f64> {
        self.requests.iter().filter_map(|request| request.due).reduce(f64::min)
    }

    /// Records that the list of conversations is being loaded.
    pub(super) fn load_begins(&mut self) {
        self.loading = true;
        for request in &mut self.requests {
            request.since_load = false;
        }
    }

    /// Handles the loaded list, whose counts may be from any moment of the load: schedules a request for each
    /// conversation that changed since.
    pub(super) fn loaded(&mut self, now: f64) {
        self.loading = false;
        for request in &mut self.requests {
            if std::mem::take(&mut request.since_load) {
                request.schedule(now);
            }
        }
    }

    fn of(&mut self, topic: &Topic) -> &mut CountRequest {
        let at = self.requests.iter().position(|request| request.topic == *topic).unwrap_or_else(|| {
            let topic = topic.clone();
            self.requests.push(CountRequest { topic, due: None, asked: f64::MIN, since_load: false });
            self.requests.len() - 1
        });
        &mut self.requests[at]
    }
}

impl CountRequest {
    /// Schedules the next request, unless one is scheduled.
    fn schedule(&mut self, now: f64) {
        self.due.get_or_insert((now + GATHER).max(self.asked + EVERY));
    }
}

/// Returns the unread count of a conversation by its notification level; a hidden one counts only mentions.
#[must_use]
pub fn count(mine: &ConversationItem) -> u32 {
    match mine.notify {
        NotificationLevel::All if !mine.hidden => mine.unread,
        NotificationLevel::All | NotificationLevel::Mentions => mine.mentions,
        NotificationLevel::Nothing => 0,
    }
}

/// Returns true if an entry can change a user's unread count.
pub(super) fn changes_count(event: &Event, me: UserId) -> bool {
    match event {
        Event::Message { author, .. } => author.id != me,
        Event::Edited { .. } | Event::Deleted { .. } => true,
        _ => false,
    }
}
