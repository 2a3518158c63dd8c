//! Shards, the fan-out loops: one for each core.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::Instant;

use crate::delivery::BatchCache;
use crate::delivery::Counters;
use crate::delivery::{FlushOutcome, Outbound};
use crate::log::sync::{LONG_PASS, Mutex, guard, rest, unpoisoned};
use crate::topic::TopicLog;

/// Delivers to one core's share of the connections. All shards of a broker must run, each as a task.
#[derive(Debug)]
pub struct Shard {
    number: usize,
    queue: Arc<ShardQueue>,
    batches: BatchCache,
}

/// The work queue of a shard.
#[derive(Debug, Default)]
pub(crate) struct ShardQueue {
    work: Mutex<Work>,
    wake: Notify,
    pub(crate) counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Work {
    /// Topics with new entries or events.
    topics: Vec<Arc<TopicLog<Outbound>>>,
    /// Connections to flush, whatever the topic.
    connections: Vec<Arc<Outbound>>,
}

/// The number of sockets that are written to before the task yields.
const BETWEEN_YIELDS: usize = 64;

impl ShardQueue {
    pub(crate) fn topic(&self, topic: &Arc<TopicLog<Outbound>>) {
        unpoisoned(&self.work).topics.push(Arc::clone(topic));
        self.wake.notify_one();
    }

    pub(crate) fn outbound(&self, outbound: &Arc<Outbound>) {
        if outbound.enqueue() {
            unpoisoned(&self.work).connections.push(Arc::clone(outbound));
            self.wake.notify_one();
        }
    }

    fn has_work(&self) -> bool {
        let work = unpoisoned(&self.work);
        !work.topics.is_empty() || !work.connections.is_empty()
    }
}

impl Shard {
    pub(crate) fn new(number: usize, queue: Arc<ShardQueue>) -> Self {
        Self { number, queue, batches: BatchCache::default() }
    }

    /// Delivers for as long as it is polled. While a pass runs, new messages gather for the next one, so batches grow with
    /// load by themselves, and nothing waits when there is none. After a long pass during which more was published it rests
    /// half as long as the pass took: clients get the time to read, more gathers, and two writes to each become one.
    pub async fn run(mut self) {
        loop {
            self.queue.wake.notified().await;
            let began = Instant::now();
            let connections = self.begin_pass();
            for some in connections.chunks(BETWEEN_YIELDS) {
                self.serve(some);
                yield_now().await;
            }
            self.batches.clear();
            drop(connections);
            let took = began.elapsed();
            if took >= LONG_PASS && self.queue.has_work() {
                rest(took).await;
            }
        }
    }

    /// Runs one whole pass without yielding; returns false if there was nothing to do.
    pub fn pass(&mut self) -> bool {
        let connections = self.begin_pass();
        self.serve(&connections);
        self.batches.clear();
        !connections.is_empty()
    }

    /// Takes every connection that may lack something, each once.
    fn begin_pass(&self) -> Vec<Arc<Outbound>> {
        let Work { topics, mut connections } = std::mem::take(&mut *unpoisoned(&self.queue.work));
        for topic in topics {
            topic.tell(self.number, |outbound| {
                if outbound.enqueue() {
                    connections.push(Arc::clone(outbound));
                }
            });
        }
        connections
    }

    fn serve(&mut self, connections: &[Arc<Outbound>]) {
        for outbound in connections {
            outbound.dequeue();
            // A panic in one connection must not end delivery to the others.
            match guard(|| outbound.serve(&mut self.batches)) {
                Some(FlushOutcome::Done) => {}
                Some(FlushOutcome::More) => self.queue.outbound(outbound),
                None => {
                    self.batches.clear();
                    outbound.mark_broken();
                }
            }
        }
    }
}
