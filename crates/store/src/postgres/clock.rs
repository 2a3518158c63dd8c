//! The clock of the database, as a node knows it: measured on each contact, and continued by the monotonic clock of the
//! machine. All nodes of a database agree on it, also if the wall clock of a machine is wrong.

use std::time::Duration;

use chat::{Clock as _, SystemClock};
use parking_lot::Mutex;
use wire::Timestamp;

use crate::sql::{Db, SqlError, SqlResult};

/// The time of the database. It never goes back.
#[derive(Debug)]
pub(super) struct DatabaseClock {
    reading: Mutex<Reading>,
}

/// The last reading of the clock, and what is known about its error.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// The monotonic time at which it was read.
    at: Duration,
    /// The time that was shown, in microseconds since 1970.
    shown: i64,
    /// The microseconds by which that is ahead of the database. Until they are used up, the clock runs at half its pace.
    ahead: i64,
}

/// The answer of the database to the question for its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measurement {
    /// The monotonic times at which the question was sent and the answer was there.
    sent: Duration,
    received: Duration,
    /// The time of the database somewhere in between, in microseconds since 1970.
    database: i64,
}

/// The part of an error that one measurement corrects if the error may be due to the way of the answer.
const SMOOTHING: i64 = 8;

impl Measurement {
    /// Asks the database for its time.
    ///
    /// # Errors
    /// Those of the statement.
    pub(super) fn take(db: Db<'_>) -> SqlResult<Self> {
        let select = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS INTEGER)";
        // The preparation would be a part of the round trip.
        let mut select = db.prepare_cached(select)?;
        let sent = SystemClock.elapsed();
        let database = match select.query([])?.next()? {
            Some(row) => row.get(0)?,
            None => return Err(SqlError::NoRows),
        };
        Ok(Self { sent, received: SystemClock.elapsed(), database })
    }

    /// Returns the most microseconds by which the time may be wrong: half the round trip.
    fn uncertainty(self) -> i64 {
        micros(self.received.saturating_sub(self.sent)) / 2
    }

    /// Returns the time of the database at which the answer was there, if its way took half the round trip.
    fn time(self) -> i64 {
        self.database.saturating_add(self.uncertainty())
    }
}

impl DatabaseClock {
    /// Begins with a first measurement.
    pub(super) fn new(first: Measurement) -> Self {
        let reading = Reading { at: first.received, shown: first.time(), ahead: 0 };
        Self { reading: Mutex::new(reading) }
    }

    /// Returns the time.
    pub(super) fn now(&self) -> Timestamp {
        let mut reading = self.reading.lock();
        *reading = reading.at(SystemClock.elapsed());
        Timestamp(reading.shown.div_euclid(1_000))
    }

    /// Corrects the clock by a measurement.
    pub(super) fn correct(&self, measured: Measurement) {
        let mut reading = self.reading.lock();
        *reading = reading.corrected(measured);
    }
}

impl Reading {
    /// Returns the reading at a later time.
    fn at(self, elapsed: Duration) -> Self {
        let passed = micros(elapsed.saturating_sub(self.at));
        // Rounded up, so that frequent readings catch up as well.
        let held_back = self.ahead.min(passed - passed / 2);
        Self {
            at: elapsed.max(self.at),
            shown: self.shown.saturating_add(passed - held_back),
            ahead: self.ahead - held_back,
        }
    }

    /// Returns the reading after a correction. An error within the uncertainty of the measurement is corrected bit by bit,
    /// any other at once: forward by a step, back by a slower pace.
    fn corrected(self, measured: Measurement) -> Self {
        let now = self.at(measured.received);
        // The clock may have been read since the answer was there.
        let since = micros(now.at.saturating_sub(measured.received));
        let error = now.shown.saturating_sub(now.ahead).saturating_sub(measured.time().saturating_add(since));
        let correction =
            if error.saturating_abs() <= measured.uncertainty() { error / SMOOTHING } else { error };
        // Ahead of the database by this much, if positive.
        let ahead = now.ahead.saturating_add(correction);
        if ahead >= 0 {
            Self { ahead, ..now }
        } else {
            Self { shown: now.shown.saturating_sub(ahead), ahead: 0, ..now }
        }
    }
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const HOUR: i64 = 3_600 * SECOND;

    fn at(micros: i64) -> Duration {
        Duration::from_micros(micros.unsigned_abs())
    }

    /// A measurement whose answer is there at this time, after a round trip.
    fn measured(received: i64, round_trip: i64, database: i64) -> Measurement {
        Measurement { sent: at(received - round_trip), received: at(received), database }
    }

    fn start(database: i64) -> Reading {
        Reading { at: at(SECOND), shown: database, ahead: 0 }
    }

    #[test]
    fn it_goes_on_by_the_monotonic_clock() {
        let reading = start(5 * HOUR).at(at(3 * SECOND));
        assert_eq!((reading.shown, reading.ahead), (5 * HOUR + 2 * SECOND, 0));
        assert_eq!(reading.at(at(SECOND)).shown, reading.shown, "a reading that comes late changes nothing");
    }

    #[test]
    fn a_database_that_is_ahead_is_followed_at_once() {
        let reading = start(0).corrected(measured(2 * SECOND, 0, HOUR));
        assert_eq!((reading.shown, reading.ahead), (HOUR, 0));
    }

    #[test]
    fn it_waits_for_a_database_that_was_set_back_and_never_goes_back() {
        let mut reading = start(HOUR).corrected(measured(SECOND, 0, HOUR - 10 * SECOND));
        let mut before = HOUR;
        for now in (SECOND..31 * SECOND).step_by(SECOND as usize / 4) {
            reading = reading.at(at(now));
            assert!(reading.shown >= before, "at {now}");
            before = reading.shown;
        }
        // Ten seconds ahead are used up after twenty.
        let later = reading.at(at(31 * SECOND));
        assert_eq!((later.shown, later.ahead), (HOUR - 10 * SECOND + 30 * SECOND, 0));
    }

    #[test]
    fn it_catches_up_however_often_it_is_read() {
        let mut reading = start(HOUR).corrected(measured(SECOND, 0, HOUR - 100));
        for now in SECOND..SECOND + 300 {
            reading = reading.at(at(now));
        }
        assert_eq!(reading.ahead, 0);
    }

    #[test]
    fn half_the_round_trip_is_added_and_a_slow_answer_says_little() {
        // The answer was made in the middle of two seconds: nothing is wrong.
        let reading = start(HOUR).corrected(measured(3 * SECOND, 2 * SECOND, HOUR + SECOND));
        assert_eq!((reading.shown, reading.ahead), (HOUR + 2 * SECOND, 0));
        // It may have been made at the end of them as well.
        let reading = start(HOUR).corrected(measured(3 * SECOND, 2 * SECOND, HOUR + 2 * SECOND));
        assert_eq!(reading.shown, HOUR + 2 * SECOND + SECOND / SMOOTHING);
        let reading = start(HOUR).corrected(measured(3 * SECOND, 2 * SECOND, HOUR));
        assert_eq!((reading.shown, reading.ahead), (HOUR + 2 * SECOND, SECOND / SMOOTHING));
    }

    #[test]
    fn a_new_measurement_replaces_what_was_left_of_the_last_correction() {
        let ahead = start(HOUR).corrected(measured(SECOND, 0, HOUR - 10 * SECOND));
        let right = ahead.corrected(measured(SECOND, 0, HOUR));
        assert_eq!((right.shown, right.ahead), (HOUR, 0));
        let further = ahead.corrected(measured(SECOND, 0, HOUR - 20 * SECOND));
        assert_eq!((further.shown, further.ahead), (HOUR, 20 * SECOND));
    }
}
