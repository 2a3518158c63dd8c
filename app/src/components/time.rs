//! Times and days, in the viewer's zone.

use leptos::prelude::*;
use wire::Timestamp;

use super::dynamic::dyn_text;
use crate::clock::use_zone;
use crate::text;

/// Renders a time of day, in the viewer's zone once that is known.
#[component]
pub(crate) fn Moment(at: Timestamp) -> impl IntoView {
    let zone = use_zone();
    view! {
        <time datetime=at.to_string()>
            {dyn_text(move || {
                let local = zone.get().local(at);
                format!("{:02}:{:02}", local.hour, local.minute)
            })}
        </time>
    }
}

/// Renders the name of a day.
#[component]
pub(super) fn Day(
    /// Days since 1970-01-01 on the viewer's calendar.
    day: i64,
) -> impl IntoView {
    let zone = use_zone();
    view! {
        <div class="day" role="separator">
            <span>
                {dyn_text(move || match zone.get().today.map(|today| today - day) {
                    Some(0) => text::TODAY.into(),
                    Some(1) => text::YESTERDAY.into(),
                    _ => text::day_name(day),
                })}
            </span>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use crate::text;

    #[test]
    fn a_day_has_its_full_name() {
        assert_eq!(text::day_name(0), "Thursday, 1 January 1970");
        assert_eq!(text::day_name(20_778), "Saturday, 21 November 2026");
    }
}
