use leptos::prelude::*;
use wire::Timestamp;

use super::changing::says;
use crate::browser::use_zone;
use crate::text;

/// A time of day, in the viewer's zone once that is known.
#[component]
pub(crate) fn Moment(at: Timestamp) -> impl IntoView {
    let zone = use_zone();
    view! {
        <time datetime=at.to_string()>
            {says(move || {
                let local = (zone.get().local)(at);
                format!("{:02}:{:02}", local.hour, local.minute)
            })}
        </time>
    }
}

/// The name of a day.
#[component]
pub(super) fn Day(
    /// Days since 1970-01-01 on the viewer's calendar.
    day: i64,
) -> impl IntoView {
    let zone = use_zone();
    view! {
        <div class="day" role="separator">
            <span>
                {says(move || match zone.get().today.map(|today| today - day) {
                    Some(0) => text::TODAY.into(),
                    Some(1) => text::YESTERDAY.into(),
                    _ => full_date(day),
                })}
            </span>
        </div>
    }
}

fn full_date(day: i64) -> String {
    let (year, month, date) = Timestamp(day * 86_400_000).date();
    // The first day of 1970 was a Thursday; weeks begin on Monday.
    text::date((day + 3).rem_euclid(7), date, month, year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_full_name() {
        assert_eq!(full_date(0), "Thursday, 1 January 1970");
        assert_eq!(full_date(20_778), "Saturday, 21 November 2026");
    }
}
