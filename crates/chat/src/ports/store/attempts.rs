//! Attempts: the counters behind limits within a sliding window.

use sha2::{Digest, Sha256};
use wire::Timestamp;

/// One attempt at something that is limited within a sliding window. All attempts count until they are given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The counter that the attempt adds to.
    pub key: AttemptKey,
    /// The most attempts in the window.
    pub max: u32,
    /// The length of the window, in milliseconds.
    pub window_ms: i64,
}

/// A counter of attempts: a hash, so that the store has neither addresses nor what people type as their name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptKey(pub [u8; 16]);

/// A change of the counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptWrite {
    /// Count one attempt in each of several windows, if all of them have room; [`AttemptOutcome::Exhausted`] otherwise.
    /// Attempts in the future, by a clock that was wrong, count as made now.
    Take {
        /// One attempt for each window, with its own limit.
        attempts: Vec<Attempt>,
        /// The time of the attempt.
        at: Timestamp,
    },
    /// Take back the latest attempt in each of these windows.
    Return {
        /// The counters, each of which loses its latest attempt.
        attempts: Vec<AttemptKey>,
    },
}

/// The outcome of an [`AttemptWrite`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The attempts are counted, or taken back.
    Done,
    /// One attempt too many. Nothing was written.
    Exhausted {
        /// The time until there is room again, in milliseconds from now: 1 up to the longest of the windows.
        wait_ms: i64,
    },
}

impl AttemptKey {
    /// Returns the counter of these parts.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut sha = Sha256::new();
        for part in parts {
            // With its length before it, no two lists of parts run together.
            sha.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            sha.update(part);
        }
        let digest: [u8; 32] = sha.finalize().into();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }
}
