//! The committer, with group commit: batches writes, commits them, and publishes.

use std::sync::Arc;

use broker::{Broker, Frame};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use wire::{ApplicationId, Entry, GroupId, LogKey, Refusal, Seq, Topic};

use crate::auth::revocations::Revocations;
use crate::commit::metrics::ChatMetrics;
use crate::commit::writability::Writability;
use crate::jobs::JobWake;
use crate::ports::bus::{Bus, Hint};
use crate::ports::store::{
    Amend, Commit, Committed, Draft, Fact, Outcome, Placed, RevocationSlice, Store, Write,
};
use crate::service::error::{Error, Fault};

/// The one task that commits writes: it takes all that wait, commits them in one transaction, publishes them in Seq
/// order, and only then answers. While a commit runs the next batch gathers, so batches grow with load and there is no
/// delay to tune.
pub(crate) struct Committer {
    inbox: Mutex<Option<mpsc::Sender<Queued>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Queued {
    commit: Commit,
    answer: oneshot::Sender<Result<Outcome, Fault>>,
}

/// A write in the queue that awaits its commit.
pub(crate) struct PendingCommit {
    answered: oneshot::Receiver<Result<Outcome, Fault>>,
}

/// The most writes in one transaction.
const BATCH: usize = 256;
/// The most writes that may wait; beyond it a sender waits for room, and its socket is not read meanwhile.
const WAITING: usize = 4 * BATCH;

impl Committer {
    pub(crate) fn start(
        store: Arc<dyn Store>,
        broker: Arc<Broker>,
        bus: Arc<dyn Bus>,
        revocations: Arc<Revocations>,
        wake: Arc<JobWake>,
        metrics: Arc<ChatMetrics>,
        writability: Arc<Writability>,
    ) -> Self {
        let (inbox, queued) = mpsc::channel(WAITING);
        let task = tokio::spawn(run(
            queued,
            store,
            Publisher { broker, bus, revocations, wake },
            metrics,
            writability,
        ));
        Self { inbox: Mutex::new(Some(inbox)), task: Mutex::new(Some(task)) }
    }

    /// Waits until a write is committed. If the caller is dropped meanwhile, the write is committed all the same.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<Outcome, Error> {
        self.enqueue(commit).await?.outcome().await
    }

    /// Enqueues a write: one that is enqueued later is committed later.
    pub(crate) async fn enqueue(&self, commit: Commit) -> Result<PendingCommit, Error> {
        let inbox = self.inbox.lock().clone();
        let (answer, answered) = oneshot::channel();
        let sent = match inbox {
            Some(inbox) => inbox.send(Queued { commit, answer }).await.is_ok(),
            None => false,
        };
        if sent { Ok(PendingCommit { answered }) } else { Err(Refusal::Unavailable.into()) }
    }

    /// Accepts nothing more and waits until every accepted write is answered.
    pub(crate) async fn finish(&self) {
        drop(self.inbox.lock().take());
        let task = self.task.lock().take();
        if let Some(task) = task {
            // An error is a panic of the task; it is in the log already, and its callers were answered.
            let _ = task.await;
        }
    }
}

impl PendingCommit {
    /// Waits for the outcome of the write.
    pub(crate) async fn outcome(self) -> Result<Outcome, Error> {
        match self.answered.await {
            Ok(outcome) => Ok(outcome?),
            Err(_) => Err(Fault::new("committer", "the committer ended before it answered").into()),
        }
    }
}

/// Publishes committed entries.
struct Publisher {
    broker: Arc<Broker>,
    bus: Arc<dyn Bus>,
    revocations: Arc<Revocations>,
    wake: Arc<JobWake>,
}

async fn run(
    mut inbox: mpsc::Receiver<Queued>,
    store: Arc<dyn Store>,
    publisher: Publisher,
    metrics: Arc<ChatMetrics>,
    writability: Arc<Writability>,
) {
    let mut queued = Vec::with_capacity(BATCH);
    while inbox.recv_many(&mut queued, BATCH).await > 0 {
        let (commits, answers): (Vec<_>, Vec<_>) =
            queued.drain(..).map(|one| (one.commit, one.answer)).unzip();
        let commits: Arc<[Commit]> = commits.into();
        #[cfg(feature = "planted")]
        let answers = planted::ack_before_commit(&*store, &commits, answers).await;
        let begun = Instant::now();
        let position = publisher.revocations.position();
        let committed = store.commit(Arc::clone(&commits), position).await;
        metrics.committed(commits.len(), begun.elapsed(), committed.is_err());
        writability.learn(&committed);
        match committed {
            Ok(Committed { outcomes, revocations }) => {
                // Before any entry is admitted: everything that ended was committed by now, here or on another node.
                publisher.revoke(position, &revocations);
                for (commit, outcome) in commits.iter().zip(&outcomes) {
                    publisher.publish(commit.application, &commit.write, outcome);
                }
                publisher.wake.committed(&commits);
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
    use super::{Commit, Fault, Outcome, Store, Write, oneshot};

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
            let (Write::Post(draft) | Write::Publish { draft, .. }) = write else {
                left.push(answer);
                continue;
            };
            let reader = store.reader(*application);
            let head =
                reader.page(&draft.topic, crate::ports::store::Range::default()).await.map(|page| page.head);
            let ahead: &mut u64 = ahead.entry(draft.topic.clone()).or_default();
            *ahead += 1;
            let seq = wire::Seq(head.unwrap_or_default().0 + *ahead);
            let _ = answer.send(Ok(Outcome::Posted { seq }));
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

    /// Publishes a committed write. Entries end the subscriptions of those who lose the right to read with them.
    fn publish(&self, application: ApplicationId, write: &Write, outcome: &Outcome) {
        match (write, outcome) {
            (
                Write::Post(draft) | Write::Publish { draft, .. } | Write::Amend(Amend { news: draft, .. }),
                Outcome::Posted { seq },
            ) => self.tell(application, draft, *seq),
            (Write::ChangeGroup(change), Outcome::Changed { places }) => {
                self.tell_all(application, &change.news, places);
                if change.facts.contains(&Fact::Deleted) {
                    self.close(application, change.group);
                }
            }
            (Write::PostFirst { draft, creation }, Outcome::PostedFirst(Placed { seq, listed })) => {
                self.tell_all(application, &creation.news, listed);
                self.tell(application, draft, *seq);
            }
            (Write::WithAudit { note, .. }, Outcome::Noted { seq }) => self.tell(application, note, *seq),
            (Write::SetPreferences { news, .. }, Outcome::Posted { seq }) => {
                self.tell(application, news, *seq);
            }
            _ => {}
        }
    }

    fn tell_all<'a>(
        &self,
        application: ApplicationId,
        drafts: impl IntoIterator<Item = &'a Draft>,
        places: &[Seq],
    ) {
        for (draft, seq) in drafts.into_iter().zip(places) {
            self.tell(application, draft, *seq);
        }
    }

    /// Publishes an entry to its subscribers here, and announces it to other nodes.
    fn tell(&self, application: ApplicationId, draft: &Draft, seq: Seq) {
        let log = LogKey::new(application, draft.topic.clone());
        self.broker.admit(&log, seq, &draft.ends, || {
            let entry = Entry {
                id: draft.id.clone(),
                topic: draft.topic.clone(),
                seq,
                data: draft.data.clone(),
                timestamp: draft.at,
            };
            Frame::text(&entry.encode())
        });
        self.bus.announce(Hint::News { log, head: seq });
    }

    /// Ends the subscriptions to the logs of a deleted group.
    fn close(&self, application: ApplicationId, group: GroupId) {
        for topic in [Topic::group(group), Topic::audit(group)] {
            let log = LogKey::new(application, topic);
            self.broker.close(&log);
            self.bus.announce(Hint::News { log, head: Seq(u64::MAX) });
        }
    }
}
