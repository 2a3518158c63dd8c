//! The committer, with group commit: batches writes, commits them, and publishes.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::marker::PhantomData;
use std::sync::Arc;

use broker::Broker;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use wire::{ApplicationId, Entry, LogKey, Refusal, Seq};

use crate::auth::revocations::Revocations;
use crate::commit::metrics::ChatMetrics;
use crate::commit::writability::Writability;
use crate::jobs::{JobWake, Wakes};
use crate::ports::bus::{Bus, BusHealth, Hint};
use crate::ports::store::{Appended, Commit, Committed, Outcome, RevocationSlice, Store, TypedWrite, Write};
use crate::realtime::appended_frame::AppendedFrame;
use crate::realtime::recent_entries::RecentEntries;
use crate::service::error::{Error, Fault};

/// The tasks that commit writes, one for each commit that the store makes at the same time. A task takes all that wait
/// for it, commits them in one transaction, publishes them in Seq order, and only then answers. While a commit runs the
/// next batch gathers, so batches grow with load and there is no delay to tune. Background work has a queue of its own,
/// of which each batch takes only a part.
///
/// The writes of a log always go to the same task, so they are committed in their order.
pub(crate) struct Committer {
    lanes: Mutex<Option<Arc<[Lane]>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// The queues of one task.
struct Lane {
    people: mpsc::Sender<Queued>,
    background: mpsc::Sender<Queued>,
}

struct Queued {
    commit: Commit,
    answer: oneshot::Sender<Result<Outcome, Fault>>,
}

/// A write in the queue that awaits its commit.
pub(crate) struct PendingCommit<W> {
    answered: oneshot::Receiver<Result<Outcome, Fault>>,
    write: PhantomData<fn() -> W>,
}

/// The most writes in one transaction.
const BATCH: usize = 256;
/// The most writes of background work in one transaction, after those of people.
const BACKGROUND: usize = 64;
/// The most writes that may wait; beyond it a sender waits for room, and its socket is not read meanwhile.
const WAITING: usize = 4 * BATCH;

impl Committer {
    pub(crate) fn start(
        store: Arc<dyn Store>,
        publisher: Publisher,
        metrics: Arc<ChatMetrics>,
        writability: Arc<Writability>,
    ) -> Self {
        let (mut lanes, mut tasks) = (Vec::new(), Vec::new());
        for _ in 0..store.writers().max(1) {
            let (people, taken) = mpsc::channel(WAITING);
            let (background, waiting) = mpsc::channel(BACKGROUND);
            let queues = Queues { people: taken, background: waiting };
            let (store, publisher) = (Arc::clone(&store), publisher.clone());
            let (metrics, writability) = (Arc::clone(&metrics), Arc::clone(&writability));
            tasks.push(tokio::spawn(run(queues, store, publisher, metrics, writability)));
            lanes.push(Lane { people, background });
        }
        Self { lanes: Mutex::new(Some(lanes.into())), tasks: Mutex::new(tasks) }
    }

    /// Waits until a write is committed. If the caller is dropped meanwhile, the write is committed all the same.
    pub(crate) async fn commit<W: TypedWrite>(
        &self,
        application: ApplicationId,
        write: W,
    ) -> Result<W::Outcome, Error> {
        self.enqueue(application, write).await?.outcome().await
    }

    /// Enqueues a write: one of the same log that is enqueued later is committed later.
    pub(crate) async fn enqueue<W: TypedWrite>(
        &self,
        application: ApplicationId,
        write: W,
    ) -> Result<PendingCommit<W>, Error> {
        self.send(application, write, |lane| &lane.people).await
    }

    /// As [`Committer::commit`], for work that waits for that of people: a batch has at most 64 such writes.
    pub(crate) async fn commit_in_background<W: TypedWrite>(
        &self,
        application: ApplicationId,
        write: W,
    ) -> Result<W::Outcome, Error> {
        self.send(application, write, |lane| &lane.background).await?.outcome().await
    }

    /// Accepts nothing more and waits until every accepted write is answered.
    pub(crate) async fn finish(&self) {
        drop(self.lanes.lock().take());
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            // An error is a panic of the task; it is in the log already, and its callers were answered.
            let _ = task.await;
        }
    }

    async fn send<W: TypedWrite>(
        &self,
        application: ApplicationId,
        write: W,
        queue: impl Fn(&Lane) -> &mpsc::Sender<Queued>,
    ) -> Result<PendingCommit<W>, Error> {
        let (answer, answered) = oneshot::channel();
        let commit = Commit { application, write: write.into() };
        let queue = self.lanes.lock().as_ref().map(|lanes| queue(&lanes[lane(&commit, lanes.len())]).clone());
        let sent = match queue {
            Some(queue) => queue.send(Queued { commit, answer }).await.is_ok(),
            None => false,
        };
        if sent {
            Ok(PendingCommit { answered, write: PhantomData })
        } else {
            Err(Refusal::Unavailable.into())
        }
    }
}

/// Returns the number of the task that commits a write: that of its log, or one for all that have none.
fn lane(Commit { application, write }: &Commit, lanes: usize) -> usize {
    if lanes == 1 {
        return 0;
    }
    match (write.log(), write) {
        (Some(topic), _) => {
            let mut hasher = DefaultHasher::new();
            (application, topic).hash(&mut hasher);
            usize::try_from(hasher.finish() % lanes as u64).unwrap_or(0)
        }
        // There are many of them, which nothing else waits for.
        (None, Write::ReadState(_)) => lanes - 1,
        _ => 0,
    }
}

/// The writes that wait.
struct Queues {
    people: mpsc::Receiver<Queued>,
    background: mpsc::Receiver<Queued>,
}

impl Queues {
    /// Waits for writes and takes the next batch: those of people first. Returns false if none will come.
    async fn next(&mut self, batch: &mut Vec<Queued>) -> bool {
        let Self { people, background } = self;
        let (mut people_come, mut background_comes) = (true, true);
        while batch.is_empty() && (people_come || background_comes) {
            tokio::select! {
                biased;
                taken = people.recv_many(batch, BATCH), if people_come => people_come = taken > 0,
                one = background.recv(), if background_comes => {
                    background_comes = one.is_some();
                    batch.extend(one);
                }
            }
        }
        let most = batch.len() + BACKGROUND;
        while batch.len() < most
            && let Ok(one) = background.try_recv()
        {
            batch.push(one);
        }
        !batch.is_empty()
    }
}

impl<W: TypedWrite> PendingCommit<W> {
    /// Waits for the outcome of the write.
    pub(crate) async fn outcome(self) -> Result<W::Outcome, Error> {
        let Ok(answer) = self.answered.await else {
            return Err(Fault::new("committer", "the committer ended before it answered").into());
        };
        W::outcome(answer?).map_err(|other| {
            let write = std::any::type_name::<W>();
            Fault::new("committer", format!("the store answered a {write} with {other:?}")).into()
        })
    }
}

/// Publishes committed entries.
#[derive(Clone)]
pub(crate) struct Publisher {
    pub(crate) broker: Arc<Broker>,
    pub(crate) recent: Arc<RecentEntries>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) revocations: Arc<Revocations>,
    pub(crate) wake: Arc<JobWake>,
}

async fn run(
    mut queues: Queues,
    store: Arc<dyn Store>,
    publisher: Publisher,
    metrics: Arc<ChatMetrics>,
    writability: Arc<Writability>,
) {
    let mut queued = Vec::with_capacity(BATCH);
    while queues.next(&mut queued).await {
        let (commits, answers): (Vec<_>, Vec<_>) =
            queued.drain(..).map(|one| (one.commit, one.answer)).unzip();
        #[cfg(feature = "planted")]
        let answers = planted::ack_before_commit(&*store, &commits, answers).await;
        let (count, wakes) = (commits.len(), Wakes::of(&commits));
        let begun = Instant::now();
        let position = publisher.revocations.position();
        let committed = store.commit(commits, position).await;
        metrics.committed(count, begun.elapsed(), committed.is_err());
        writability.learn(&committed);
        match committed {
            Ok(Committed { outcomes, appended, rewritten, shortened, closed, revocations }) => {
                // Before any entry is admitted: everything that ended was committed by now, here or on another node.
                publisher.revoke(position, &revocations);
                let frames: Vec<_> = appended.iter().map(AppendedFrame::of).collect();
                // Before anybody hears of it: a read after an acknowledged change does not get the old text.
                publisher.recent.commit(&frames, rewritten, shortened);
                frames
                    .chunk_by(|one, next| one.appended.log == next.appended.log)
                    .for_each(|entries| publisher.publish(entries));
                closed.into_iter().for_each(|log| publisher.close(log));
                publisher.wake(wakes);
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // A caller that no longer waits needs no answer: the SendId finds the message on a retry.
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(fault) => {
                for answer in answers {
                    let _ = answer.send(Err(fault.clone()));
                }
            }
        }
    }
}

/// A deliberate bug, so that a test can show that the history checker finds it.
#[cfg(feature = "planted")]
mod planted {
    use super::{Commit, Fault, Outcome, Store, oneshot};
    use crate::ports::store::{LogOutcome, LogWrite, Write};

    type Answer = oneshot::Sender<Result<Outcome, Fault>>;

    /// Answers posts before they are committed, with the Seqs they are about to get.
    pub(super) async fn ack_before_commit(
        store: &dyn Store,
        commits: &[Commit],
        answers: Vec<Answer>,
    ) -> Vec<Answer> {
        if std::env::var("HUBBUB_PLANT").as_deref() != Ok("ack-before-commit") {
            return answers;
        }
        let mut left = Vec::new();
        let mut ahead = std::collections::HashMap::new();
        for (Commit { application, write }, answer) in commits.iter().zip(answers) {
            let Write::Log(LogWrite::Post(draft) | LogWrite::Publish { draft, .. }) = write else {
                left.push(answer);
                continue;
            };
            let reader = store.reader(*application);
            let head =
                reader.page(&draft.topic, crate::ports::store::Range::default()).await.map(|page| page.head);
            let ahead: &mut u64 = ahead.entry(draft.topic.clone()).or_default();
            *ahead += 1;
            let seq = wire::Seq(head.unwrap_or_default().0 + *ahead);
            let _ = answer.send(Ok(Outcome::Log(LogOutcome::Posted { seq })));
            // Keeps the number of answers equal to that of the writes; nobody receives this one.
            left.push(oneshot::channel().0);
        }
        // Long enough that a kill falls between the answer and the commit.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        left
    }
}

impl Publisher {
    /// Closes the sockets of ended sessions, and tells other nodes that some have ended.
    fn revoke(&self, position: Seq, revocations: &RevocationSlice) {
        self.revocations.apply(revocations);
        if revocations.head > position {
            self.bus.announce(Hint::Revoked { seq: revocations.head });
        }
    }

    /// Publishes committed entries of one log to its subscribers here, and announces the last one to other nodes. They
    /// end the subscriptions of those who lose the right to read.
    fn publish(&self, entries: &[AppendedFrame<'_>]) {
        let Some(Appended { log, entry: Entry { seq: head, .. }, .. }) =
            entries.last().map(|one| one.appended)
        else {
            return;
        };
        let frames = entries.iter().map(|one| (one.appended.entry.seq, &one.appended.ends, one.frame()));
        self.broker.admit_all(log, frames);
        self.bus.announce(Hint::News { log: log.clone(), head: *head });
    }

    /// Wakes the background tasks that a batch concerns, here and on other nodes.
    fn wake(&self, wakes: Wakes) {
        self.wake.committed(wakes);
        if wakes.has_jobs() && self.bus.health() != BusHealth::Alone {
            self.bus.announce(Hint::Jobs);
        }
    }

    /// Ends the subscriptions to a log that is gone.
    fn close(&self, log: LogKey) {
        self.recent.close(&log);
        self.broker.close(&log);
        self.bus.announce(Hint::News { log, head: Seq(u64::MAX) });
    }
}
