//! A bus for tests that can withhold hints.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use wire::LogKey;

use crate::ports::bus::{Bus, BusHealth, Hint, HintStream};

/// Wraps a bus and can withhold hints, to do with them anything that a bus is allowed to do.
pub(super) struct Postman {
    bus: Arc<dyn Bus>,
    /// The withheld hints, while it withholds any.
    kept: Mutex<Option<Vec<Hint>>>,
}

impl Postman {
    pub(super) fn before(bus: Arc<dyn Bus>) -> Arc<Self> {
        Arc::new(Self { bus, kept: Mutex::new(None) })
    }

    /// Withholds every hint from now on.
    pub(super) fn keep(&self) {
        *self.kept.lock() = Some(Vec::new());
    }

    /// Returns the withheld hints, in their order; later ones pass again.
    pub(super) fn give(&self) -> Vec<Hint> {
        self.kept.lock().take().unwrap_or_default()
    }
}

#[async_trait]
impl Bus for Postman {
    fn announce(&self, hint: Hint) {
        match &mut *self.kept.lock() {
            Some(kept) => kept.push(hint),
            None => self.bus.announce(hint),
        }
    }

    fn follow(&self, log: &LogKey) {
        self.bus.follow(log);
    }

    fn health(&self) -> BusHealth {
        self.bus.health()
    }

    fn listen(&self) -> Box<dyn HintStream> {
        self.bus.listen()
    }
}
