//! The committer: batches writes, commits them, and publishes.

use std::sync::Arc;

use broker::{Broker, Ended, Frame};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use wire::{AppRole, Entry, Refusal, Role, Seq, Topic, UserId};

use crate::auth::revocations::Revocations;
use crate::commit::metrics::ChatMetrics;
use crate::commit::writability::Writability;
use crate::ports::bus::{Bus, Hint};
use crate::ports::store::{Amend, Draft, Fact, GroupChange, Outcome, Placed, Sessions, Store, Write};
use crate::service::error::{Error, Fault};

/// The one task that commits writes: it takes all that wait, commits them in one transaction, publishes them in Seq
/// order, and only then answers. While a commit runs the next batch gathers, so batches grow with load and there is no
/// delay to tune.
pub(crate) struct Committer {
    inbox: Mutex<Option<mpsc::Sender<Job>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Job {
    write: Write,
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
        metrics: Arc<ChatMetrics>,
        writability: Arc<Writability>,
    ) -> Self {
        let (inbox, jobs) = mpsc::channel(WAITING);
        let task =
            tokio::spawn(run(jobs, store, Publisher { broker, bus, revocations }, metrics, writability));
        Self { inbox: Mutex::new(Some(inbox)), task: Mutex::new(Some(task)) }
    }

    /// Waits until a write is committed. If the caller is dropped meanwhile, the write is committed all the same.
    pub(crate) async fn commit(&self, write: Write) -> Result<Outcome, Error> {
        self.enqueue(write).await?.outcome().await
    }

    /// Enqueues a write: one that is enqueued later is committed later.
    pub(crate) async fn enqueue(&self, write: Write) -> Result<PendingCommit, Error> {
        let inbox = self.inbox.lock().clone();
        let (answer, answered) = oneshot::channel();
        let sent = match inbox {
            Some(inbox) => inbox.send(Job { write, answer }).await.is_ok(),
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
}

async fn run(
    mut inbox: mpsc::Receiver<Job>,
    store: Arc<dyn Store>,
    publisher: Publisher,
    metrics: Arc<ChatMetrics>,
    writability: Arc<Writability>,
) {
    let mut jobs = Vec::with_capacity(BATCH);
    while inbox.recv_many(&mut jobs, BATCH).await > 0 {
        let (writes, answers): (Vec<_>, Vec<_>) = jobs.drain(..).map(|job| (job.write, job.answer)).unzip();
        let writes: Arc<[Write]> = writes.into();
        #[cfg(feature = "planted")]
        let answers = planted::ack_before_commit(&*store, &writes, answers).await;
        let begun = Instant::now();
        let committed = store.commit(Arc::clone(&writes)).await;
        metrics.committed(writes.len(), begun.elapsed(), committed.is_err());
        writability.learn(&committed);
        match committed {
            Ok(outcomes) => {
                for (write, outcome) in writes.iter().zip(&outcomes) {
                    publish(write, outcome, &publisher);
                }
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
    use super::{Fault, Outcome, Store, Write, oneshot};

    type Answer = oneshot::Sender<Result<Outcome, Fault>>;

    /// Answers posts before they are committed, with the Seqs they are about to get.
    pub(super) async fn ack_before_commit(
        store: &dyn Store,
        writes: &[Write],
        answers: Vec<Answer>,
    ) -> Vec<Answer> {
        if std::env::var("HUBBUB_PLANT").as_deref() != Ok("ack-before-commit") {
            return answers;
        }
        let mut left = Vec::new();
        let mut ahead = std::collections::HashMap::new();
        for (write, answer) in writes.iter().zip(answers) {
            let (Write::Post(draft) | Write::Publish { draft, .. }) = write else {
                left.push(answer);
                continue;
            };
            let head =
                store.page(&draft.topic, crate::ports::store::Range::default()).await.map(|page| page.head);
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

/// Publishes a committed write. Subscriptions of removed members end first, so that nothing later reaches them.
fn publish(write: &Write, outcome: &Outcome, publisher: &Publisher) {
    let (broker, bus) = (&*publisher.broker, &*publisher.bus);
    match (write, outcome) {
        (Write::SignOut { user, which }, Outcome::Done) => {
            publisher.revocations.revoke(*user, *which);
            bus.announce(Hint::SignedOut { user: *user, which: *which });
        }
        (
            Write::Post(draft) | Write::Publish { draft, .. } | Write::Amend(Amend { news: draft, .. }),
            Outcome::Posted { seq },
        ) => {
            tell(draft, *seq, broker, bus);
        }
        (Write::ChangeGroup(change), Outcome::Changed { places }) => {
            end_lost_seats(change, places, broker, bus);
            tell_all(&change.news, places, broker, bus);
        }
        (Write::Broadcast { record, parts }, Outcome::Broadcast { seq, places }) => {
            for (part, placed) in parts.iter().zip(places) {
                if let Some(Placed { seq, listed }) = placed {
                    tell_all(part.creation.iter().flat_map(|creation| &creation.news), listed, broker, bus);
                    tell(&part.draft, *seq, broker, bus);
                }
            }
            tell(record, *seq, broker, bus);
        }
        (Write::PostFirst { draft, creation }, Outcome::PostedFirst(Placed { seq, listed })) => {
            tell_all(&creation.news, listed, broker, bus);
            tell(draft, *seq, broker, bus);
        }
        (Write::Transaction { first, then }, Outcome::Done) => {
            for write in std::iter::once(&**first).chain(then) {
                publish(write, &Outcome::Done, publisher);
            }
        }
        (Write::Sweep { .. }, Outcome::Swept { guests }) => {
            for user in guests {
                let (user, which) = (*user, Sessions::All);
                publish(&Write::SignOut { user, which }, &Outcome::Done, publisher);
            }
        }
        (Write::WithAudit { write, note }, Outcome::Noted { seq }) => {
            publish(write, &Outcome::Done, publisher);
            tell(note, *seq, broker, bus);
        }
        (Write::SetApplicationRole { user, role }, Outcome::Done) if *role < AppRole::Admin => {
            end(&Topic::app_audit(), *user, Seq::ZERO, broker, bus);
        }
        (Write::SetPreferences { news, .. }, Outcome::Posted { seq }) => tell(news, *seq, broker, bus),
        _ => {}
    }
}

fn tell_all<'a>(drafts: impl IntoIterator<Item = &'a Draft>, places: &[Seq], broker: &Broker, bus: &dyn Bus) {
    for (draft, seq) in drafts.into_iter().zip(places) {
        tell(draft, *seq, broker, bus);
    }
}

fn tell(draft: &Draft, seq: Seq, broker: &Broker, bus: &dyn Bus) {
    broker.publish(&draft.topic, seq, || {
        let entry = Entry {
            id: draft.id.clone(),
            topic: draft.topic.clone(),
            seq,
            data: draft.data.clone(),
            timestamp: draft.at,
        };
        Frame::text(&entry.encode())
    });
    bus.announce(Hint::News { topic: draft.topic.clone(), head: seq });
}

fn end_lost_seats(change: &GroupChange, places: &[Seq], broker: &Broker, bus: &dyn Bus) {
    let topic = Topic::group(change.group);
    let news = change.news.iter().zip(places).filter(|(draft, _)| draft.topic == topic);
    let last = news.map(|(_, seq)| *seq).max();
    for fact in &change.facts {
        match (fact, last) {
            (Fact::MemberRemoved(user), Some(after)) => end(&topic, *user, after, broker, bus),
            (Fact::RoleChanged(user, Role::Member) | Fact::MemberRemoved(user), _) => {
                end(&Topic::audit(change.group), *user, Seq::ZERO, broker, bus);
            }
            (Fact::Deleted, _) => {
                for topic in [topic.clone(), Topic::audit(change.group)] {
                    broker.end(&topic, Ended::All, Seq::ZERO);
                    bus.announce(Hint::Gone { topic });
                }
            }
            _ => {}
        }
    }
}

fn end(topic: &Topic, user: UserId, after: Seq, broker: &Broker, bus: &dyn Bus) {
    broker.end(topic, Ended::Of(user), after);
    bus.announce(Hint::Ended { topic: topic.clone(), user, after });
}
