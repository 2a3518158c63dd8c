//! Typing: gathered for a moment, then sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broker::{Broker, Frame};
use tokio::sync::Notify;
use tokio::time::sleep;
use wire::{Person, ServerFrame, Topic, UserId};

/// Who is typing. It is told a moment later, with everybody else who types by then: to those who read, many who type
/// are one write.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    typing: Mutex<HashMap<Topic, HashMap<UserId, Person>>>,
    bell: Notify,
}

/// How long is gathered.
const MOMENT: Duration = Duration::from_millis(150);
/// How many are told at most: nobody reads more names, and they would push out what else is told in passing.
const MOST: usize = 10;

impl Typing {
    /// Somebody is typing.
    pub(crate) fn note(&self, topic: &Topic, person: &Person) {
        self.typing().entry(topic.clone()).or_default().insert(person.id, person.clone());
        self.bell.notify_one();
    }

    /// Somebody has said it: what they typed is not told after that.
    pub(crate) fn forget(&self, topic: &Topic, user: UserId) {
        if let Some(people) = self.typing().get_mut(topic) {
            people.remove(&user);
        }
    }

    /// Tells, as long as it is polled.
    pub(crate) async fn tell(self: Arc<Self>, broker: Arc<Broker>) {
        loop {
            self.bell.notified().await;
            sleep(MOMENT).await;
            let typing = std::mem::take(&mut *self.typing());
            for (topic, people) in typing {
                for person in people.into_values().take(MOST) {
                    let told = ServerFrame::Typing { topic: topic.clone(), person };
                    broker.signal(&topic, || Frame::text(&told.encode()));
                }
            }
        }
    }

    fn typing(&self) -> MutexGuard<'_, HashMap<Topic, HashMap<UserId, Person>>> {
        self.typing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
