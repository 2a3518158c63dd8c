//! The clock and the time zone of a page: as the server rendered it, and then as the browser has them.

use leptos::prelude::*;
use wire::Timestamp;

use crate::browser::use_browser;
use crate::components::dyn_effect;
use crate::zone::{Served, Zone};

/// The current time, in milliseconds since 1970-01-01 UTC, which advances while a page is open.
#[derive(Clone, Copy)]
pub(crate) struct ZoneClock(RwSignal<f64>);

impl ZoneClock {
    /// Provides clock and zone to the page, starting with the time at which it was rendered. In a browser both
    /// advance from hydration on.
    pub(crate) fn provide() {
        let browser = use_browser();
        let served = match browser {
            Some(browser) => (browser.served)(),
            None => use_context::<Served>(),
        };
        let zone = RwSignal::new(served.map_or(Zone::UTC, |served| served.zone));
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact in an f64")]
        let clock = Self(RwSignal::new(served.map_or(0.0, |served| served.at.0 as f64)));
        provide_context(zone);
        provide_context(clock);
        if let Some(browser) = browser {
            let tick = move |now| {
                clock.0.set(now);
                let new = Zone::of_browser(browser.local, now);
                if zone.get_untracked() != new {
                    zone.set(new);
                }
            };
            // Only after hydration: until then the page must equal the server's.
            dyn_effect(move || {
                tick((browser.now)());
                (browser.on_tick)(Box::new(tick));
            });
        }
    }

    /// Returns true if a time has passed. Tracks.
    pub(crate) fn is_past(self, at: Timestamp) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era are exact in an f64")]
        let at = at.0 as f64;
        self.0.get() >= at
    }
}

/// Returns the clock of this page.
pub(crate) fn use_clock() -> ZoneClock {
    use_context().unwrap_or_else(|| ZoneClock(RwSignal::new(0.0)))
}

/// Returns the zone of this page: the one with which the server rendered it, and after hydration the browser's.
pub(crate) fn use_zone() -> RwSignal<Zone> {
    use_context().unwrap_or_else(|| RwSignal::new(Zone::UTC))
}
