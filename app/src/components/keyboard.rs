//! Keyboard shortcuts of a hydrated page: lists that are one tab stop, a menu that Escape closes, and letters that go
//! to the composer from anywhere.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlElement, KeyboardEvent, PointerEvent};
use wire::{Event, Seq};

use super::conversation_context::ConversationContext;
use super::dynamic::dyn_listen;
use super::keys::key;
use crate::browser::use_browser;

/// The lists that are one tab stop each; the arrow keys move inside.
const LISTS: [&str; 2] = [".sidebar", "#members .listing"];
/// The elements of a list that can have the focus.
const STOPS: &str = "a[href], button, audio, video";
/// The messages: the box is the tab stop, the arrow keys move from row to row and inside a row.
const MESSAGES: &str = "#messages";
/// Elements that handle all keys while they are open.
const OPEN: &str = "dialog:modal, :popover-open";

/// Listens for keys as long as the page is shown.
pub(crate) fn answer_to_keys(
    // The conversation that is open, if any.
    context: Option<ConversationContext>,
) {
    if use_browser().is_none() {
        return;
    }
    let pressed = context.clone();
    dyn_listen("keydown", move |event: &KeyboardEvent| {
        if event.default_prevented() {
            return;
        }
        let Some(key) = key(event) else { return };
        if key == "Tab" {
            settle_stops();
        } else if answer(event, &key, context.as_ref()).is_some() {
            event.prevent_default();
        } else if is_typed(event, &key) {
            // The browser inserts the letter where the focus is by then.
            focus_composer();
        }
    });
    dyn_listen("pointerdown", move |event: &PointerEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let inside =
            target.is_some_and(|target| within(&target, ".message-actions, .message-more").is_some());
        if let Some(context) =
            pressed.as_ref().filter(|context| !inside && context.open.get_untracked().is_some())
        {
            context.open.set(None);
        }
    });
}

/// Focuses the composer, if there is a keyboard to write with.
pub(crate) fn focus_composer() {
    if let Some(field) = find(".composer textarea") {
        let _ = field.focus();
    }
}

/// Handles a key where the focus is; returns none if it has no meaning there.
fn answer(event: &KeyboardEvent, key: &str, context: Option<&ConversationContext>) -> Option<()> {
    let focus = document().active_element();
    if key == "Escape" {
        let context =
            context.filter(|context| context.open.get_untracked().is_some() && find(OPEN).is_none())?;
        let link = find(".message-more[aria-expanded=true]");
        context.open.set(None);
        return link.and_then(|link| link.focus().ok()).or(Some(()));
    }
    let focus = focus?;
    if writes(&focus) || plays(&focus) || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    if let Some(messages) = within(&focus, MESSAGES) {
        return in_messages(&messages, &focus, key, context?);
    }
    let list = LISTS.iter().find_map(|list| within(&focus, list))?;
    let stops = all(&list, STOPS);
    step(&stops, &focus, key, ["ArrowUp", "ArrowDown"])
}

/// Moves between the rows of the messages, and inside a row; acts on the row that has the focus.
fn in_messages(messages: &Element, focus: &Element, key: &str, context: &ConversationContext) -> Option<()> {
    let rows = all(messages, ".row[id]");
    let Some(row) = within(focus, ".row[id]") else {
        // From the box itself the arrow key leads to the newest row.
        return if key == "ArrowUp" { go_to(rows.last()?) } else { None };
    };
    if matches!(key, "ArrowUp" | "ArrowDown" | "Home" | "End") {
        return step(&rows, &row, key, ["ArrowUp", "ArrowDown"]);
    }
    if matches!(key, "ArrowLeft" | "ArrowRight") {
        let stops = all(&row, STOPS);
        if stops.iter().any(|stop| is_same(stop, focus)) {
            return step(&stops, focus, key, ["ArrowLeft", "ArrowRight"]);
        }
        return if key == "ArrowRight" { go_to(stops.first()?) } else { go_to(stops.last()?) };
    }
    let seq = Seq(row.id().strip_prefix('m')?.parse().ok()?);
    let Some(Event::Message { author, .. }) = context.timeline.content(seq).map(|content| content.event)
    else {
        return None;
    };
    match key {
        "r" => context.reply(seq),
        "e" if author.id == context.client.me.id => context.edit(seq),
        "+" => open_actions(context, seq),
        "Enter" if is_same(&row, focus) => open_actions(context, seq),
        _ => return None,
    }
    Some(())
}

fn open_actions(context: &ConversationContext, seq: Seq) {
    context.open.set(Some(seq));
    // The actions exist once the page has followed the signal. A browser that draws no frames moves the focus
    // nowhere.
    let _ = request_animation_frame(|| {
        if let Some(first) = find(".message-actions button") {
            let _ = first.focus();
        }
    });
}

/// Moves the focus back or on, by the key; at either end it stays.
fn step(stops: &[HtmlElement], focus: &Element, key: &str, [back, on]: [&str; 2]) -> Option<()> {
    let at = stops.iter().position(|stop| is_same(stop, focus))?;
    let to = match key {
        "Home" => 0,
        "End" => stops.len() - 1,
        _ if key == back => at.saturating_sub(1),
        _ if key == on => (at + 1).min(stops.len() - 1),
        _ => return None,
    };
    go_to(stops.get(to)?)
}

fn go_to(stop: &HtmlElement) -> Option<()> {
    if !stop.has_attribute("tabindex") && !stop.matches(STOPS).unwrap_or(false) {
        stop.set_tab_index(-1);
    }
    stop.focus().ok()
}

/// Leaves one tab stop in each list, before the Tab key moves the focus. Lists change while the page lives, so they
/// are read when a Tab is pressed.
fn settle_stops() {
    let focus = document().active_element();
    for list in LISTS {
        let Some(list) = find(list) else { continue };
        let stops = all(&list, STOPS);
        let is_focused = |stop: &&HtmlElement| focus.as_ref().is_some_and(|focus| is_same(stop, focus));
        let is_current = |stop: &&HtmlElement| stop.has_attribute("aria-current");
        let stop = stops.iter().find(is_focused).or_else(|| stops.iter().find(is_current)).or(stops.first());
        for one in &stops {
            one.set_tab_index(if stop.is_some_and(|stop| is_same(stop, one)) { 0 } else { -1 });
        }
    }
    if let Some(messages) = find(MESSAGES) {
        for stop in all(&messages, ".row a[href], .row button, .row pre, .row audio, .row video") {
            // The actions of a message are within reach while they are shown.
            let shown = within(&stop, ".message-actions, .message-delivery").is_some();
            stop.set_tab_index(if shown { 0 } else { -1 });
        }
    }
}

/// Returns true if a key is a letter that no element takes.
fn is_typed(event: &KeyboardEvent, key: &str) -> bool {
    let is_letter = key.chars().count() == 1 && key != " " && key != "?" && key != "/";
    let with_command = event.ctrl_key() || event.meta_key() || event.alt_key();
    is_letter
        && !with_command
        && find(OPEN).is_none()
        && !document().active_element().is_some_and(|focus| writes(&focus))
}

/// Returns true if an element takes typed text.
fn writes(element: &Element) -> bool {
    matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
}

/// Returns true if an element plays audio or video, with keys of its own.
fn plays(element: &Element) -> bool {
    matches!(element.tag_name().as_str(), "AUDIO" | "VIDEO")
}

fn find(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

fn all(inside: &Element, selector: &str) -> Vec<HtmlElement> {
    let Ok(found) = inside.query_selector_all(selector) else { return Vec::new() };
    let element = |at| found.item(at)?.dyn_into::<HtmlElement>().ok();
    // Hidden elements cannot have the focus.
    (0..found.length()).filter_map(element).filter(|found| found.offset_parent().is_some()).collect()
}

fn within(element: &Element, selector: &str) -> Option<Element> {
    element.closest(selector).ok().flatten()
}

fn is_same(one: &Element, other: &Element) -> bool {
    one.is_same_node(Some(other))
}
