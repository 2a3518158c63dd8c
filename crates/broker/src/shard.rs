use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::Instant;

use crate::helping::Helpings;
use crate::line::{Flushed, Line};
use crate::sync::{LONG_PASS, Mutex, guard, rest};
use crate::tally::Counters;
use crate::topic::{TopicLog, unpoisoned};

/// Delivers to its share of the connections. Whoever starts a broker runs all of its shards, each as a task.
#[derive(Debug)]
pub struct Shard {
    number: usize,
    desk: Arc<Desk>,
    helpings: Helpings,
}

/// Where a shard finds what it has to do.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    work: Mutex<Work>,
    bell: Notify,
    pub(crate) counters: Arc<Counters>,
}

#[derive(Debug, Default)]
struct Work {
    /// Topics that have news.
    topics: Vec<Arc<TopicLog>>,
    /// Connections that lack something, whatever the topic.
    lines: Vec<Arc<Line>>,
}

/// How many sockets are written to before others have their turn.
const BETWEEN_YIELDS: usize = 64;

impl Desk {
    pub(crate) fn topic(&self, topic: Arc<TopicLog>) {
        unpoisoned(&self.work).topics.push(topic);
        self.bell.notify_one();
    }

    pub(crate) fn line(&self, line: &Arc<Line>) {
        if line.enqueue() {
            unpoisoned(&self.work).lines.push(Arc::clone(line));
            self.bell.notify_one();
        }
    }

    fn has_work(&self) -> bool {
        let work = unpoisoned(&self.work);
        !work.topics.is_empty() || !work.lines.is_empty()
    }
}

impl Shard {
    pub(crate) fn new(number: usize, desk: Arc<Desk>) -> Self {
        Self { number, desk, helpings: Helpings::default() }
    }

    /// Delivers, as long as it is polled. While a pass runs, what is published gathers for the next one, so batches
    /// grow with load by themselves, and nothing waits when there is none. After a long pass that was overtaken by news
    /// it rests half as long as it took: the readers get the time to take what they were given, more news gathers, and
    /// what would have been two writes to each of them becomes one.
    pub async fn run(mut self) {
        loop {
            self.desk.bell.notified().await;
            let began = Instant::now();
            let lines = self.begin_pass();
            for some in lines.chunks(BETWEEN_YIELDS) {
                self.serve(some);
                yield_now().await;
            }
            self.helpings.clear();
            drop(lines);
            let took = began.elapsed();
            if took >= LONG_PASS && self.desk.has_work() {
                rest(took).await;
            }
        }
    }

    /// One whole pass, without a pause; false if there was nothing to do.
    pub fn pass(&mut self) -> bool {
        let lines = self.begin_pass();
        self.serve(&lines);
        self.helpings.clear();
        !lines.is_empty()
    }

    /// Everybody who may lack something, once.
    fn begin_pass(&self) -> Vec<Arc<Line>> {
        let Work { topics, mut lines } = std::mem::take(&mut *unpoisoned(&self.desk.work));
        for topic in topics {
            topic.tell(self.number, |line| {
                if line.enqueue() {
                    lines.push(Arc::clone(line));
                }
            });
        }
        lines
    }

    fn serve(&mut self, lines: &[Arc<Line>]) {
        for line in lines {
            line.dequeue();
            // A bug that one connection meets must not end delivery to all the others.
            match guard(|| line.serve(&mut self.helpings)) {
                Some(Flushed::Done) => {}
                Some(Flushed::More) => self.desk.line(line),
                None => {
                    self.helpings.clear();
                    line.give_up();
                }
            }
        }
    }
}
