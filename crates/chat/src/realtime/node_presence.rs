//! Presence on other nodes: each announces its own part of it, which expires if it is not announced again.

use std::collections::HashMap;
use std::time::Duration;

use broker::Presence;
use parking_lot::Mutex;
use tokio::time::Instant;
use wire::LogKey;

use crate::ports::bus::NodeId;

/// The users who are subscribed to topics on other nodes.
#[derive(Debug, Default)]
pub(crate) struct NodePresence {
    logs: Mutex<HashMap<LogKey, HashMap<NodeId, Part>>>,
}

/// The presence that one node has announced.
#[derive(Debug)]
struct Part {
    presence: Presence,
    until: Instant,
}

/// The news in an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Learned {
    /// The node had no users there, or was not heard of, so it may not know of those here.
    NewNode,
    /// Users have come, gone or moved.
    Changed,
    /// All is as it was.
    Known,
}

/// The time for which a part counts. It is announced three times in it, and [`NodePresence::expire`] is called often
/// enough that nobody counts as here for more than 30 seconds after the end of their node.
const KEEP: Duration = Duration::from_secs(25);

impl NodePresence {
    /// Puts the presence on a node in the place of what it announced before.
    pub(crate) fn learn(&self, from: NodeId, log: &LogKey, presence: Presence, now: Instant) -> Learned {
        let mut logs = self.logs.lock();
        let nodes = logs.entry(log.clone()).or_default();
        let is_empty = presence.here.is_empty() && presence.away.is_empty();
        let before = if is_empty {
            nodes.remove(&from)
        } else {
            nodes.insert(from, Part { presence: presence.clone(), until: now + KEEP })
        };
        if nodes.is_empty() {
            logs.remove(log);
        }
        match before {
            None if is_empty => Learned::Known,
            None => Learned::NewNode,
            Some(before) if before.presence == presence => Learned::Known,
            Some(_) => Learned::Changed,
        }
    }

    /// Forgets a node that has ended. Returns the logs on which it had users.
    pub(crate) fn forget(&self, node: NodeId) -> Vec<LogKey> {
        self.retain(|_, of, _| of != node)
    }

    /// Forgets what has expired, and logs without a subscriber here. Returns the logs of which something is gone.
    pub(crate) fn expire(&self, now: Instant, has_subscribers: impl Fn(&LogKey) -> bool) -> Vec<LogKey> {
        self.retain(|log, _, part| part.until > now && has_subscribers(log))
    }

    /// Returns the users who are subscribed to a topic on any node, given those on this one. A user who is here on one
    /// node and away on another is here.
    pub(crate) fn union(&self, log: &LogKey, local: Presence) -> Presence {
        let logs = self.logs.lock();
        let Some(nodes) = logs.get(log) else { return local };
        let Presence { mut here, mut away } = local;
        for Part { presence, .. } in nodes.values() {
            here.extend(&presence.here);
            away.extend(&presence.away);
        }
        for users in [&mut here, &mut away] {
            users.sort();
            users.dedup();
        }
        away.retain(|user| here.binary_search(user).is_err());
        Presence { here, away }
    }

    /// Keeps some parts, and returns the logs of the others.
    fn retain(&self, keep: impl Fn(&LogKey, NodeId, &Part) -> bool) -> Vec<LogKey> {
        let mut changed = Vec::new();
        self.logs.lock().retain(|log, nodes| {
            let before = nodes.len();
            nodes.retain(|node, part| keep(log, *node, part));
            if nodes.len() < before {
                changed.push(log.clone());
            }
            !nodes.is_empty()
        });
        changed
    }
}

#[cfg(test)]
mod tests {
    use wire::{ApplicationId, Topic, UserId};

    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    fn user(number: u8) -> UserId {
        UserId::from_bytes([number; 10])
    }

    fn presence(here: &[u8], away: &[u8]) -> Presence {
        let users = |numbers: &[u8]| numbers.iter().map(|number| user(*number)).collect();
        Presence { here: users(here), away: users(away) }
    }

    fn log(name: &str) -> LogKey {
        LogKey::new(ApplicationId(2), Topic::new(name).unwrap())
    }

    #[tokio::test]
    async fn users_are_here_if_they_are_on_any_node() {
        let (nodes, now, tea) = (NodePresence::default(), Instant::now(), log("tea"));
        assert_eq!(nodes.union(&tea, presence(&[1], &[2])), presence(&[1], &[2]));
        assert_eq!(nodes.learn(A, &tea, presence(&[2, 3], &[1]), now), Learned::NewNode);
        assert_eq!(nodes.learn(B, &tea, presence(&[3], &[4]), now), Learned::NewNode);
        assert_eq!(nodes.union(&tea, presence(&[1], &[2, 4])), presence(&[1, 2, 3], &[4]));
        assert_eq!(nodes.union(&log("coffee"), presence(&[1], &[])), presence(&[1], &[]));
    }

    #[tokio::test]
    async fn each_announcement_takes_the_place_of_the_one_before() {
        let (nodes, now, tea) = (NodePresence::default(), Instant::now(), log("tea"));
        assert_eq!(nodes.learn(A, &tea, presence(&[], &[]), now), Learned::Known);
        assert_eq!(nodes.learn(A, &tea, presence(&[2], &[]), now), Learned::NewNode);
        assert_eq!(nodes.learn(A, &tea, presence(&[2], &[]), now), Learned::Known);
        assert_eq!(nodes.learn(A, &tea, presence(&[], &[2]), now), Learned::Changed);
        assert_eq!(nodes.union(&tea, presence(&[], &[])), presence(&[], &[2]));
        assert_eq!(nodes.learn(A, &tea, presence(&[], &[]), now), Learned::Changed);
        assert_eq!(nodes.union(&tea, presence(&[], &[])), presence(&[], &[]));
        assert!(nodes.logs.lock().is_empty(), "nothing is kept of it");
    }

    #[tokio::test]
    async fn a_node_that_ends_or_is_silent_is_forgotten() {
        let (nodes, now) = (NodePresence::default(), Instant::now());
        let [tea, milk, rum] = ["tea", "milk", "rum"].map(log);
        nodes.learn(A, &tea, presence(&[1], &[]), now);
        nodes.learn(A, &milk, presence(&[1], &[]), now);
        nodes.learn(B, &tea, presence(&[2], &[]), now + KEEP);
        nodes.learn(B, &rum, presence(&[2], &[]), now + KEEP);
        assert_eq!(nodes.expire(now + KEEP / 2, |log| *log != rum), [rum], "nobody reads it here");
        assert_eq!(nodes.expire(now + KEEP / 2, |_| true), []);
        let mut expired = nodes.expire(now + KEEP, |_| true);
        expired.sort();
        assert_eq!(expired, [milk, tea.clone()]);
        assert_eq!(nodes.union(&tea, presence(&[], &[])), presence(&[2], &[]));
        assert_eq!(nodes.forget(A), []);
        assert_eq!(nodes.forget(B), [tea]);
    }
}
