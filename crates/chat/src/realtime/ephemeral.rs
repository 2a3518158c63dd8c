//! Ephemeral events: presence and read state are buffered, and flushed at intervals.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use broker::{Broker, Presence, PresenceChange};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until};
use wire::{ApplicationId, Conversation, LogKey, ReadState, Seq, ServerFrame, Topic, UserId, UserKey};

use crate::commit::committer::Committer;
use crate::ports::bus::NodeId;
use crate::ports::store::{MovedReceipt, ReadStateOutcome, ReadStateWrite, Store};
use crate::realtime::node_presence::{Learned, NodePresence};
use crate::realtime::receipts::ReceiptBuffer;
use crate::realtime::signals::Signals;

/// Buffers frequent ephemeral events, and publishes them at each flush, one per topic: presence, and read states that
/// advanced. A thousand users who read the same message, or come back after a restart, cause one event instead of a
/// thousand to a thousand.
#[derive(Default)]
pub(crate) struct EphemeralBuffer {
    gathered: Mutex<Gathered>,
    bell: Notify,
    /// The presence on other nodes.
    elsewhere: NodePresence,
}

#[derive(Default)]
struct Gathered {
    /// Deliveries that devices have confirmed, until they are committed.
    confirmed: HashMap<ApplicationId, HashMap<(Conversation, UserId), Seq>>,
    /// Own logs that devices have, until that is committed.
    own: HashMap<ApplicationId, HashMap<UserId, Seq>>,
    /// Read states that advanced, until they are published.
    moved: HashMap<LogKey, HashMap<UserId, ReadState>>,
    /// Receipts that moved, until they are published.
    receipts: ReceiptBuffer,
    /// Logs whose presence has changed on other nodes, until that is published.
    elsewhere: HashSet<LogKey>,
    /// Logs of which another node needs the presence here, until it is announced.
    asked: HashSet<LogKey>,
}

/// The task that publishes the buffered events, and its dependencies.
pub(crate) struct EphemeralFlusher {
    ephemeral: Arc<EphemeralBuffer>,
    store: Arc<dyn Store>,
    broker: Arc<Broker>,
    signals: Signals,
    committer: Arc<Committer>,
    logs: HashMap<LogKey, Waiting>,
}

/// The pending ephemeral events of one topic.
struct Waiting {
    /// The time at which presence is published, if it has changed.
    presence_at: Option<Instant>,
    /// True if it is announced to other nodes then.
    is_announced: bool,
    /// Users who left a moment ago, and the times until which they still count as here.
    gone: HashMap<UserId, Instant>,
    /// Read states that advanced.
    marks: HashMap<UserId, ReadState>,
    /// True if presence was published last; then it is the read states' turn.
    told_presence: bool,
    /// The earliest time of the next event: the last one went to many subscribers.
    not_before: Instant,
}

/// The shortest time between two flushes.
const BEAT: Duration = Duration::from_millis(500);
/// The time for which a user is still here after their last connection ended, or went idle: a page reload is no leave.
const GRACE: Duration = Duration::from_secs(10);
/// The additional time for each present user: the rate of events per subscriber stays the same, for any number of
/// them.
const EACH: Duration = Duration::from_millis(20);
/// The number of users from which on this applies.
const LARGE: usize = 50;
/// The time between two looks for presence on other nodes that has expired.
const EXPIRE_EVERY: Duration = Duration::from_secs(5);
/// The number of them after which the presence here is announced again.
const REFRESH_EVERY: u64 = 2;

impl EphemeralBuffer {
    /// Records that a device of a member has received a conversation up to a Seq.
    pub(crate) fn confirm(&self, conversation: Conversation, user: UserKey, seq: Seq) {
        let mut gathered = self.gathered();
        let confirmed = gathered.confirmed.entry(user.application).or_default();
        let mark = confirmed.entry((conversation, user.user)).or_default();
        *mark = seq.max(*mark);
        drop(gathered);
        self.bell.notify_one();
    }

    /// Records that a device of a user has received their own log up to a Seq.
    pub(crate) fn confirm_own(&self, user: UserKey, seq: Seq) {
        let mut gathered = self.gathered();
        let mark = gathered.own.entry(user.application).or_default().entry(user.user).or_default();
        *mark = seq.max(*mark);
        drop(gathered);
        self.bell.notify_one();
    }

    /// Records that receipts have moved and are committed.
    pub(crate) fn receipts(&self, application: ApplicationId, moved: Vec<MovedReceipt>) {
        if moved.is_empty() {
            return;
        }
        self.gathered().receipts.add(application, moved);
        self.bell.notify_one();
    }

    /// Records that a read state has advanced and is committed.
    pub(crate) fn moved(&self, log: LogKey, marks: ReadState) {
        let mut gathered = self.gathered();
        merge(gathered.moved.entry(log).or_default(), marks);
        drop(gathered);
        self.bell.notify_one();
    }

    /// Records the users who are subscribed to a log on another node.
    pub(crate) fn presence_on(&self, from: NodeId, log: LogKey, presence: Presence, is_refresh: bool) {
        let learned = self.elsewhere.learn(from, &log, presence, Instant::now());
        if learned == Learned::Known && is_refresh {
            return;
        }
        let mut gathered = self.gathered();
        if learned == Learned::NewNode {
            gathered.asked.insert(log.clone());
        }
        gathered.elsewhere.insert(log);
        drop(gathered);
        self.bell.notify_one();
    }

    /// Records that another node has ended.
    pub(crate) fn node_ended(&self, node: NodeId) {
        self.gathered().elsewhere.extend(self.elsewhere.forget(node));
        self.bell.notify_one();
    }

    /// Returns the users who are subscribed to a log on any node, given those on this one.
    pub(crate) fn presence(&self, log: &LogKey, local: Presence) -> Presence {
        self.elsewhere.union(log, local)
    }

    /// Takes the deliveries that devices have confirmed: two writes for each application that has some.
    pub(crate) fn take_confirmed(&self) -> Vec<(ApplicationId, ReadStateWrite)> {
        let (confirmed, own) = {
            let mut gathered = self.gathered();
            (std::mem::take(&mut gathered.confirmed), std::mem::take(&mut gathered.own))
        };
        let write_own = |(application, marks): (_, HashMap<_, _>)| {
            (application, ReadStateWrite::SetOwnDelivered { marks: marks.into_iter().collect() })
        };
        let write = |(application, marks): (_, HashMap<_, _>)| {
            let marks = marks.into_iter().map(|((conversation, user), seq)| (conversation, user, seq));
            (application, ReadStateWrite::SetDelivered { marks: marks.collect() })
        };
        confirmed.into_iter().map(write).chain(own.into_iter().map(write_own)).collect()
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock()
    }
}

impl EphemeralFlusher {
    pub(crate) fn new(
        ephemeral: Arc<EphemeralBuffer>,
        store: Arc<dyn Store>,
        broker: Arc<Broker>,
        signals: Signals,
        committer: Arc<Committer>,
    ) -> Self {
        broker.watch_presence();
        Self { ephemeral, store, broker, signals, committer, logs: HashMap::new() }
    }

    /// Flushes at intervals, as long as it is polled.
    pub(crate) async fn run(mut self) {
        let mut checks = interval_at(Instant::now() + EXPIRE_EVERY, EXPIRE_EVERY);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ticks = 0_u64;
        loop {
            let next = self.logs.values().filter_map(Waiting::next_at).min();
            tokio::select! {
                () = self.ephemeral.bell.notified() => {}
                () = self.broker.presence_changed() => {}
                () = wait_until(next) => {}
                _ = checks.tick() => {
                    ticks += 1;
                    self.check_nodes(ticks);
                    continue;
                }
            }
            sleep(BEAT).await;
            self.confirm().await;
            let now = Instant::now();
            self.gather(now);
            self.tell(now).await;
        }
    }

    /// Commits the deliveries that devices have confirmed; then their read states have advanced.
    async fn confirm(&self) {
        for (application, write) in self.ephemeral.take_confirmed() {
            // A fault of the store is in the log already. The next messages confirm the same and more.
            let Ok(outcome) = self.committer.commit(application, write).await else { continue };
            let ReadStateOutcome { states, receipts } = outcome;
            for (conversation, marks) in states {
                self.ephemeral.moved(LogKey::new(application, Topic::of(conversation)), marks);
            }
            self.ephemeral.receipts(application, receipts);
        }
    }

    /// Forgets presence that other nodes no longer announce, and announces that of this node again.
    fn check_nodes(&mut self, ticks: u64) {
        let now = Instant::now();
        let has_subscribers = |log: &LogKey| self.broker.admitted(log).is_some();
        let expired = self.ephemeral.elsewhere.expire(now, has_subscribers);
        if !expired.is_empty() {
            self.ephemeral.gathered().elsewhere.extend(expired);
            self.ephemeral.bell.notify_one();
        }
        if ticks.is_multiple_of(REFRESH_EVERY) && self.signals.has_other_nodes() {
            for (log, _) in self.broker.heads() {
                let mut presence = self.broker.presence(&log);
                if let Some(waiting) = self.logs.get_mut(&log) {
                    presence = waiting.with_those_just_gone(presence, now);
                }
                if log.topic.conversation().is_some() && presence != Presence::default() {
                    self.signals.announce_presence(&log, presence, true);
                }
            }
        }
    }

    fn gather(&mut self, now: Instant) {
        let (changed, asked) = {
            let mut gathered = self.ephemeral.gathered();
            (std::mem::take(&mut gathered.elsewhere), std::mem::take(&mut gathered.asked))
        };
        for log in changed.into_iter().filter(|log| self.broker.admitted(log).is_some()) {
            let is_announced = asked.contains(&log);
            let waiting = self.logs.entry(log).or_insert_with(|| Waiting::new(now));
            waiting.presence_at = Some(now);
            waiting.is_announced |= is_announced;
        }
        for (log, users) in self.broker.take_presence_changes() {
            if log.topic.conversation().is_none() {
                continue;
            }
            let waiting = self.logs.entry(log).or_insert_with(|| Waiting::new(now));
            for (user, how) in users {
                let at = match how {
                    PresenceChange::Came => now,
                    PresenceChange::Went => {
                        waiting.gone.insert(user, now + GRACE);
                        now + GRACE
                    }
                };
                waiting.presence_at = Some(waiting.presence_at.map_or(at, |before| at.min(before)));
                waiting.is_announced = true;
            }
        }
        for (log, moved) in std::mem::take(&mut self.ephemeral.gathered().moved) {
            let waiting = self.logs.entry(log).or_insert_with(|| Waiting::new(now));
            for marks in moved.into_values() {
                merge(&mut waiting.marks, marks);
            }
        }
    }

    async fn tell(&mut self, now: Instant) {
        let receipts = std::mem::take(&mut self.ephemeral.gathered().receipts);
        receipts.tell(&self.signals);
        let mut logs = std::mem::take(&mut self.logs);
        for (log, waiting) in &mut logs {
            if waiting.next_at().is_none_or(|at| at > now) {
                continue;
            }
            let local = waiting.with_those_just_gone(self.broker.presence(log), now);
            let presence = self.ephemeral.presence(log, local.clone());
            let count = presence.here.len() + presence.away.len();
            if count >= LARGE {
                waiting.not_before = now + EACH * u32::try_from(count).unwrap_or(u32::MAX);
            }
            // One of the two a flush, in turn: a large event evicts the one just before it.
            let marks_first = waiting.told_presence && !waiting.marks.is_empty();
            waiting.told_presence = false;
            if !marks_first && waiting.presence_at.take_if(|at| *at <= now).is_some() {
                waiting.told_presence = true;
                if std::mem::take(&mut waiting.is_announced) {
                    self.signals.announce_presence(log, local, false);
                }
                // Users who still count as here are published as gone in time.
                waiting.presence_at = waiting.gone.values().min().copied();
                waiting.is_announced = waiting.presence_at.is_some();
                let seen = if self.is_blocked(log, &presence).await { Presence::default() } else { presence };
                let told =
                    ServerFrame::Presence { topic: log.topic.clone(), here: seen.here, away: seen.away };
                self.signals.send_here(log, &told);
            } else if !waiting.marks.is_empty() {
                let mut marks: Vec<ReadState> = waiting.marks.drain().map(|(_, marks)| marks).collect();
                marks.sort_by_key(|marks| marks.user);
                let told = ServerFrame::Marks { topic: log.topic.clone(), marks, reference: None };
                self.signals.send(log, &told);
            }
        }
        logs.retain(|_, waiting| waiting.next_at().is_some() || waiting.not_before > now);
        self.logs = logs;
    }

    /// Returns true if one of two users has blocked the other: then neither sees the other's presence.
    async fn is_blocked(&self, log: &LogKey, presence: &Presence) -> bool {
        let Some(conversation @ Conversation::Direct(pair)) = log.topic.conversation() else { return false };
        if presence.here.is_empty() && presence.away.is_empty() {
            return false;
        }
        let [one, _] = pair.people();
        // A fault counts as blocked.
        self.store
            .reader(log.application)
            .standing(conversation, one)
            .await
            .map_or(true, |standing| standing.is_none_or(|standing| standing.blocked))
    }
}

impl Waiting {
    fn new(now: Instant) -> Self {
        Self {
            presence_at: None,
            is_announced: false,
            gone: HashMap::new(),
            marks: HashMap::new(),
            told_presence: false,
            not_before: now,
        }
    }

    /// Returns a presence in which users who left a moment ago are still here.
    fn with_those_just_gone(&mut self, mut presence: Presence, now: Instant) -> Presence {
        self.gone.retain(|user, until| *until > now && !presence.here.contains(user));
        presence.away.retain(|user| !self.gone.contains_key(user));
        presence.here.extend(self.gone.keys());
        presence.here.sort();
        presence
    }

    /// Returns the time of the next event, if there is one.
    fn next_at(&self) -> Option<Instant> {
        let at = if self.marks.is_empty() { self.presence_at? } else { self.not_before };
        Some(at.max(self.not_before))
    }
}

/// Merges a read state into others: it only advances.
fn merge(all: &mut HashMap<UserId, ReadState>, marks: ReadState) {
    let before = all.entry(marks.user).or_insert(marks);
    before.delivered = before.delivered.max(marks.delivered);
    before.read = before.read.max(marks.read);
}

async fn wait_until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
