use leptos::prelude::*;
use wire::{Entry, Page};

use crate::text;

/// Who did what, the newest first.
#[component]
pub(super) fn AuditLog(page: Page) -> impl IntoView {
    let line = |entry: Entry| {
        let sentence = text::happened(&entry.data)?;
        let (year, month, day) = entry.timestamp.date();
        let (hour, minute, ..) = entry.timestamp.time_of_day();
        Some(view! {
            <li>
                <time datetime=entry.timestamp.to_string()>
                    {format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")}
                </time>
                <span dir="auto">{sentence}</span>
            </li>
        })
    };
    let lines: Vec<_> = page.entries.into_iter().rev().filter_map(line).collect();
    view! { <ol class="audit">{lines}</ol> }
}
