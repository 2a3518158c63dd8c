//! The channels of a service over which messages go, and the bucket of a log.

use std::num::NonZeroU32;

use sha2::{Digest, Sha256};
use wire::LogKey;

/// A channel of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Channel {
    /// Reaches every node.
    Control,
    /// Reaches the nodes that need a log of this bucket.
    Bucket(u32),
}

/// The names of the channels of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Channels {
    prefix: String,
    buckets: NonZeroU32,
}

impl Channels {
    pub(crate) fn new(cluster: &str, buckets: NonZeroU32) -> Self {
        Self { prefix: format!("hubbub.{cluster}."), buckets }
    }

    /// Returns the channel of a log: the same on every node.
    pub(crate) fn of(&self, log: &LogKey) -> Channel {
        let mut hash = Sha256::new();
        hash.update(log.application.0.to_be_bytes());
        hash.update(log.topic.as_str());
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
        let bucket = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % u64::from(self.buckets.get());
        Channel::Bucket(u32::try_from(bucket).unwrap_or_default())
    }

    /// Returns the name of a channel in the service.
    pub(crate) fn name(&self, channel: Channel) -> String {
        match channel {
            Channel::Control => format!("{}control", self.prefix),
            Channel::Bucket(bucket) => format!("{}{bucket}", self.prefix),
        }
    }

    /// Finds the channel with a name.
    pub(crate) fn find(&self, name: &str) -> Option<Channel> {
        match name.strip_prefix(&self.prefix)? {
            "control" => Some(Channel::Control),
            bucket => bucket.parse().ok().filter(|bucket| *bucket < self.buckets.get()).map(Channel::Bucket),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use wire::{ApplicationId, Topic};

    use super::*;

    fn key(application: u32, topic: &str) -> LogKey {
        LogKey::new(ApplicationId(application), Topic::new(topic).unwrap())
    }

    #[test]
    fn a_name_leads_back_to_its_channel() {
        let channels = Channels::new("tea", NonZeroU32::new(64).unwrap());
        for channel in [Channel::Control, Channel::Bucket(0), Channel::Bucket(63)] {
            assert_eq!(channels.find(&channels.name(channel)), Some(channel));
        }
        assert_eq!(channels.name(Channel::Bucket(7)), "hubbub.tea.7");
        for foreign in ["hubbub.tea.64", "hubbub.tea.-1", "hubbub.coffee.7", "hubbub.tea.", "7"] {
            assert_eq!(channels.find(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn logs_are_spread_over_all_buckets_and_stay_where_they_are() {
        let channels = Channels::new("tea", NonZeroU32::new(64).unwrap());
        let used: HashSet<Channel> =
            (0..1_000).map(|id| channels.of(&key(1, &format!("group/{id}")))).collect();
        assert_eq!(used.len(), 64);
        // The first eight bytes of the SHA-256 of 00000001 and the name: all versions of a node have to agree.
        assert_eq!(channels.of(&key(1, "group/1")), Channel::Bucket(22));
        assert_ne!(channels.of(&key(1, "group/1")), channels.of(&key(2, "group/1")));
    }
}
