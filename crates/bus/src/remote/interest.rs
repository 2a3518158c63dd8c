//! The logs that this node needs hints of, as the buckets that they are in.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::channel::Channel;

/// The buckets that were asked for, each for a minute.
#[derive(Debug, Default)]
pub(crate) struct Interest {
    asked: Mutex<HashMap<Channel, Instant>>,
    bell: Notify,
}

/// The time for which a bucket is needed after it was asked for.
pub(crate) const NEEDED: Duration = Duration::from_secs(60);

impl Interest {
    /// Asks for a bucket.
    pub(crate) fn ask(&self, channel: Channel) {
        if self.asked.lock().insert(channel, Instant::now()).is_none() {
            self.bell.notify_one();
        }
    }

    /// Waits until a bucket is needed that was not. Cancel-safe.
    pub(crate) async fn grown(&self) {
        self.bell.notified().await;
    }

    /// Returns the buckets that are needed now.
    pub(crate) fn current(&self) -> BTreeSet<Channel> {
        let mut asked = self.asked.lock();
        asked.retain(|_, at| at.elapsed() < NEEDED);
        asked.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_is_needed_for_a_minute_after_each_request() {
        let interest = Interest::default();
        interest.ask(Channel::Bucket(1));
        interest.grown().await;
        interest.ask(Channel::Bucket(2));
        tokio::time::advance(NEEDED / 2).await;
        interest.ask(Channel::Bucket(2));
        tokio::time::advance(NEEDED / 2).await;
        assert_eq!(interest.current(), [Channel::Bucket(2)].into());
        tokio::time::advance(NEEDED / 2).await;
        assert_eq!(interest.current(), BTreeSet::new());
    }
}
