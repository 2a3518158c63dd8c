//! The tailer: reads what other nodes have written from the store, and admits it to this node's logs.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use broker::{Broker, Frame};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use wire::{LogKey, Seq};

use crate::auth::revocations::Revocations;
use crate::jobs::JobWake;
use crate::ports::bus::{Bus, BusHealth, Hint, HintStream, NodeId};
use crate::ports::store::{LogSlice, Slices, Store};
use crate::realtime::ephemeral::EphemeralBuffer;
use crate::service::error::Fault;

/// The one task of a node that reads logs of other nodes, as far as they have subscribers here.
///
/// The broker says which logs lack entries: those of which a hint, a commit of this node, or a new subscriber has shown
/// that there are more. While one read runs the next one gathers. Each read brings the revocations as well. A
/// comparison of the heads of all logs with subscribers finds what hints have not told: at once if hints were lost, every
/// second while the bus is down, and every few seconds otherwise. A node that is alone on its bus and its store needs
/// none.
pub(crate) struct Tailer {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) broker: Arc<Broker>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) node: NodeId,
    pub(crate) revocations: Arc<Revocations>,
    pub(crate) wake: Arc<JobWake>,
    pub(crate) ephemeral: Arc<EphemeralBuffer>,
}

/// The work of the next read.
#[derive(Default)]
struct Wanted {
    /// The logs that lack entries, with the last entry that is known.
    logs: HashMap<LogKey, Seq>,
    /// True if the heads of all logs with subscribers are to be compared.
    heads: bool,
    /// True if there may be revocations that were not applied here.
    revocations: bool,
}

/// The result of a read.
enum Read {
    Slices(Arc<[(LogKey, Seq)]>, Slices),
    /// Heads of logs, with the last entries that were admitted before they were read.
    Heads(Vec<((LogKey, Seq), Option<Seq>)>),
    /// The read failed; this is what it was about.
    Failed(Wanted),
}

type Reading = Pin<Box<dyn Future<Output = Read> + Send>>;

/// The time between two reads of revocations, which end the sockets of sessions that have ended on another node.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// The number of them after which the heads are compared while the bus is healthy.
const HEADS_EVERY: u64 = 5;
/// The number of them after which the bus is asked again for the hints of all logs with subscribers.
const FOLLOW_EVERY: u64 = 20;
/// The pause after a read that failed.
const RETRY: Duration = Duration::from_secs(1);
/// The most logs in one read.
const LOGS: usize = 64;

impl Tailer {
    /// Runs as long as it is polled.
    pub(crate) async fn run(self, mut hints: Box<dyn HintStream>) {
        let mut checks = interval_at(Instant::now() + CHECK_EVERY, CHECK_EVERY);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut wanted, mut is_on_bus, mut ticks) = (Wanted::default(), true, 0_u64);
        let mut reading: Option<Reading> = None;
        loop {
            if reading.is_none() {
                reading = self.begin(&mut wanted);
            }
            tokio::select! {
                hint = hints.next(), if is_on_bus => match hint {
                    Some(hint) => self.hear(hint, &mut wanted),
                    None => is_on_bus = false,
                },
                () = self.broker.gaps_noted() => wanted.add(self.broker.take_gaps()),
                _ = checks.tick() => {
                    ticks += 1;
                    self.check(ticks, &mut wanted);
                }
                read = wait_for(&mut reading) => {
                    reading = None;
                    self.apply(read, &mut wanted);
                }
            }
        }
    }

    /// Returns the state of the bus. Nodes that share a store and no bus get no hint.
    fn health(&self) -> BusHealth {
        match self.bus.health() {
            BusHealth::Alone if self.store.is_shared() => BusHealth::Down,
            health => health,
        }
    }

    /// Decides what is read without a hint.
    fn check(&self, ticks: u64, wanted: &mut Wanted) {
        let health = self.health();
        if health == BusHealth::Alone {
            return;
        }
        wanted.revocations = true;
        wanted.heads |= health == BusHealth::Down || ticks.is_multiple_of(HEADS_EVERY);
        if ticks.is_multiple_of(FOLLOW_EVERY) {
            self.broker.heads().iter().for_each(|(log, _)| self.bus.follow(log));
        }
    }

    fn hear(&self, hint: Hint, wanted: &mut Wanted) {
        match hint {
            // Comes back as a gap if entries are missing.
            Hint::News { log, head } => self.broker.learn(&log, head),
            Hint::Revoked { seq } => wanted.revocations |= seq > self.revocations.position(),
            Hint::Jobs => self.wake.jobs_elsewhere(),
            Hint::Signal { from, .. } if from == self.node => {}
            Hint::Signal { log, frame, .. } => self.broker.signal(&log, || Frame::text(&frame)),
            Hint::Presence { from, .. } | Hint::Bye { from } if from == self.node => {}
            // Those of logs without a subscriber here are of no use.
            Hint::Presence { from, log, presence, is_refresh } => {
                if self.broker.admitted(&log).is_some() {
                    self.ephemeral.presence_on(from, log, presence, is_refresh);
                }
            }
            Hint::Bye { from } => self.ephemeral.node_ended(from),
            // Without other nodes they were hints of this one, whose entries are here.
            Hint::Lost if self.health() == BusHealth::Alone => {}
            Hint::Lost => {
                wanted.heads = true;
                wanted.revocations = true;
            }
        }
    }

    /// Begins the next read; none if there is nothing to read.
    fn begin(&self, wanted: &mut Wanted) -> Option<Reading> {
        let store = Arc::clone(&self.store);
        if std::mem::take(&mut wanted.heads) {
            let admitted = self.broker.heads();
            return Some(Box::pin(async move {
                let logs = admitted.iter().map(|(log, _)| log.clone()).collect();
                match store.heads(logs).await {
                    Ok(heads) => Read::Heads(admitted.into_iter().zip(heads).collect()),
                    Err(fault) => Wanted { heads: true, ..Wanted::default() }.failed(fault).await,
                }
            }));
        }
        let mut after = Vec::new();
        while let Some(log) = wanted.logs.keys().next().cloned().filter(|_| after.len() < LOGS) {
            let known = wanted.logs.remove(&log).unwrap_or_default();
            // Meanwhile the entries may have come, or the last subscriber may be gone.
            if let Some(head) = self.broker.admitted(&log).filter(|head| *head < known) {
                after.push((log, head));
            }
        }
        if !std::mem::take(&mut wanted.revocations) && after.is_empty() {
            return None;
        }
        let position = self.revocations.position();
        Some(Box::pin(async move {
            let after: Arc<[(LogKey, Seq)]> = after.into();
            match store.slices(Arc::clone(&after), position).await {
                Ok(slices) => Read::Slices(after, slices),
                Err(fault) => {
                    let logs = after.iter().map(|(log, head)| (log.clone(), head.next())).collect();
                    Wanted { logs, heads: false, revocations: true }.failed(fault).await
                }
            }
        }))
    }

    fn apply(&self, read: Read, wanted: &mut Wanted) {
        match read {
            Read::Slices(after, Slices { logs, revocations }) => {
                // First: they were read after the entries.
                self.revocations.apply(&revocations);
                for ((log, after), slice) in after.iter().zip(logs) {
                    self.admit(log, *after, slice);
                }
            }
            Read::Heads(heads) => {
                for ((log, admitted), head) in heads {
                    match head {
                        Some(head) => self.broker.learn(&log, head),
                        // It had entries before the comparison, or never had one: its first may have come meanwhile.
                        None => self.admit(&log, admitted, LogSlice::Absent),
                    }
                }
            }
            Read::Failed(again) => {
                wanted.add(again.logs);
                wanted.heads |= again.heads;
                wanted.revocations |= again.revocations;
            }
        }
    }

    /// Admits a slice. What is still missing comes back as a gap.
    fn admit(&self, log: &LogKey, after: Seq, slice: LogSlice) {
        match slice {
            LogSlice::Entries(entries) => {
                let frames =
                    entries.iter().map(|(entry, ends)| (entry.seq, ends, Frame::text(&entry.encode())));
                self.broker.admit_all(log, frames);
            }
            LogSlice::Ends { ends, to } => self.broker.skip(log, after, to, &ends),
            LogSlice::Lost => self.broker.begin_anew(log),
            LogSlice::Absent if after > Seq::ZERO => self.broker.close(log),
            LogSlice::Absent => {}
        }
    }
}

impl Wanted {
    fn add(&mut self, logs: HashMap<LogKey, Seq>) {
        for (log, seq) in logs {
            let known = self.logs.entry(log).or_default();
            *known = seq.max(*known);
        }
    }

    /// Waits after a read that failed, before it is tried again. The fault is in the log.
    async fn failed(self, _: Fault) -> Read {
        sleep(RETRY).await;
        Read::Failed(self)
    }
}

/// Waits for the present read; for ever if there is none. Cancel-safe.
async fn wait_for(reading: &mut Option<Reading>) -> Read {
    match reading {
        Some(reading) => reading.await,
        None => std::future::pending().await,
    }
}
