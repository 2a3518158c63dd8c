//! The hints that wait to be sent: those of one log are merged, and the oldest are dropped beyond a bound.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

use chat::Hint;
use chat::bus::Presence;
use parking_lot::Mutex;
use tokio::sync::Notify;
use wire::{LogKey, Seq};

/// The hints that were announced while the last message was on its way.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Batch>,
    /// True while a batch is on its way.
    is_sending: AtomicBool,
    bell: Notify,
}

/// The hints that are sent together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The newest head of each log.
    pub(crate) news: HashMap<LogKey, Seq>,
    /// The logs with news, those announced first before the others.
    order: VecDeque<LogKey>,
    pub(crate) signals: VecDeque<Signal>,
    /// The newest presence on logs, and whether all of it was announced before.
    pub(crate) presence: HashMap<LogKey, (Presence, bool)>,
    /// The bytes of the signals' frames.
    signal_bytes: usize,
    pub(crate) revoked: Option<Seq>,
    pub(crate) jobs: bool,
    /// True if this node ends.
    pub(crate) bye: bool,
    /// True if hints of this node are missing.
    pub(crate) lost: bool,
    /// The number of the newest probe.
    pub(crate) probe: Option<u64>,
}

/// An ephemeral event that waits.
#[derive(Debug)]
pub(crate) struct Signal {
    pub(crate) log: LogKey,
    pub(crate) frame: String,
}

/// The most logs with news that wait.
const LOGS: usize = 16_384;
/// The most bytes of signals that wait.
const SIGNAL_BYTES: usize = 1024 * 1024;

impl Queue {
    /// Adds a hint; returns the number of hints that had to be dropped for it.
    pub(crate) fn add(&self, hint: Hint) -> u64 {
        let dropped = self.waiting.lock().add(hint);
        self.bell.notify_one();
        dropped
    }

    /// Adds a probe, in place of one that waits.
    pub(crate) fn probe(&self, number: u64) {
        self.waiting.lock().probe = Some(number);
        self.bell.notify_one();
    }

    /// Begins a connection: hints before it may not have arrived, and signals from before it are too old.
    pub(crate) fn begin(&self) {
        let mut waiting = self.waiting.lock();
        waiting.lost = true;
        waiting.presence.clear();
        waiting.signals.clear();
        self.is_sending.store(false, Ordering::Relaxed);
        waiting.signal_bytes = 0;
    }

    /// Waits for hints, and takes all of them. Cancel-safe.
    pub(crate) async fn take(&self) -> Batch {
        loop {
            self.bell.notified().await;
            let mut waiting = self.waiting.lock();
            let batch = std::mem::take(&mut *waiting);
            if !batch.is_empty() {
                self.is_sending.store(true, Ordering::Relaxed);
                return batch;
            }
        }
    }

    /// Notes that the batch that was taken last is sent.
    pub(crate) fn sent(&self) {
        let _waiting = self.waiting.lock();
        self.is_sending.store(false, Ordering::Relaxed);
    }

    /// Returns true if nothing waits, and nothing is on its way.
    pub(crate) fn is_idle(&self) -> bool {
        let waiting = self.waiting.lock();
        waiting.is_empty() && !self.is_sending.load(Ordering::Relaxed)
    }
}

impl Batch {
    /// Returns the logs with news, those announced first before the others.
    pub(crate) fn news(&self) -> impl Iterator<Item = (&LogKey, Seq)> {
        self.order.iter().filter_map(|log| Some((log, *self.news.get(log)?)))
    }

    fn add(&mut self, hint: Hint) -> u64 {
        match hint {
            Hint::News { log, head } => return self.add_news(log, head),
            Hint::Revoked { seq } => self.revoked = self.revoked.max(Some(seq)),
            Hint::Jobs => self.jobs = true,
            Hint::Lost => self.lost = true,
            Hint::Bye { .. } => self.bye = true,
            Hint::Presence { log, presence, is_refresh, .. } => {
                return self.add_presence(log, presence, is_refresh);
            }
            // The node is in each message.
            Hint::Signal { log, frame, .. } => return self.add_signal(Signal { log, frame }),
        }
        0
    }

    fn add_news(&mut self, log: LogKey, head: Seq) -> u64 {
        if let Some(known) = self.news.get_mut(&log) {
            *known = head.max(*known);
            return 0;
        }
        self.news.insert(log.clone(), head);
        self.order.push_back(log);
        if self.order.len() <= LOGS {
            return 0;
        }
        if let Some(oldest) = self.order.pop_front() {
            self.news.remove(&oldest);
            self.lost = true;
        }
        1
    }

    fn add_presence(&mut self, log: LogKey, presence: Presence, is_refresh: bool) -> u64 {
        if self.presence.len() >= LOGS && !self.presence.contains_key(&log) {
            // It is announced again in ten seconds.
            return 1;
        }
        let was_refresh = self.presence.remove(&log).is_none_or(|(_, was_refresh)| was_refresh);
        self.presence.insert(log, (presence, is_refresh && was_refresh));
        0
    }

    fn add_signal(&mut self, signal: Signal) -> u64 {
        self.signal_bytes += signal.frame.len();
        self.signals.push_back(signal);
        let mut dropped = 0;
        while self.signal_bytes > SIGNAL_BYTES
            && let Some(oldest) = self.signals.pop_front()
        {
            self.signal_bytes -= oldest.frame.len();
            dropped += 1;
        }
        dropped
    }

    fn is_empty(&self) -> bool {
        let Self { news, signals, presence, revoked, jobs, bye, lost, probe, .. } = self;
        let has_logs = !news.is_empty() || !signals.is_empty() || !presence.is_empty();
        !has_logs && revoked.is_none() && !jobs && !bye && !lost && probe.is_none()
    }
}

#[cfg(test)]
mod tests {
    use chat::NodeId;
    use wire::{ApplicationId, Topic};

    use super::*;

    fn log(number: usize) -> LogKey {
        LogKey::new(ApplicationId(2), Topic::new(&format!("news/{number}")).unwrap())
    }

    fn news(number: usize, head: u64) -> Hint {
        Hint::News { log: log(number), head: Seq(head) }
    }

    fn signal(frame: String) -> Hint {
        Hint::Signal { from: NodeId(1), log: log(1), frame }
    }

    #[tokio::test]
    async fn the_hints_of_a_log_become_one_with_the_newest_head() {
        let queue = Queue::default();
        for hint in [news(1, 3), news(2, 1), news(1, 5), news(1, 4), Hint::Revoked { seq: Seq(9) }] {
            assert_eq!(queue.add(hint), 0);
        }
        queue.add(Hint::Revoked { seq: Seq(8) });
        queue.add(Hint::Jobs);
        queue.probe(1);
        queue.probe(2);
        let batch = queue.take().await;
        assert_eq!(batch.news().collect::<Vec<_>>(), [(&log(1), Seq(5)), (&log(2), Seq(1))]);
        assert_eq!(
            (batch.revoked, batch.jobs, batch.probe, batch.lost),
            (Some(Seq(9)), true, Some(2), false)
        );
        queue.add(news(1, 6));
        assert_eq!(queue.take().await.news().collect::<Vec<_>>(), [(&log(1), Seq(6))]);
    }

    #[tokio::test]
    async fn beyond_the_bound_the_oldest_is_dropped_and_the_others_are_told() {
        let queue = Queue::default();
        for number in 0..LOGS {
            assert_eq!(queue.add(news(number, 1)), 0);
        }
        assert_eq!(queue.add(news(LOGS - 1, 2)), 0, "it waits already");
        assert_eq!(queue.add(news(LOGS, 1)), 1);
        let batch = queue.take().await;
        assert_eq!(batch.news.len(), LOGS);
        assert_eq!(batch.news().next(), Some((&log(1), Seq(1))));
        assert!(batch.lost);
    }

    #[tokio::test]
    async fn signals_have_a_bound_of_their_own_and_do_not_outlive_a_connection() {
        let queue = Queue::default();
        let frame = "x".repeat(SIGNAL_BYTES / 2);
        for expected in [0, 0, 1] {
            assert_eq!(queue.add(signal(frame.clone())), expected);
        }
        let batch = queue.take().await;
        assert_eq!(batch.signals.len(), 2);
        assert!(!batch.lost, "nobody has to compare anything because of a signal");

        queue.add(signal("late".to_owned()));
        queue.begin();
        queue.probe(1);
        let batch = queue.take().await;
        assert!(batch.signals.is_empty() && batch.lost);
    }
}
