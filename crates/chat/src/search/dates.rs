//! Dates as search terms: a range of days as few years, months and days.

use std::ops::RangeInclusive;

use wire::Timestamp;

const DAY_MS: i64 = 86_400_000;
/// The days that have terms of their own, from 1970 to the year 2199; what lies outside counts as the nearest.
const DAYS: RangeInclusive<i64> = 0..=84_005;

/// Returns the terms of the day of a message: its year, its month and its date, UTC.
pub(super) fn dates_of(at: Timestamp) -> [String; 3] {
    let (year, month, date) = date(day(at));
    [year_term(year), month_term(year, month), date_term(year, month, date)]
}

/// Returns terms of which every message has one that was accepted from a time on and before another, and no message has
/// one that is more than a day away.
pub(super) fn dates_between(from: Option<Timestamp>, to: Option<Timestamp>) -> Vec<String> {
    let mut first = from.map_or(*DAYS.start(), day);
    let last = to.map_or(*DAYS.end(), |to| day(Timestamp(to.0.saturating_sub(1))));
    let mut terms = Vec::new();
    while first <= last {
        let (year, month, of_month) = date(first);
        let (year_end, month_end) = (first + year_days(year), first + month_days(year, month));
        if month == 1 && of_month == 1 && year_end <= last + 1 {
            terms.push(year_term(year));
            first = year_end;
        } else if of_month == 1 && month_end <= last + 1 {
            terms.push(month_term(year, month));
            first = month_end;
        } else {
            terms.push(date_term(year, month, of_month));
            first += 1;
        }
    }
    terms
}

fn day(at: Timestamp) -> i64 {
    at.day().clamp(*DAYS.start(), *DAYS.end())
}

fn date(day: i64) -> (i64, i64, i64) {
    Timestamp(day * DAY_MS).date()
}

/// Returns the number of days of a year.
const fn year_days(year: i64) -> i64 {
    if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 }
}

/// Returns the number of days of a month.
const fn month_days(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => year_days(year) - 337,
        _ => 31,
    }
}

fn year_term(year: i64) -> String {
    format!("y{year}")
}

fn month_term(year: i64, month: i64) -> String {
    format!("y{year}m{month}")
}

fn date_term(year: i64, month: i64, date: i64) -> String {
    format!("y{year}m{month}d{date}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_is_covered_by_few_terms() {
        let at = |text: &str| Some(text.parse().unwrap());
        assert_eq!(
            dates_between(at("2024-11-29T12:00:00.000Z"), at("2026-02-02T00:00:00.001Z")),
            ["y2024m11d29", "y2024m11d30", "y2024m12", "y2025", "y2026m1", "y2026m2d1", "y2026m2d2"]
        );
        assert_eq!(
            dates_between(at("2024-02-29T00:00:00.000Z"), at("2024-03-01T00:00:00.000Z")),
            ["y2024m2d29"]
        );
        assert_eq!(dates_between(at("2025-01-02T00:00:00.000Z"), at("2025-01-02T00:00:00.000Z")).len(), 0);
        assert!(dates_between(None, None).len() < 300);
    }

    proptest! {
        #[test]
        fn every_message_of_a_range_has_one_of_its_terms(
            (from, to) in (any::<Option<i64>>(), any::<Option<i64>>()), at in prop_oneof![any::<i64>(), 0..4_102_444_800_000_i64],
        ) {
            let terms = dates_between(from.map(Timestamp), to.map(Timestamp));
            let is_within = from.is_none_or(|from| from <= at) && to.is_none_or(|to| at < to);
            let is_found = dates_of(Timestamp(at)).iter().any(|term| terms.contains(term));
            prop_assert!(is_found || !is_within);
        }

        #[test]
        fn no_message_far_outside_of_a_range_has_one(
            from in 0..4_102_444_800_000_i64, days in 1..2_000_i64, off in 2..100_i64,
        ) {
            let to = from + days * DAY_MS;
            let terms = dates_between(Some(Timestamp(from)), Some(Timestamp(to)));
            for at in [from - off * DAY_MS, to + off * DAY_MS] {
                let is_found = at >= 0 && dates_of(Timestamp(at)).iter().any(|term| terms.contains(term));
                prop_assert!(!is_found);
            }
        }
    }
}
