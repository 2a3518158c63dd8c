//! The audience of a group: listeners that follow its log to the end.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use wire::Seq;

use super::{Listener, Target, assemble, judge};
use crate::checker::Finding;
use crate::history::whole_log;
use crate::person::cookie_at;
use crate::record::{Line, Record};
use probe::server::Server;
use probe::setup::TestGroup;

/// A group, and the listeners that follow its log to the end.
#[derive(Debug)]
pub(crate) struct Audience {
    pub(crate) target: Arc<Target>,
    pub(crate) test_group: Arc<TestGroup>,
    goal: watch::Sender<Option<Seq>>,
    following: JoinSet<Listener>,
}

impl Audience {
    /// Opens listeners with these numbers in a group. They follow its log until `until` at the latest.
    pub(crate) async fn seat(
        server: &Server,
        test_group: TestGroup,
        numbers: Range<u32>,
        until: Instant,
    ) -> io::Result<Self> {
        let target = Target::new(server, test_group.topic.clone());
        Self::gather(target, Arc::new(test_group), numbers, until).await
    }

    /// Opens listeners with these numbers in the same group on another node.
    pub(crate) async fn seat_beside(
        &self,
        node: &Server,
        numbers: Range<u32>,
        until: Instant,
    ) -> io::Result<Self> {
        let (target, mut test_group) = (self.target.at(node), TestGroup::clone(&self.test_group));
        for (_, cookie) in &mut test_group.people {
            *cookie = cookie_at(cookie, &target.host);
        }
        Self::gather(target, Arc::new(test_group), numbers, until).await
    }

    async fn gather(
        target: Arc<Target>,
        test_group: Arc<TestGroup>,
        numbers: Range<u32>,
        until: Instant,
    ) -> io::Result<Self> {
        let (goal, reached) = watch::channel(None);
        let mut following = JoinSet::new();
        for (mut listener, link) in assemble(&target, &test_group, numbers, false).await? {
            let reached = reached.clone();
            following.spawn(async move {
                listener.follow(link, reached, until).await;
                listener
            });
        }
        Ok(Self { target, test_group, goal, following })
    }

    /// As [`Audience::seat`], with `each` listeners in every group.
    pub(crate) async fn seat_all(
        server: &Server,
        groups: Vec<TestGroup>,
        each: u32,
        until: Instant,
    ) -> io::Result<Vec<Self>> {
        let mut audiences = Vec::new();
        for (group, test_group) in (0..).zip(groups) {
            audiences.push(Self::seat(server, test_group, group * each..(group + 1) * each, until).await?);
        }
        Ok(audiences)
    }

    /// Returns a receiver of the head that everybody has to reach, set when everything is sent; for those who do more
    /// than follow.
    pub(crate) fn goal(&self) -> watch::Receiver<Option<Seq>> {
        self.goal.subscribe()
    }

    /// Waits, after the last send, until everybody has read everything; returns them.
    pub(crate) async fn end(self) -> io::Result<Ended> {
        let log = whole_log(&self.target.host, self.test_group.cookie(0), self.target.topic.as_str()).await?;
        // No listener ends before it has a goal.
        let _ = self.goal.send(log.last().map(|line| line.seq));
        Ok(Ended { target: self.target, log, listeners: self.following.join_all().await })
    }
}

/// The listeners that have followed a group to the end, and its log.
#[derive(Debug)]
pub(crate) struct Ended {
    target: Arc<Target>,
    log: Vec<Line>,
    pub(crate) listeners: Vec<Listener>,
}

/// The reads of many listeners, in figures.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// The sampled latencies of deliveries, in microseconds.
    pub(crate) samples: Vec<u64>,
    /// The number of deliveries.
    pub(crate) deliveries: u64,
    /// The number of times that the server disconnected somebody.
    pub(crate) falls: u64,
}

impl Ended {
    /// Adds the reads of these listeners.
    pub(crate) fn add_to(&mut self, reads: &mut Reads) {
        for listener in &mut self.listeners {
            reads.samples.append(&mut listener.samples);
            reads.deliveries += listener.trail.count();
            reads.falls += listener.falls;
        }
    }

    /// Returns every violation towards the listeners and those who sent.
    pub(crate) fn judge(&self, said: &[Record]) -> Vec<Finding> {
        judge(&self.target, said, &self.listeners, &self.log)
    }
}
