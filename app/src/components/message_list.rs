//! The message list: rows, scrolling, history at both ends, and read positions.

use leptos::either::Either;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{
    HtmlTextAreaElement, KeyboardEvent, MouseEvent, ScrollIntoViewOptions, ScrollLogicalPosition,
};

use super::conversation_context::ConversationContext;
use super::dynamic::{dyn_click, dyn_effect, dyn_listen, dyn_text, dyn_view};
use super::history_loader::{End, HistoryLoader};
use super::keys::key;
use super::message::MessageRow;
use super::scroll_anchor::ScrollAnchor;
use crate::browser::{use_browser, wake};
use crate::client::{ChatClient, LinkState, Row, Timeline};
use crate::i18n::use_texts;

/// Renders the messages. The box is laid out from its end (`column-reverse`), so that without any script it opens at
/// the newest message, stays there while new ones arrive, and does not move when older ones are prepended. More
/// history is loaded when the reader comes near either end.
#[component]
pub(crate) fn MessageList(
    context: ConversationContext,
    /// The reason for which the page does not show the part that its address asks for.
    missing: Option<String>,
) -> impl IntoView {
    let t = use_texts();
    let (client, timeline) = (context.client.clone(), context.timeline.clone());
    let list = NodeRef::<Div>::new();
    let anchor = ScrollAnchor::new(list);
    let at_end = anchor.at_end;
    let unseen = RwSignal::new(0usize);
    let has_newer = timeline.has_newer.clone();
    let loader = HistoryLoader::new(client.clone(), timeline.clone(), anchor);
    anchor.start();
    let scrolled = {
        let timeline = timeline.clone();
        move || {
            anchor.scrolled(&timeline);
            timeline.reads_old.set(!at_end.try_get_untracked().unwrap_or(true));
        }
    };
    let watch = {
        let (scrolled, loader) = (scrolled.clone(), loader.clone());
        move |_| {
            scrolled();
            if let Some(list) = list.get_untracked() {
                loader.reach(&list);
            }
        }
    };
    fill(&timeline, &loader, list);
    // The newest messages were requested and are not on the page yet.
    let goes_to_end = RwSignal::new(false);
    let to_newest = {
        let (context, has_newer) = (context.clone(), has_newer.clone());
        move || {
            if has_newer.get_untracked() {
                goes_to_end.set(true);
                context.back_to_now();
            }
            anchor.to_end();
        }
    };
    if use_browser().is_some() {
        let to_newest = to_newest.clone();
        dyn_listen("keydown", move |event: &KeyboardEvent| {
            let writes = event.target().is_some_and(|target| target.has_type::<HtmlTextAreaElement>());
            if key(event).as_deref() == Some("End") && !writes {
                to_newest();
            }
        });
    }
    count_unseen(&client, &timeline, at_end, unseen);
    stay_at_end(&timeline, anchor, goes_to_end);
    mark_read(client.clone(), timeline.clone(), at_end);
    follow_own(&client, &timeline, anchor, goes_to_end);
    dyn_effect(move || {
        let scrolled = scrolled.clone();
        // The browser has scrolled to the message before the rows above it had their heights. A browser that draws no
        // frames need not scroll either.
        let _ = request_animation_frame(|| {
            let _ = request_animation_frame(move || {
                center_target();
                scrolled();
            });
        });
    });
    let rows = timeline.rows.clone();
    let pill = dyn_view({
        let (has_newer, to_newest) = (has_newer.clone(), to_newest.clone());
        move || {
            let (behind, to_newest) = (has_newer.clone(), to_newest.clone());
            (!at_end.get() || has_newer.get()).then(|| {
                let label = dyn_text(move || match unseen.get() {
                    0 => t.jump_to_latest().to_owned(),
                    _ if behind.get() => t.jump_to_latest().into(),
                    count => t.new_message_count(count).into(),
                });
                view! {
                    <button class="pill" type="button" on:click=dyn_click(move |_| to_newest())>
                        {label}
                    </button>
                }
            })
        }
    });
    view! {
        {missing.map(|sentence| view! { <TargetMissing sentence path=context.path() to_newest=to_newest.clone()/> })}
        <div class="timeline" id="messages" node_ref=list on:scroll=watch role="log" aria-label=t.messages() tabindex="0">
            <div class="timeline-content">
                <OlderMessages timeline=timeline.clone() loader=loader.clone()/>
                <ol class="rows">
                    <For each=move || rows.get() key=|row| row.key.clone() let(row)>
                        <MessageRow context=context.clone() row/>
                    </For>
                </ol>
                <NewerMessages timeline loader/>
                <span id="end"></span>
            </div>
        </div>
        <div class="pill-place">
            {pill}
        </div>
    }
}

/// Renders a notice that the page does not show the part that its address asks for, with a link to the newest
/// messages.
#[component]
fn TargetMissing(
    sentence: String,
    path: String,
    to_newest: impl Fn() + Send + Sync + 'static,
) -> impl IntoView {
    let t = use_texts();
    let shown = RwSignal::new(true);
    let leave = StoredValue::new(move |event: MouseEvent| {
        event.prevent_default();
        shown.set(false);
        to_newest();
    });
    dyn_view(move || {
        shown.get().then(|| {
            view! {
                <p class="timeline-missing" role="status">
                    {sentence.clone()} " "
                    <a href=path.clone() rel="external" on:click=dyn_click(move |event| leave.with_value(|leave| leave(event)))>
                        {t.jump_to_latest()}
                    </a>
                </p>
            }
        })
    })
}

/// Loads more history as long as a large window has room for more: nothing can be scrolled there.
fn fill(timeline: &Timeline, loader: &HistoryLoader, list: NodeRef<Div>) {
    let (rows, link, loader) = (timeline.rows.clone(), loader.client.link.clone(), loader.clone());
    dyn_effect(move || {
        rows.track();
        let list = list.get().filter(|list| list.scroll_height() <= list.client_height());
        if let Some(list) = list.filter(|_| link.get() == LinkState::Online) {
            loader.reach(&list);
        }
    });
}

/// Scrolls to the end when a message arrives while the reader is near it, or when the newest messages that they asked
/// for are there.
fn stay_at_end(timeline: &Timeline, anchor: ScrollAnchor, goes_to_end: RwSignal<bool>) {
    let (rows, has_newer) = (timeline.rows.clone(), timeline.has_newer.clone());
    let mut before = None::<Option<String>>;
    dyn_effect(move || {
        let last = rows.with(|rows| rows.last().map(|row| row.key.clone()));
        let arrives = !has_newer.get() && goes_to_end.get_untracked();
        if arrives {
            goes_to_end.set(false);
        }
        let comes = before.as_ref().is_some_and(|before| *before != last) && anchor.at_end.get_untracked();
        if arrives || comes {
            anchor.to_end();
        }
        before = Some(last);
    });
}

/// Scrolls to the viewer's own message when they send one, wherever they were reading.
fn follow_own(client: &ChatClient, timeline: &Timeline, anchor: ScrollAnchor, goes_to_end: RwSignal<bool>) {
    let (rows, has_newer) = (timeline.rows.clone(), timeline.has_newer.clone());
    let mine = client.me.id.to_string();
    let mut before = None::<usize>;
    dyn_effect(move || {
        let own = rows
            .with(|rows| rows.iter().filter(|row| row.seq().is_none() && row.key.starts_with(&mine)).count());
        if before.is_some_and(|before| own > before) {
            goes_to_end.set(has_newer.get_untracked());
            anchor.to_end();
        }
        before = Some(own);
    });
}

/// Marks everything down to the newest message as read, once the viewer looks at it.
fn mark_read(client: ChatClient, timeline: Timeline, at_end: RwSignal<bool>) {
    let (topic, me) = (timeline.topic(), client.me.id);
    let of_others = move |row: &Row| {
        row.content.with_untracked(|content| {
            content.seq.filter(|_| content.author().is_some_and(|author| author.id != me))
        })
    };
    dyn_effect(move || {
        let is_online = client.link.get() == LinkState::Online;
        let looks = is_online && client.focused.get() && at_end.get() && !timeline.has_newer.get();
        let newest = timeline.rows.with(|rows| rows.iter().rev().find_map(of_others));
        // Tracked explicitly, and not only because `read` reads it: when another device marks the conversation read
        // or unread, this runs again.
        let _ = client.unread(&topic);
        if let Some(newest) = newest.filter(|_| looks && !timeline.stays_unread.get()) {
            client.read(&topic, newest);
            wake();
        }
    });
}

/// Scrolls the message that the address names into the middle of the list.
fn center_target() {
    let hash = window().location().hash().unwrap_or_default();
    let named = hash.strip_prefix('#').and_then(|id| document().get_element_by_id(id));
    let named = named.filter(|target| target.class_list().contains("row"));
    // A page that begins with unread messages shows the divider above them.
    let unread = || {
        document().get_element_by_id("divider").filter(|_| document().get_element_by_id("newer").is_some())
    };
    if let Some(target) = named.or_else(unread) {
        let center = ScrollIntoViewOptions::new();
        center.set_block(ScrollLogicalPosition::Center);
        target.scroll_into_view_with_scroll_into_view_options(&center);
    }
}

/// Counts messages of others since the reader scrolled up.
fn count_unseen(client: &ChatClient, timeline: &Timeline, at_end: RwSignal<bool>, unseen: RwSignal<usize>) {
    let me = client.me.id;
    let rows = timeline.rows.clone();
    let seen = StoredValue::new(wire::Seq::ZERO);
    dyn_effect(move || {
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

/// Renders the link to older messages: a page of its own, or in place once the page is hydrated.
#[component]
fn OlderMessages(timeline: Timeline, loader: HistoryLoader) -> impl IntoView {
    let t = use_texts();
    let has_older = timeline.has_older.clone();
    dyn_view(move || {
        if has_older.get() {
            let address = format!("{}?before={}", timeline.what.path(), timeline.first());
            let load = in_place(&loader, End::Older);
            Either::Left(view! {
                <a class="timeline-older button button-small" href=address rel="external" on:click=dyn_click(load)>
                    {t.show_older()}
                </a>
            })
        } else {
            let beginning = t.beginning(&timeline.what, timeline.is_trimmed());
            Either::Right(view! { <p class="timeline-older">{beginning.view()}</p> })
        }
    })
}

/// Renders the link to newer messages, if the page shows an earlier part of the log.
#[component]
fn NewerMessages(timeline: Timeline, loader: HistoryLoader) -> impl IntoView {
    let t = use_texts();
    let has_newer = timeline.has_newer.clone();
    dyn_view(move || {
        has_newer.get().then(|| {
            let last = timeline.last();
            let address = format!("{}?at={last}#m{last}", timeline.what.path());
            let load = in_place(&loader, End::Newer);
            view! {
                <a id="newer" class="timeline-older timeline-newer button button-small" href=address rel="external" on:click=dyn_click(load)>
                    {t.show_newer()}
                </a>
            }
        })
    })
}

/// Loads history in place of following the link.
fn in_place(loader: &HistoryLoader, end: End) -> impl Fn(MouseEvent) + use<> {
    let loader = loader.clone();
    move |event| {
        event.prevent_default();
        loader.load(end);
    }
}
