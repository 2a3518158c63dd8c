//! Typing: buffered for a moment, then published.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::time::sleep;
use wire::{LogKey, Person, ServerFrame, UserId};

use crate::realtime::signals::Signals;

/// The users who are typing. They are published a moment later, together with all others who type by then: for
/// subscribers, many who type are one write.
#[derive(Debug, Default)]
pub(crate) struct TypingBuffer {
    typing: Mutex<HashMap<LogKey, HashMap<UserId, Person>>>,
    bell: Notify,
}

/// The time for which typing is buffered.
const MOMENT: Duration = Duration::from_millis(150);
/// The most users that are published: nobody reads more names, and they would evict other ephemeral events.
const MOST: usize = 10;

impl TypingBuffer {
    /// Records that a user is typing.
    pub(crate) fn note(&self, log: &LogKey, person: &Person) {
        self.typing().entry(log.clone()).or_default().insert(person.id, person.clone());
        self.bell.notify_one();
    }

    /// Forgets a user who has sent their message: they are not published as typing after that.
    pub(crate) fn forget(&self, log: &LogKey, user: UserId) {
        if let Some(people) = self.typing().get_mut(log) {
            people.remove(&user);
        }
    }

    /// Publishes at intervals, as long as it is polled.
    pub(crate) async fn tell(self: Arc<Self>, signals: Signals) {
        loop {
            self.bell.notified().await;
            sleep(MOMENT).await;
            let typing = std::mem::take(&mut *self.typing());
            for (log, people) in typing {
                for person in people.into_values().take(MOST) {
                    let told = ServerFrame::Typing { topic: log.topic.clone(), person };
                    signals.send(&log, &told);
                }
            }
        }
    }

    fn typing(&self) -> MutexGuard<'_, HashMap<LogKey, HashMap<UserId, Person>>> {
        self.typing.lock()
    }
}
