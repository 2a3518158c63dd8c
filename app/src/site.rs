use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;
use wire::{Timestamp, Visit};

use crate::browser::{Zone, use_browser};
use crate::live::Live;
use crate::pages::{ConversationPage, Landing, NotFound};
use crate::views::{ToastRegion, Toasts};

/// The app: which page is shown at which path.
#[component]
pub fn App() -> impl IntoView {
    provide_head();
    let zone = RwSignal::new(Zone::UTC);
    provide_context(zone);
    provide_context(Session::default());
    Toasts::provide();
    if let Some(browser) = use_browser() {
        // Only after hydration: until then the page must say what the server said.
        Effect::new(move |_| {
            #[expect(clippy::cast_possible_truncation, reason = "a browser's clock is far within i64")]
            let today = (browser.local)(Timestamp((browser.now)() as i64)).day;
            zone.set(Zone { local: browser.local, today: Some(today) });
        });
    }
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=Landing/>
                <Route path=path!("/g/:group") view=ConversationPage/>
                <Route path=path!("/d/:person") view=ConversationPage/>
            </Routes>
        </Router>
        <ToastRegion/>
    }
}

/// Lets pages set their title. The library writes titles into the page as they are, and a name may hold markup: on the
/// server every title is escaped here, whichever page sets it. In a browser a title is a text.
pub(crate) fn provide_head() {
    leptos_meta::provide_meta_context();
    #[cfg(feature = "ssr")]
    {
        let escape = |title: String| {
            title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
        };
        let _ = leptos_meta::Title(leptos_meta::TitleProps::builder().formatter(escape).build());
    }
}

/// Whether the page at this path is live in a browser: all others are made by the server alone.
#[must_use]
pub fn is_live(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let id = path.strip_prefix("/g/").or_else(|| path.strip_prefix("/d/"));
    path == "/" || id.is_some_and(|id| !id.contains('/'))
}

/// Keeps the one [`Live`] of this page, while people go from one conversation to another.
#[derive(Clone, Default)]
pub(crate) struct Session {
    live: ArcRwSignal<Option<Live>>,
    shown: ArcStoredValue<bool>,
}

impl Session {
    /// Whether a page of this session was shown before this one, from now on yes.
    pub(crate) fn has_shown_one(&self) -> bool {
        self.shown.try_update_value(|shown| std::mem::replace(shown, true)).unwrap_or_default()
    }

    /// The [`Live`] of whoever visits; in a browser it is started the first time.
    pub(crate) fn live(&self, visit: Visit) -> Live {
        let known = self.live.get_untracked().filter(|live| live.me == visit.me);
        known.unwrap_or_else(|| {
            let live = Live::new(visit);
            self.live.set(Some(live.clone()));
            if let Some(browser) = use_browser() {
                (browser.start)(live.clone());
            }
            live
        })
    }
}
