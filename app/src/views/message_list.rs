use leptos::either::Either;
use leptos::html::Div;
use leptos::prelude::*;

use super::message::MessageRow;
use crate::calls::older;
use crate::live::{Live, Timeline};
use crate::text;

/// How far from the end, in pixels, still counts as being there.
const NEAR_END: i32 = 100;

/// The messages. The box is laid out from its end (`column-reverse`), so that without a line of script it
/// opens at the newest message, stays there while new ones come, and does not move when older ones are put
/// above.
#[component]
pub(crate) fn MessageList(live: Live, timeline: Timeline) -> impl IntoView {
    let list = NodeRef::<Div>::new();
    let at_end = RwSignal::new(true);
    let unseen = RwSignal::new(0usize);
    let reads_old = timeline.reads_old.clone();
    let watch = move |_| {
        if let Some(list) = list.get_untracked() {
            let is_near = list.scroll_top().abs() <= NEAR_END;
            at_end.set(is_near);
            reads_old.set(!is_near);
        }
    };
    let to_newest = move |_| {
        if let Some(list) = list.get_untracked() {
            list.set_scroll_top(0);
        }
    };
    count_unseen(&live, &timeline, at_end, unseen);
    let scroll_own = timeline.clone();
    let me = live.me.clone();
    Effect::new(move |before: Option<usize>| {
        let own = scroll_own.rows.with(|rows| {
            rows.iter().filter(|row| row.seq().is_none() && row.key.starts_with(&me.id.to_string())).count()
        });
        // What I write I want to see, wherever I was reading.
        if before.is_some_and(|before| own > before)
            && let Some(list) = list.get_untracked()
        {
            list.set_scroll_top(0);
        }
        own
    });
    let rows = timeline.rows.clone();
    view! {
        <div class="timeline" id="messages" node_ref=list on:scroll=watch role="log" aria-label=text::TIMELINE tabindex="0">
            <div class="content">
                <OlderMessages timeline/>
                <ol class="rows">
                    <For each=move || rows.get() key=|row| row.key.clone() let(row)>
                        <MessageRow live=live.clone() row/>
                    </For>
                </ol>
                <span id="end"></span>
            </div>
        </div>
        <div class="pill-place">
            <Show when=move || !at_end.get()>
                <button class="pill" type="button" on:click=to_newest>
                    {move || match unseen.get() {
                        0 => text::TO_NEWEST.into(),
                        count => text::newer(count),
                    }}
                </button>
            </Show>
        </div>
    }
}

/// Counts what others said since the reader went up.
fn count_unseen(live: &Live, timeline: &Timeline, at_end: RwSignal<bool>, unseen: RwSignal<usize>) {
    let me = live.me.id;
    let rows = timeline.rows.clone();
    let seen = StoredValue::new(wire::Seq::ZERO);
    Effect::new(move |_| {
        let newest = rows.with(|rows| rows.iter().rev().find_map(|row| row.seq()));
        if at_end.get() {
            seen.set_value(newest.unwrap_or_default());
            unseen.set(0);
            return;
        }
        let count = rows.with(|rows| {
            let fresh =
                rows.iter().rev().take_while(|row| row.seq().is_none_or(|seq| seq > seen.get_value()));
            fresh
                .filter(|row| {
                    row.content
                        .with_untracked(|content| content.author().is_some_and(|author| author.id != me))
                })
                .count()
        });
        unseen.set(count);
    });
}

/// The way to older messages: a link that works as a page of its own, and in place once the page is live.
#[component]
fn OlderMessages(timeline: Timeline) -> impl IntoView {
    let has_older = timeline.has_older.clone();
    let loading = RwSignal::new(false);
    let timeline = StoredValue::new(timeline);
    let load = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        if loading.get_untracked() {
            return;
        }
        loading.set(true);
        let timeline = timeline.get_value();
        leptos::task::spawn_local(async move {
            if let Ok(page) = older(timeline.group.id.to_string(), timeline.first().0).await {
                timeline.prepend(page);
            }
            loading.try_set(false);
        });
    };
    move || {
        if has_older.get() {
            let timeline = timeline.get_value();
            let address = format!("/g/{}?before={}", timeline.group.id, timeline.first());
            Either::Left(view! {
                <a class="older button small" href=address rel="external" on:click=load aria-busy=move || loading.get().to_string()>
                    {text::OLDER}
                </a>
            })
        } else {
            Either::Right(view! { <p class="older">{text::BEGINNING}</p> })
        }
    }
}
