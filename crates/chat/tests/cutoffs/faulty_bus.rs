//! A bus that does everything that a bus is allowed to do.

use std::sync::{Arc, Mutex};

use chat::bus::HintStream;
use chat::{Bus, BusHealth, Hint, LocalBus};
use wire::LogKey;

/// The treatment of the hints that are announced from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    Drop,
    Repeat,
    /// They are delivered at the next change of the mode, the last one first.
    Delay,
}

/// Joins two nodes, and drops, repeats, delays and reorders their hints.
pub(crate) struct FaultyBus {
    bus: LocalBus,
    state: Mutex<(Mode, Vec<Hint>)>,
}

impl FaultyBus {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { bus: LocalBus::default(), state: Mutex::new((Mode::Pass, Vec::new())) })
    }

    pub(crate) fn set(&self, mode: Mode) {
        let mut state = self.state.lock().unwrap();
        let delayed = std::mem::take(&mut state.1);
        delayed.into_iter().rev().for_each(|hint| self.bus.announce(hint));
        state.0 = mode;
    }

    /// Tells both nodes that hints were lost, as a bus that has reconnected does.
    pub(crate) fn reconnect(&self) {
        self.set(Mode::Pass);
        self.bus.announce(Hint::Lost);
    }
}

impl Bus for FaultyBus {
    fn announce(&self, hint: Hint) {
        let mut state = self.state.lock().unwrap();
        match state.0 {
            Mode::Pass => self.bus.announce(hint),
            Mode::Drop => {}
            Mode::Repeat => {
                self.bus.announce(hint.clone());
                self.bus.announce(hint);
            }
            Mode::Delay => state.1.push(hint),
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
