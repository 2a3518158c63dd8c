//! Dates and times, as the language writes them.

use wire::Timestamp;

use super::sentence::{Digits, Words};
use super::texts::Texts;
#[cfg(feature = "ssr")]
use crate::zone::Zone;

/// Dates and times. A day is in days since 1970-01-01 on the viewer's calendar.
impl Texts {
    /// Returns the full date of a day.
    pub(crate) fn date(self, day: i64) -> String {
        let (year, month, date) = Timestamp(day.saturating_mul(86_400_000)).date();
        // The first day of 1970 was a Thursday; weeks begin on Monday.
        let weekday = self.weekday((day + 3).rem_euclid(7));
        self.full_date(Words(weekday), Digits(date), Words(self.month(month)), Digits(year)).plain()
    }

    /// Returns the name of a weekday; Monday is 0.
    fn weekday(self, number: i64) -> &'static str {
        match number {
            0 => self.monday(),
            1 => self.tuesday(),
            2 => self.wednesday(),
            3 => self.thursday(),
            4 => self.friday(),
            5 => self.saturday(),
            _ => self.sunday(),
        }
    }

    /// Returns the name of a month; January is 1.
    fn month(self, number: i64) -> &'static str {
        match number {
            1 => self.january(),
            2 => self.february(),
            3 => self.march(),
            4 => self.april(),
            5 => self.may(),
            6 => self.june(),
            7 => self.july(),
            8 => self.august(),
            9 => self.september(),
            10 => self.october(),
            11 => self.november(),
            _ => self.december(),
        }
    }

    /// Returns a time as logs show it: in the viewer's zone, or in UTC if that is not known.
    #[cfg(feature = "ssr")]
    pub(crate) fn moment(self, zone: &Zone, at: Timestamp) -> String {
        let local = zone.local(at);
        let moment = format!("{} {:02}:{:02}", short_date(zone, at), local.hour, local.minute);
        if zone.today.is_none() { self.in_utc(Words(&moment)).plain() } else { moment }
    }
}

/// Returns the date of a time as ISO 8601 has it, in the viewer's zone: the same in every language.
#[cfg(feature = "ssr")]
pub(crate) fn short_date(zone: &Zone, at: Timestamp) -> String {
    let (year, month, day) = zone.date(at);
    format!("{year}-{month:02}-{day:02}")
}
