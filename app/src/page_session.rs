//! The session of the hydrated pages: one chat client for all of them.

use leptos::prelude::*;
use wire::Overview;

use crate::browser::use_browser;
use crate::client::ChatClient;

/// The one [`ChatClient`] of this page, kept while its user goes from one conversation to another.
#[derive(Clone, Default)]
pub(crate) struct PageSession {
    client: ArcRwSignal<Option<ChatClient>>,
    shown: ArcStoredValue<bool>,
}

impl PageSession {
    /// Returns true if a page of this session was shown before; from then on always.
    pub(crate) fn has_shown_one(&self) -> bool {
        self.shown.try_update_value(|shown| std::mem::replace(shown, true)).unwrap_or_default()
    }

    /// Returns the [`ChatClient`] of this page, if somebody is signed in. Tracks.
    pub(crate) fn current(&self) -> Option<ChatClient> {
        self.client.get()
    }

    /// Returns the [`ChatClient`] of the signed-in user; in a browser the first call starts it.
    pub(crate) fn client(&self, visit: Overview) -> ChatClient {
        let known = self.client.get_untracked().filter(|client| client.me == visit.me);
        known.unwrap_or_else(|| {
            let client = ChatClient::new(visit);
            self.client.set(Some(client.clone()));
            if let Some(browser) = use_browser() {
                (browser.start)(client.clone());
                (browser.send_zone)();
            }
            client
        })
    }
}
