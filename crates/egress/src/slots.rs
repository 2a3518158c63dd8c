//! Slots: the bounds of requests that run, and of those that wait for one.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use chat::HttpFailure;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// The slots of one policy.
pub(crate) struct Slots {
    /// The requests that run or wait.
    admitted: Arc<Semaphore>,
    /// The requests that run.
    running: Arc<Semaphore>,
    per_host: usize,
    hosts: Mutex<Hosts>,
}

/// The requests that run, by host. A host without any may go.
#[derive(Default)]
struct Hosts {
    slots: HashMap<String, Weak<Semaphore>>,
    /// The number of hosts at which the next sweep drops those without requests.
    sweep_at: usize,
}

/// The right of a request to wait and run.
pub(crate) struct Admission {
    _permit: OwnedSemaphorePermit,
}

/// The right of a request to run at a host.
pub(crate) struct Slot {
    _of_host: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

/// The fewest hosts before a sweep.
const SWEEP: usize = 64;

impl Slots {
    /// Creates slots: so many requests at once at a host, so many in all, and so many more that wait.
    pub(crate) fn new(per_host: usize, at_once: usize, waiting: usize) -> Self {
        Self {
            admitted: Arc::new(Semaphore::new(at_once + waiting)),
            running: Arc::new(Semaphore::new(at_once)),
            per_host,
            hosts: Mutex::default(),
        }
    }

    /// Admits a request, or refuses it at once.
    ///
    /// # Errors
    /// [`HttpFailure::Busy`] if too many wait.
    pub(crate) fn admit(&self) -> Result<Admission, HttpFailure> {
        let permit = Arc::clone(&self.admitted).try_acquire_owned();
        permit.map(|permit| Admission { _permit: permit }).map_err(|_| HttpFailure::Busy)
    }

    /// Waits for a slot at a host: first at the host, so that those who wait for a slow one take no slot of others.
    ///
    /// # Errors
    /// [`HttpFailure::Busy`] if none is free before the deadline.
    pub(crate) async fn take(&self, host: &str, deadline: Instant) -> Result<Slot, HttpFailure> {
        let of_host = self.of_host(host.trim_end_matches('.'));
        let both = async {
            let of_host = of_host.acquire_owned().await.map_err(|_| HttpFailure::Busy)?;
            let of_all = Arc::clone(&self.running).acquire_owned().await.map_err(|_| HttpFailure::Busy)?;
            Ok(Slot { _of_host: of_host, _of_all: of_all })
        };
        timeout_at(deadline, both).await.unwrap_or(Err(HttpFailure::Busy))
    }

    fn of_host(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock();
        if let Some(known) = hosts.slots.get(host).and_then(Weak::upgrade) {
            return known;
        }
        if hosts.slots.len() >= hosts.sweep_at {
            hosts.slots.retain(|_, slots| slots.strong_count() > 0);
            hosts.sweep_at = (hosts.slots.len() * 2).max(SWEEP);
        }
        let slots = Arc::new(Semaphore::new(self.per_host));
        hosts.slots.insert(host.to_owned(), Arc::downgrade(&slots));
        slots
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn hosts_without_requests_take_no_memory() {
        let slots = Slots::new(4, 8, 8);
        let deadline = Instant::now() + Duration::from_secs(60);
        let held = slots.take("tea.example", deadline).await;
        for host in 0..10_000 {
            let _slot = slots.take(&format!("{host}.example"), deadline).await;
        }
        assert!(slots.hosts.lock().slots.len() <= 2 * SWEEP);
        assert!(slots.hosts.lock().slots.contains_key("tea.example") && held.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_gets_no_slot_in_time_is_told_that_others_are_under_way() {
        let slots = Slots::new(1, 2, 1);
        let deadline = Instant::now() + Duration::from_secs(1);
        let tea = slots.take("tea.example", deadline).await;
        assert!(matches!(slots.take("tea.example.", deadline).await, Err(HttpFailure::Busy)));
        assert!(slots.take("milk.example", deadline).await.is_ok() && tea.is_ok());
        let admitted = [slots.admit(), slots.admit(), slots.admit()];
        assert!(admitted.iter().all(Result::is_ok));
        assert!(matches!(slots.admit(), Err(HttpFailure::Busy)));
        drop(admitted);
        assert!(slots.admit().is_ok());
    }
}
