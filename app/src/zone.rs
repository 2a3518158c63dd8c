//! Time zones: local times for rendering, on the server and in the browser.

use std::fmt::{self, Write};
use std::str::FromStr;

use wire::Timestamp;

/// A local date and time: a day and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Days since 1970-01-01 on the local calendar.
    pub day: i64,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
}

/// The time zone in which times are shown, and the viewer's current day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zone {
    rule: Rule,
    /// The viewer's current day, once it is known.
    pub today: Option<i64>,
}

/// The time and the zone with which the server rendered a page; no zone before the browser has sent one. The page
/// carries it, so that the script begins with the times that are already shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Served {
    /// The server's time, UTC.
    pub at: Timestamp,
    /// The zone that times are shown in.
    pub zone: Zone,
}

#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a page has one, and every row copies it without an allocation"
)]
enum Rule {
    /// The offset table with which the server rendered the page.
    Table(Offsets),
    /// The browser's own rules, and the offsets they yield now and half a year ago: a change of these is a change of
    /// zone.
    Browser(fn(Timestamp) -> Local, [i64; 2]),
}

/// Offsets from UTC, in minutes, each with the time from which it holds. The server sends them with the page, so that
/// both show the same times whatever the browser knows of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Offsets {
    first: i64,
    /// The time of each change, in milliseconds since 1970-01-01 UTC, and the offset from then on; unused ones are
    /// never reached.
    changes: [(i64, i64); CHANGES],
}

/// The cookie with the IANA name of the browser's zone.
pub const ZONE_COOKIE: &str = "hubbub_zone";
/// The number of changes in a table: summer and winter time of eight years.
const CHANGES: usize = 16;
const UNUSED: (i64, i64) = (i64::MAX, 0);
const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

impl Local {
    /// Converts a time to UTC.
    #[must_use]
    pub fn utc(at: Timestamp) -> Self {
        let (hour, minute, ..) = at.time_of_day();
        let small = |n: i64| u8::try_from(n).unwrap_or_default();
        Self { day: at.day(), hour: small(hour), minute: small(minute) }
    }
}

impl Zone {
    /// UTC, with an unknown current day: for viewers whose browser has not sent its zone.
    pub const UTC: Self =
        Self { rule: Rule::Table(Offsets { first: 0, changes: [UNUSED; CHANGES] }), today: None };

    /// Creates the browser's zone; `now` is in milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn of_browser(local: fn(Timestamp) -> Local, now: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a browser's clock is far within i64")]
        let now = Timestamp(now as i64);
        let offset = |at: Timestamp| {
            let Local { day, hour, minute } = local(at);
            (day * 24 + i64::from(hour)) * 60 + i64::from(minute) - at.0.div_euclid(MINUTE)
        };
        let offsets = [offset(now), offset(Timestamp(now.0 - 182 * DAY))];
        Self { rule: Rule::Browser(local, offsets), today: Some(local(now).day) }
    }

    /// Returns the zone with this IANA name, such as `Europe/Berlin`; none if there is no such zone.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn named(name: &str, now: Timestamp) -> Option<Self> {
        let zone = jiff::tz::TimeZone::get(name).ok()?;
        let at = jiff::Timestamp::from_millisecond(now.0).ok()?;
        // Announced changes are included: a page may stay open across one.
        let ahead = zone.following(at).take(2);
        let behind = zone.preceding(at).take(CHANGES - 2);
        let mut known: Vec<_> = ahead.chain(behind).collect();
        known.sort_by_key(jiff::tz::TimeZoneTransition::timestamp);
        let minutes = |offset: jiff::tz::Offset| i64::from(offset.seconds().div_euclid(60));
        let first = match known.first() {
            Some(first) => {
                let before = first.timestamp() - jiff::SignedDuration::from_millis(1);
                zone.to_offset(before)
            }
            None => zone.to_offset(at),
        };
        let mut changes = [UNUSED; CHANGES];
        for (slot, change) in changes.iter_mut().zip(&known) {
            *slot = (change.timestamp().as_millisecond(), minutes(change.offset()));
        }
        let mut zone = Self { rule: Rule::Table(Offsets { first: minutes(first), changes }), today: None };
        zone.today = Some(zone.local(now).day);
        Some(zone)
    }

    /// Converts a time to this zone.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> Local {
        match &self.rule {
            Rule::Table(offsets) => Local::utc(Timestamp(at.0 + offsets.at(at) * MINUTE)),
            Rule::Browser(local, _) => local(at),
        }
    }

    /// Returns the date of a time in this zone: year, month 1–12, day 1–31.
    #[cfg(feature = "ssr")]
    pub(crate) fn date(&self, at: Timestamp) -> (i64, i64, i64) {
        Timestamp(self.local(at).day * DAY).date()
    }

    /// Returns the first moment of a day, in days since 1970-01-01 of this zone's calendar. If clocks go forward at
    /// midnight, the day begins later.
    #[must_use]
    pub fn begin_of(&self, day: i64) -> Timestamp {
        // No zone is more than a day off, and within that span days only increase.
        let (mut before, mut within) = ((day - 1) * DAY - DAY / 2, day * DAY + DAY / 2 * 3);
        while within - before > 1 {
            let middle = before + (within - before) / 2;
            if self.local(Timestamp(middle)).day < day {
                before = middle;
            } else {
                within = middle;
            }
        }
        Timestamp(within)
    }
}

impl Offsets {
    fn at(&self, at: Timestamp) -> i64 {
        let past = self.changes.iter().take_while(|(since, _)| *since <= at.0);
        past.last().map_or(self.first, |(_, offset)| *offset)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Table(one), Self::Table(other)) => one == other,
            // There is one browser; its zone may change.
            (Self::Browser(_, one), Self::Browser(_, other)) => one == other,
            _ => false,
        }
    }
}

impl Served {
    /// Creates the value for a page; `zone` is the IANA name of the viewer's zone, if known.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn new(at: Timestamp, zone: Option<&str>) -> Self {
        Self { at, zone: zone.and_then(|name| Zone::named(name, at)).unwrap_or(Zone::UTC) }
    }
}

/// The format in the page: the time, then, if the zone is known, the first offset and each change with its offset.
impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.at.0)?;
        let (Rule::Table(offsets), Some(_)) = (self.zone.rule, self.zone.today) else { return Ok(()) };
        write!(f, " {}", offsets.first)?;
        for (since, offset) in offsets.changes.iter().take_while(|change| **change != UNUSED) {
            f.write_char(' ')?;
            write!(f, "{since} {offset}")?;
        }
        Ok(())
    }
}

/// The error of a text that is not in that format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotServed;

impl FromStr for Served {
    type Err = NotServed;

    fn from_str(text: &str) -> Result<Self, NotServed> {
        let mut numbers = text.split(' ').map(|number| number.parse::<i64>().map_err(|_| NotServed));
        let mut next = || numbers.next();
        let at = Timestamp(next().ok_or(NotServed)??);
        let Some(first) = next() else { return Ok(Self { at, zone: Zone::UTC }) };
        let first = first?;
        let mut changes = [UNUSED; CHANGES];
        for slot in &mut changes {
            let Some(since) = next() else { break };
            *slot = (since?, next().ok_or(NotServed)??);
        }
        let mut zone = Zone { rule: Rule::Table(Offsets { first, changes }), today: None };
        zone.today = Some(zone.local(at).day);
        Ok(Self { at, zone })
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The current time of all tests: 2026-11-28T12:00:00Z.
    const NOW: Timestamp = Timestamp(1_795_867_200_000);
    const ZONES: [&str; 8] = [
        "Europe/Berlin",
        "America/St_Johns",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Africa/Casablanca",
    ];

    #[test]
    fn nobody_is_in_a_zone_that_does_not_exist() {
        for name in ["", "Mars/Olympus", "../../etc/passwd", "Europe/Berlin\0", "%F0"] {
            assert_eq!(Zone::named(name, NOW), None, "{name:?}");
        }
    }

    #[test]
    fn a_page_reads_the_time_and_zone_as_the_server_meant_them() {
        for name in ZONES {
            let zone = Zone::named(name, NOW).unwrap();
            let served = Served { at: NOW, zone };
            assert_eq!(served.to_string().parse(), Ok(served), "{name}");
        }
        let unknown = Served { at: NOW, zone: Zone::UTC };
        assert_eq!(unknown.to_string().parse(), Ok(unknown));
        assert_eq!("".parse::<Served>(), Err(NotServed));
        assert_eq!("1 2 3".parse::<Served>(), Err(NotServed), "a change without an offset");
    }

    proptest! {
        #[test]
        fn everybody_sees_the_time_of_their_own_wall_clock(
            zone in proptest::sample::select(&ZONES[..]),
            // Five years back from now, and half a year ahead.
            ago in -180 * DAY..5 * 365 * DAY,
        ) {
            let at = Timestamp(NOW.0 - ago);
            let wall = jiff::Timestamp::from_millisecond(at.0).unwrap().in_tz(zone).unwrap();
            let local = Zone::named(zone, NOW).unwrap().local(at);
            let epoch = jiff::civil::date(1970, 1, 1);
            let day = i64::from(wall.date().since(epoch).unwrap().get_days());
            let clock = (i64::from(local.hour), i64::from(local.minute));
            prop_assert_eq!(local.day, day);
            prop_assert_eq!(clock, (i64::from(wall.hour()), i64::from(wall.minute())));
        }

        #[test]
        fn a_day_begins_with_its_first_moment_wherever_one_lives(
            zone in proptest::sample::select(&ZONES[..]),
            day in 18_900i64..20_900,
        ) {
            let zone = Zone::named(zone, NOW).unwrap();
            let begin = zone.begin_of(day);
            prop_assert!(zone.local(begin).day >= day);
            prop_assert!(zone.local(Timestamp(begin.0 - 1)).day < day);
        }
    }
}
