use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::ports::bus::{Bus, Hint, HintStream};

/// Stands before a bus and may keep hints back, to do with them what a bus is allowed to do.
pub(super) struct Postman {
    bus: Arc<dyn Bus>,
    /// The hints that are kept back, while any are.
    kept: Mutex<Option<Vec<Hint>>>,
}

impl Postman {
    pub(super) fn before(bus: Arc<dyn Bus>) -> Arc<Self> {
        Arc::new(Self { bus, kept: Mutex::new(None) })
    }

    /// From now on every hint stays here.
    pub(super) fn keep(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// Gives what was kept, in the order it came; what comes from now on goes its way.
    pub(super) fn give(&self) -> Vec<Hint> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

#[async_trait]
impl Bus for Postman {
    fn announce(&self, hint: Hint) {
        match &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(kept) => kept.push(hint),
            None => self.bus.announce(hint),
        }
    }

    fn listen(&self) -> Box<dyn HintStream> {
        self.bus.listen()
    }
}
