//! Times and days, in the viewer's zone.

use leptos::prelude::*;
use wire::Timestamp;

use super::dynamic::dyn_text;
use crate::clock::use_zone;
use crate::i18n::use_texts;

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
    let t = use_texts();
    let zone = use_zone();
    view! {
        <div class="day" role="separator">
            <span>
                {dyn_text(move || match zone.get().today.map(|today| today - day) {
                    Some(0) => t.today().into(),
                    Some(1) => t.yesterday().into(),
                    _ => t.date(day),
                })}
            </span>
        </div>
    }
}
