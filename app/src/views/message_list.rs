use leptos::either::Either;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{HtmlTextAreaElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use super::changing::{flag, part, says};
use super::keys::key;
use super::message::MessageRow;
use crate::browser::use_browser;
use crate::calls::slice;
use crate::desk::Desk;
use crate::live::{LinkState, Live, Row, Timeline};
use crate::text;

/// How far from the end, in pixels, still counts as being there.
const NEAR_END: i32 = 100;

/// The messages. The box is laid out from its end (`column-reverse`), so that without a line of script it
/// opens at the newest message, stays there while new ones come, and does not move when older ones are put
/// above.
#[component]
pub(crate) fn MessageList(desk: Desk) -> impl IntoView {
    let (live, timeline) = (desk.live.clone(), desk.timeline.clone());
    let list = NodeRef::<Div>::new();
    let at_end = RwSignal::new(true);
    let unseen = RwSignal::new(0usize);
    let has_newer = timeline.has_newer.clone();
    let reads_old = timeline.reads_old.clone();
    let watch = move |_| {
        if let Some(list) = list.get_untracked() {
            let is_near = list.scroll_top().abs() <= NEAR_END;
            at_end.set(is_near);
            reads_old.set(!is_near);
        }
    };
    let to_newest = {
        let (desk, has_newer) = (desk.clone(), has_newer.clone());
        move || {
            if has_newer.get_untracked() {
                desk.back_to_now();
            }
            if let Some(list) = list.get_untracked() {
                list.set_scroll_top(0);
            }
        }
    };
    if use_browser().is_some() {
        let to_newest = to_newest.clone();
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            let writes = event.target().is_some_and(|target| target.has_type::<HtmlTextAreaElement>());
            if key(&event).as_deref() == Some("End") && !writes {
                to_newest();
            }
        });
        on_cleanup(move || listener.remove());
    }
    count_unseen(&live, &timeline, at_end, unseen);
    stay_at_end(&timeline, at_end, list);
    mark_read(live.clone(), timeline.clone(), at_end);
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
    Effect::new(|_| {
        // The browser has scrolled to the message before the rows above it had their heights.
        // A browser that draws no frames need not scroll either.
        let _ = request_animation_frame(|| {
            let _ = request_animation_frame(center_target);
        });
    });
    let rows = timeline.rows.clone();
    let shows_pill = flag(move || !at_end.get() || has_newer.get());
    view! {
        <div class="timeline" id="messages" node_ref=list on:scroll=watch role="log" aria-label=text::TIMELINE tabindex="0">
            <div class="timeline-content">
                <OlderMessages timeline=timeline.clone()/>
                <ol class="rows">
                    <For each=move || rows.get() key=|row| row.key.clone() let(row)>
                        <MessageRow desk=desk.clone() row/>
                    </For>
                </ol>
                <NewerMessages timeline/>
                <span id="end"></span>
            </div>
        </div>
        <div class="pill-place">
            <Show when=shows_pill>
                <button
                    class="pill"
                    type="button"
                    on:click={
                        let to_newest = to_newest.clone();
                        move |_| to_newest()
                    }
                >
                    {says(move || match unseen.get() {
                        0 => text::TO_NEWEST.into(),
                        count => text::newer(count),
                    })}
                </button>
            </Show>
        </div>
    }
}

/// Whoever is near the end is taken to the end when something new comes.
fn stay_at_end(timeline: &Timeline, at_end: RwSignal<bool>, list: NodeRef<Div>) {
    let rows = timeline.rows.clone();
    Effect::new(move |before: Option<Option<String>>| {
        let last = rows.with(|rows| rows.last().map(|row| row.key.clone()));
        if before.is_some_and(|before| before != last)
            && at_end.get_untracked()
            && let Some(list) = list.get_untracked()
        {
            list.set_scroll_top(0);
        }
        last
    });
}

/// Tells the server what was seen: everything down to the newest message, once the viewer looks at it.
fn mark_read(live: Live, timeline: Timeline, at_end: RwSignal<bool>) {
    let (topic, me) = (timeline.topic(), live.me.id);
    let of_others = move |row: &Row| {
        row.content.with_untracked(|content| {
            content.seq.filter(|_| content.author().is_some_and(|author| author.id != me))
        })
    };
    Effect::new(move |_| {
        let is_online = live.link.get() == LinkState::Online;
        let looks = is_online && live.focused.get() && at_end.get() && !timeline.has_newer.get();
        let newest = timeline.rows.with(|rows| rows.iter().rev().find_map(of_others));
        // Tracked by name, and not only because `read` asks for it: when another device marks the conversation
        // unread, or reads it, this runs again.
        let _ = live.unread(&topic);
        if let Some(newest) = newest.filter(|_| looks && !timeline.stays_unread.get()) {
            live.read(&topic, newest);
            crate::pages::wake();
        }
    });
}

/// Puts the message that the address names into the middle of the list.
fn center_target() {
    let hash = window().location().hash().unwrap_or_default();
    let named = hash.strip_prefix('#').and_then(|id| document().get_element_by_id(id));
    let named = named.filter(|target| target.class_list().contains("row"));
    // A page that begins with what is unread shows where that begins.
    let unread = || {
        document().get_element_by_id("divider").filter(|_| document().get_element_by_id("newer").is_some())
    };
    if let Some(target) = named.or_else(unread) {
        let center = ScrollIntoViewOptions::new();
        center.set_block(ScrollLogicalPosition::Center);
        target.scroll_into_view_with_scroll_into_view_options(&center);
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
    let load = loader(&timeline, |timeline| (None, Some(timeline.first().0)), Timeline::prepend);
    part(move || {
        if has_older.get() {
            let address = format!("{}?before={}", timeline.what.path(), timeline.first());
            Either::Left(view! {
                <a class="timeline-older button button-small" href=address rel="external" on:click=load.clone()>
                    {text::OLDER}
                </a>
            })
        } else {
            Either::Right(view! { <p class="timeline-older">{text::beginning(&timeline.what).view()}</p> })
        }
    })
}

/// The way to newer messages, where the page shows an earlier part of the log.
#[component]
fn NewerMessages(timeline: Timeline) -> impl IntoView {
    let has_newer = timeline.has_newer.clone();
    let load = loader(&timeline, |timeline| (Some(timeline.last().0), None), Timeline::extend);
    part(move || {
        has_newer.get().then(|| {
            let last = timeline.last();
            let address = format!("{}?at={last}#m{last}", timeline.what.path());
            view! {
                <a id="newer" class="timeline-older timeline-newer button button-small" href=address rel="external" on:click=load.clone()>
                    {text::NEWER}
                </a>
            }
        })
    })
}

/// Loads a slice of history in place, one at a time.
fn loader(
    timeline: &Timeline,
    range: fn(&Timeline) -> (Option<u64>, Option<u64>),
    show: fn(&Timeline, wire::Rows),
) -> impl Fn(leptos::ev::MouseEvent) + Clone + use<> {
    let loading = RwSignal::new(false);
    let timeline = timeline.clone();
    move |event| {
        event.prevent_default();
        if loading.get_untracked() {
            return;
        }
        loading.set(true);
        let timeline = timeline.clone();
        leptos::task::spawn_local(async move {
            let (after, before) = range(&timeline);
            if let Ok(page) = slice(timeline.topic().to_string(), after, before).await {
                show(&timeline, page);
            }
            loading.try_set(false);
        });
    }
}
