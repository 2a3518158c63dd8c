use crate::broker::Broker;
use crate::sync::{AtomicU64, Ordering};

/// What the broker of a node has done since it began, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entries that were handed to sockets, each counted once for each connection.
    pub deliveries: u64,
    /// Writes that sockets took, for deliveries and for everything else.
    pub writes: u64,
    /// How many bytes these were.
    pub written_bytes: u64,
    /// How often a socket had no room.
    pub stalls: u64,
    /// Topics that somebody reads.
    pub topics: u64,
    /// Subscriptions that read.
    pub subscriptions: u64,
    /// The bytes of all frames that are kept.
    pub log_bytes: u64,
    /// How many entries the slowest subscription lacks.
    pub slowest_lag: u64,
}

/// What one shard's connections have done; one for each shard, so that none waits for another's.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Counters {
    pub(crate) deliveries: AtomicU64,
    pub(crate) writes: AtomicU64,
    pub(crate) written_bytes: AtomicU64,
    pub(crate) stalls: AtomicU64,
}

impl Counters {
    /// A socket took this many bytes.
    pub(crate) fn wrote(&self, bytes: usize) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.written_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Counting.
impl Broker {
    /// What was done so far, and what is held at this moment. It looks at every subscription: ask every few seconds.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally { log_bytes: self.log_bytes() as u64, ..Tally::default() };
        for counters in self.counters() {
            let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            tally.deliveries += of(&counters.deliveries);
            tally.writes += of(&counters.writes);
            tally.written_bytes += of(&counters.written_bytes);
            tally.stalls += of(&counters.stalls);
        }
        for topic in self.all() {
            let head = topic.head().0;
            tally.topics += 1;
            topic.each(|seat| {
                if seat.reads() {
                    tally.subscriptions += 1;
                    tally.slowest_lag = tally.slowest_lag.max(head.saturating_sub(seat.given().0));
                }
            });
        }
        tally
    }
}
