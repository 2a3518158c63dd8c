//! Who is told how far a measurement is.

use std::time::Duration;

/// What a measurement does from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It opens connections; so many are open.
    Opens(u32),
    /// It counts nothing for so long, so that what was begun comes to rest.
    Settles(Duration),
    /// It measures for so long, with what does not count at the beginning; nothing comes after it.
    Measures(Duration),
}

/// Watches a measurement. It is told by the task that measures, and must not keep it waiting.
pub trait Watcher: Sync {
    /// Something begins, or goes on.
    fn sees(&self, step: Step);
}

/// Nobody watches.
impl Watcher for () {
    fn sees(&self, _: Step) {}
}
