//! Scroll anchoring of the message list.

use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::{Element, HtmlDivElement, HtmlElement};

use super::dynamic::dyn_effect;
use crate::browser::use_browser;
use crate::client::Timeline;

/// Scroll anchoring of the message list: the row in the middle keeps its position while others are added, removed or
/// resized. The list is laid out from its end (`column-reverse`), so changes above a row never move it; changes below
/// are compensated here, before they are painted. The browser's own scroll anchoring is off (`overflow-anchor:
/// none`): compensating the same change twice would move the list.
#[derive(Clone, Copy)]
pub(super) struct ScrollAnchor {
    list: NodeRef<Div>,
    /// True if the reader is at the newest message, and stays there.
    pub(super) at_end: RwSignal<bool>,
    /// None on the server, whose threads may not share elements of a page.
    held: Option<StoredValue<Option<AnchorRow>, LocalStorage>>,
}

/// The anchored row.
struct AnchorRow {
    row: Element,
    /// Its top in the window, in CSS pixels.
    top: f64,
    /// The list's scroll position at that time, see [`scrolled_by`]. A reader's own scrolling shows in the layout
    /// before the page is notified of it, and must not be undone.
    scrolled: f64,
    /// True if rows are added or removed next, before the reader can scroll. Then all scrolling is the browser's: it
    /// clamps a list that gets shorter while the reader is at its very top.
    changes_next: bool,
}

/// The distance from the end that still counts as being there, in pixels.
const NEAR_END: i32 = 100;

impl ScrollAnchor {
    pub(super) fn new(list: NodeRef<Div>) -> Self {
        Self { list, at_end: RwSignal::new(true), held: use_browser().map(|_| StoredValue::new_local(None)) }
    }

    /// Starts anchoring, as soon as the list is on the page.
    pub(super) fn start(self) {
        let Some(browser) = use_browser() else { return };
        let list = self.list;
        let watches = StoredValue::new_local(Vec::new());
        dyn_effect(move || {
            let Some(list) = list.get() else { return };
            let content = list.first_element_child();
            let watch = |element: &Element| (browser.watch_layout)(element, Box::new(move || self.hold()));
            watches.set_value([content.as_ref().map(watch), Some(watch(&list))].into());
        });
    }

    /// Anchors the row in the middle, after the reader has scrolled.
    pub(super) fn scrolled(self, timeline: &Timeline) {
        let Some(list) = self.list() else { return };
        self.at_end.set(list.scroll_top().abs() <= NEAR_END && !timeline.has_newer.get_untracked());
        self.take(&list);
        let view = list.get_bounding_client_rect();
        timeline.settle(|seq| {
            let row = document().get_element_by_id(&format!("m{seq}"));
            row.is_some_and(|row| {
                let row = row.get_bounding_client_rect();
                row.bottom() > view.top() && row.top() < view.bottom()
            })
        });
    }

    /// Anchors the row in the middle, just before rows are added or removed.
    pub(super) fn before_change(self) {
        if let Some(list) = self.list() {
            let held = row_in_the_middle(&list)
                .map(|row| AnchorRow { changes_next: true, ..AnchorRow::at_rest(row, &list) });
            self.set_held(held);
        }
    }

    /// Scrolls to the newest message on the page.
    pub(super) fn to_end(self) {
        if let Some(list) = self.list() {
            list.set_scroll_top(0);
            self.at_end.set(true);
            self.set_held(None);
        }
    }

    /// Returns the list, as long as it is on the page: a frame or an observer may fire after it was removed.
    fn list(self) -> Option<HtmlDivElement> {
        self.list.try_get_untracked().flatten()
    }

    fn take(self, list: &HtmlElement) {
        let is_own =
            |held: &AnchorRow| held.row.is_connected() && (scrolled_by(list) - held.scrolled).abs() < 0.01;
        if self.held.is_some_and(|held| held.with_value(|held| held.as_ref().is_some_and(is_own))) {
            // The page has scrolled, not the reader. Browsers scroll by whole pixels: anchoring the row anew each
            // time would add up the fractions.
            return;
        }
        let held = row_in_the_middle(list).map(|row| AnchorRow::at_rest(row, list));
        self.set_held(held);
    }

    fn set_held(self, row: Option<AnchorRow>) {
        if let Some(held) = self.held {
            held.set_value(row);
        }
    }

    /// Scrolls by the distance that the row has moved, after a change of the layout.
    fn hold(self) {
        let Some(list) = self.list() else { return };
        if self.at_end.get_untracked() {
            // The layout from the end keeps the position.
            return;
        }
        let Some(held) = self.held else { return };
        let moved = held.with_value(|held| {
            let held = held.as_ref().filter(|held| held.row.is_connected())?;
            Some((held.moved(&list), held.changes_next))
        });
        let Some((moved, changes)) = moved else { return self.take(&list) };
        let before = scrolled_by(&list);
        if moved.abs() >= 0.5 {
            list.scroll_by_with_x_and_y(0.0, moved);
        }
        let after = scrolled_by(&list);
        held.update_value(|held| {
            if let Some(held) = held {
                held.scrolled = if changes { after } else { held.scrolled + after - before };
                held.changes_next = false;
            }
        });
    }
}

impl AnchorRow {
    fn at_rest(row: Element, list: &HtmlElement) -> Self {
        Self {
            top: row.get_bounding_client_rect().top(),
            scrolled: scrolled_by(list),
            changes_next: false,
            row,
        }
    }

    /// Returns the distance of the row from the position to which the reader has scrolled it, in pixels.
    fn moved(&self, list: &HtmlElement) -> f64 {
        let by_reader = if self.changes_next { 0.0 } else { scrolled_by(list) - self.scrolled };
        self.row.get_bounding_client_rect().top() - self.top + by_reader
    }
}

/// Returns the scroll position of a list from its end, in fractional pixels; 0 or less.
fn scrolled_by(list: &HtmlElement) -> f64 {
    let end = list.first_element_child().map(|content| content.get_bounding_client_rect().bottom());
    end.map_or(0.0, |end| list.get_bounding_client_rect().bottom() - end)
}

/// Returns the row over the middle of the list, or the one after it.
fn row_in_the_middle(list: &HtmlElement) -> Option<Element> {
    let view = list.get_bounding_client_rect();
    let middle = f64::midpoint(view.top(), view.bottom());
    let rows = list.query_selector("ol").ok()??.children();
    let (mut from, mut to) = (0, rows.length());
    while from < to {
        let at = from + (to - from) / 2;
        if rows.item(at)?.get_bounding_client_rect().bottom() <= middle {
            from = at + 1;
        } else {
            to = at;
        }
    }
    rows.item(from).or_else(|| rows.item(from.checked_sub(1)?))
}
