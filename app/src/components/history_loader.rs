//! Infinite scrolling: loads history at either end of the message list.

use leptos::prelude::*;
use leptos::web_sys::HtmlElement;

use super::scroll_anchor::ScrollAnchor;
use crate::browser::use_browser;
use crate::client::{ChatClient, LinkState, Timeline};
use crate::server_fns::history;

/// Loads history into the message list, one page at a time, at either end.
#[derive(Clone)]
pub(super) struct HistoryLoader {
    pub(super) client: ChatClient,
    timeline: Timeline,
    anchor: ScrollAnchor,
    loading: RwSignal<bool>,
}

/// An end of the list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Older,
    Newer,
}

impl HistoryLoader {
    pub(super) fn new(client: ChatClient, timeline: Timeline, anchor: ScrollAnchor) -> Self {
        Self { client, timeline, anchor, loading: RwSignal::new(false) }
    }

    /// Loads history that the reader is about to reach: any end that is nearer than the height of the list.
    pub(super) fn reach(&self, list: &HtmlElement) {
        // Without a connection it would only fail, at every turn of the wheel.
        if self.client.link.get_untracked() != LinkState::Online {
            return;
        }
        let (height, below) = (list.client_height(), list.scroll_top().abs());
        let above = list.scroll_height() - height - below;
        if above < height && self.timeline.has_older.get_untracked() {
            self.load(End::Older);
        } else if below < height && self.timeline.has_newer.get_untracked() {
            self.load(End::Newer);
        }
    }

    /// Loads a page of history, unless one is loading.
    pub(super) fn load(&self, end: End) {
        if self.loading.get_untracked() || use_browser().is_none() {
            return;
        }
        self.loading.set(true);
        let Self { timeline, anchor, loading, .. } = self.clone();
        leptos::task::spawn_local(async move {
            let (after, before) = match end {
                End::Older => (None, Some(timeline.first().0)),
                End::Newer => (Some(timeline.last().0), None),
            };
            if let Ok(page) = history(timeline.topic().to_string(), after, before).await {
                anchor.before_change();
                match end {
                    End::Older => timeline.prepend(page),
                    End::Newer => timeline.extend(page),
                }
            }
            loading.try_set(false);
        });
    }
}
