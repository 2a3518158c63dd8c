//! Progress reports of a measurement.

use std::time::Duration;

/// The next step of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It opens connections; this many are open.
    Opens(u32),
    /// It counts nothing for this long, so that earlier work comes to rest.
    Settles(Duration),
    /// It measures for this long, warm-up included; this is the last step.
    Measures(Duration),
}

/// An observer of a measurement. The measuring task calls it, so it must not block.
pub trait Watcher: Sync {
    /// Notes that a step begins, or continues.
    fn sees(&self, step: Step);
}

/// The observer that ignores everything.
impl Watcher for () {
    fn sees(&self, _: Step) {}
}
