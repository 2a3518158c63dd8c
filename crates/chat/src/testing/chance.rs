//! A seeded random source for tests.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::ports::random::RandomSource;

/// A reproducible random source: the same seed yields the same values. Two nodes need two seeds, or their ids collide.
///
/// `SplitMix64`. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
#[derive(Debug)]
pub struct SeededChance(AtomicU64);

/// The odd number nearest to 2^64 divided by the golden ratio.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

impl SeededChance {
    /// Creates the source of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        // Mixed first, so that neighbouring seeds do not follow each other through the same numbers.
        Self(AtomicU64::new(mix(seed)))
    }
}

impl RandomSource for SeededChance {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let state = self.0.fetch_add(GAMMA, Ordering::Relaxed).wrapping_add(GAMMA);
            chunk.copy_from_slice(&mix(state).to_le_bytes()[..chunk.len()]);
        }
    }
}

const fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
