//! Open topics: their volume in a store, and its bounds.

use wire::Refusal;

/// The volume that a store keeps in open topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenTopicUsage {
    /// The number of open topics that have entries.
    pub topics: u64,
    /// The bytes of data in all of them.
    pub bytes: u64,
}

/// The most that a store may keep in open topics. The store asks [`OpenTopicBounds::check`] inside the commit, so that
/// publishing much at once exceeds none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTopicBounds {
    /// The most open topics.
    pub topics: u64,
    /// The most bytes of data in all of them.
    pub bytes: u64,
}

impl OpenTopicBounds {
    /// Decides whether this many bytes of data may go to an open topic, which begins with them or exists.
    ///
    /// # Errors
    /// [`Refusal::TooManyOpenTopics`], [`Refusal::OpenTopicsFull`].
    pub const fn check(self, kept: OpenTopicUsage, begins: bool, bytes: usize) -> Result<(), Refusal> {
        if begins && kept.topics >= self.topics {
            return Err(Refusal::TooManyOpenTopics { max: self.topics });
        }
        if kept.bytes.saturating_add(bytes as u64) > self.bytes {
            return Err(Refusal::OpenTopicsFull { max: self.bytes });
        }
        Ok(())
    }
}
