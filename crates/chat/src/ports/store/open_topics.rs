use wire::Refusal;

/// The amount that a store keeps in open topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenTopics {
    /// The count of open topics that have begun.
    pub topics: u64,
    /// The bytes of data in all of them.
    pub bytes: u64,
}

/// The most that a store may keep in open topics. The store asks [`OpenTopicBounds::check`] inside the commit, so that
/// nobody gets past them by publishing much at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTopicBounds {
    /// The most open topics.
    pub topics: u64,
    /// The most bytes of data in all of them.
    pub bytes: u64,
}

impl OpenTopicBounds {
    /// Decides whether so many bytes of data go to an open topic, which begins with them or is there.
    ///
    /// # Errors
    /// [`Refusal::TooManyOpenTopics`], [`Refusal::OpenTopicsFull`].
    pub const fn check(self, kept: OpenTopics, begins: bool, bytes: usize) -> Result<(), Refusal> {
        if begins && kept.topics >= self.topics {
            return Err(Refusal::TooManyOpenTopics { max: self.topics });
        }
        if kept.bytes.saturating_add(bytes as u64) > self.bytes {
            return Err(Refusal::OpenTopicsFull { max: self.bytes });
        }
        Ok(())
    }
}
