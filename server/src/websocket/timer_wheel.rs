//! A timer wheel: coarse timeouts of all connections.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use broker::WakeHandle;
use parking_lot::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// A coarse timer wheel for all connections: thousands of runtime timers would cost more than the work they trigger,
/// and no timeout here needs to be exact. A timer fires up to one tick late.
#[derive(Debug)]
pub(crate) struct TimerWheel {
    begun: Instant,
    tick: Duration,
    /// Each timer is in one slot and is checked once a round.
    slots: [Mutex<Vec<Weak<Shared>>>; SLOTS],
    /// The slot that was looked at last.
    place: AtomicUsize,
    /// True if all connections are woken, whatever their timers are set to.
    calls_all: AtomicBool,
}

/// A connection's timer; removed from the wheel when it is dropped.
#[derive(Debug)]
pub(crate) struct Timer {
    begun: Instant,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The due time, in milliseconds since the wheel was made; [`NEVER`] if the timer is not set.
    due: AtomicU64,
    /// Wakes the connection.
    wake: WakeHandle,
}

const SLOTS: usize = 8;
const NEVER: u64 = u64::MAX;
/// The value of `due` after the timer fired.
const RANG: u64 = 0;
/// The bounds of a tick, whatever the shortest timeout is.
const TICKS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

impl TimerWheel {
    /// Makes a wheel for timeouts of `shortest` and more.
    pub(crate) fn new(shortest: Duration) -> Self {
        let tick = (shortest / 16).clamp(TICKS.0, TICKS.1);
        Self {
            begun: Instant::now(),
            tick,
            slots: Default::default(),
            place: AtomicUsize::new(0),
            calls_all: AtomicBool::new(false),
        }
    }

    /// Advances the wheel, as long as it is polled.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut ticks = interval(self.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for place in (0..SLOTS).cycle() {
            ticks.tick().await;
            self.place.store(place, Ordering::Release);
            self.look(place);
        }
    }

    /// Adds a timer that uses this wake handle.
    pub(crate) fn timer(&self, wake: WakeHandle) -> Timer {
        let shared = Arc::new(Shared { due: AtomicU64::new(NEVER), wake });
        // Checked within two ticks, so that it may be due soon. The next slot may be looked at in this moment.
        self.put(self.place.load(Ordering::Acquire) + 2, Arc::downgrade(&shared));
        Timer { begun: self.begun, shared }
    }

    /// Fires the due timers of a slot, and moves the others to the slot where they are due, or a round away.
    fn look(&self, place: usize) {
        let timers = std::mem::take(&mut *self.slots[place].lock());
        let now = self.begun.elapsed();
        for timer in timers {
            let Some(shared) = timer.upgrade() else { continue };
            let due = shared.due.load(Ordering::Acquire);
            if due <= millis(now) && due != RANG {
                shared.due.store(RANG, Ordering::Release);
                shared.wake.wake();
            }
            let wait = Duration::from_millis(due.saturating_sub(millis(now)));
            let ticks = usize::try_from(wait.as_millis() / self.tick.as_millis() + 1).unwrap_or(SLOTS);
            self.put(place + ticks.min(SLOTS - 1), timer);
            // After the timer is back in a slot: a concurrent `call_all` has either found it there, or is noticed here.
            if self.calls_all.load(Ordering::SeqCst) {
                shared.wake.wake();
            }
        }
    }

    /// Wakes every connection, whatever its timer is set to: something has changed for all of them.
    pub(crate) fn call_all(&self) {
        self.calls_all.store(true, Ordering::SeqCst);
        self.wake_all();
    }

    /// Wakes every connection once, but perhaps not those whose timers are being looked at.
    pub(crate) fn wake_all(&self) {
        for slot in &self.slots {
            let timers = slot.lock();
            timers.iter().filter_map(Weak::upgrade).for_each(|shared| shared.wake.wake());
        }
    }

    fn put(&self, place: usize, timer: Weak<Shared>) {
        self.slots[place % SLOTS].lock().push(timer);
    }
}

impl Timer {
    /// Sets the timer: it fires at about this time, and no longer at an earlier one.
    pub(super) fn set(&self, at: Instant) {
        let due = millis(at.saturating_duration_since(self.begun));
        self.shared.due.store(due.max(1), Ordering::Release);
    }

    /// Returns true if the timer fired and was not set again since.
    pub(super) fn is_due(&self) -> bool {
        self.shared.due.load(Ordering::Acquire) == RANG
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use broker::{Broker, BufferSink, LogBytes, OutboundConnection};

    use super::*;

    /// Starts a wheel, and makes a connection with a wake handle.
    fn begun() -> (Arc<TimerWheel>, OutboundConnection) {
        let clock = Arc::new(TimerWheel::new(Duration::from_secs(10)));
        tokio::spawn(Arc::clone(&clock).run());
        let (broker, _shards) = Broker::new(LogBytes { topic: 1_000, all: 1_000 }, NonZeroUsize::MIN);
        (clock, OutboundConnection::new(Arc::new(broker), None, BufferSink::new(0)))
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_rings_when_it_is_due_or_a_tick_later_and_not_before() {
        let (clock, reader) = begun();
        for seconds in [10, 25, 300] {
            let timer = clock.timer(reader.wake_handle());
            let begun = Instant::now();
            timer.set(begun + Duration::from_secs(seconds + 100));
            timer.set(begun + Duration::from_secs(seconds));
            assert!(!timer.is_due());
            reader.woken().await;
            assert!(timer.is_due());
            let (waited, due) = (begun.elapsed(), Duration::from_secs(seconds));
            assert!(waited >= due && waited <= due + 2 * clock.tick, "{waited:?} for {due:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_is_put_off_rings_once_and_one_that_is_gone_leaves_nothing() {
        let (clock, reader) = begun();
        let timer = clock.timer(reader.wake_handle());
        let begun = Instant::now();
        timer.set(begun + Duration::from_secs(20));
        tokio::time::advance(Duration::from_secs(15)).await;
        timer.set(begun + Duration::from_secs(60));
        reader.woken().await;
        assert!(begun.elapsed() >= Duration::from_secs(60));
        let again = tokio::time::timeout(Duration::from_secs(600), reader.woken()).await;
        assert!(again.is_err(), "it was not set again");
        drop(timer);
        for _ in 0..2 * SLOTS {
            tokio::time::advance(clock.tick).await;
            tokio::task::yield_now().await;
        }
        let left: usize = clock.slots.iter().map(|slot| slot.lock().len()).sum();
        assert_eq!(left, 0);
    }
}
