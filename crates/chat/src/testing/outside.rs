use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use wire::Timestamp;

use crate::bus::{Bus, LocalBus};
use crate::chat::{Chat, Parts};
use crate::limits::Limits;
use crate::outside::{Chance, Clock};
use crate::store::Store;

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Lets time pass.
    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// Chance that is the same in every run: `SplitMix64`.
#[derive(Debug)]
pub struct SeededChance(AtomicU64);

impl SeededChance {
    /// Begins anew with a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Chance for SeededChance {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut bits = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^= bits >> 31;
            chunk.copy_from_slice(&bits.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// A domain over a store, alone or on a bus with others, with time and chance in the test's hand.
#[must_use]
pub fn chat_over(
    store: Arc<dyn Store>,
    bus: Option<Arc<dyn Bus>>,
    limits: Limits,
) -> (Arc<Chat>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    // Nodes that share a store must not share their ids.
    static NODES: AtomicU64 = AtomicU64::new(1);
    let chance = Arc::new(SeededChance::new(NODES.fetch_add(1, Ordering::Relaxed) << 32));
    let bus = bus.unwrap_or_else(|| Arc::new(LocalBus::default()));
    let chat = Chat::start(Parts { store, bus, clock: Arc::clone(&clock) as Arc<dyn Clock>, chance, limits });
    (chat, clock)
}
