use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;
use wire::Overview;

use crate::browser::use_browser;
use crate::client::ChatClient;
use crate::components::{ToastRegion, Toasts};
use crate::outage::Outage;
use crate::pages::{ConversationPage, Landing, NotFound};
use crate::zone::Clock;

/// The app: which page is shown at which path.
#[component]
pub fn App() -> impl IntoView {
    provide_head();
    Clock::provide();
    Outage::provide();
    Toasts::provide();
    let session = Session::default();
    provide_context(session.clone());
    // A page stays until the next one is there.
    let routing = RwSignal::new(false);
    view! {
        <Router set_is_routing=SignalSetter::map(move |goes| routing.set(goes))>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=Landing/>
                <Route path=path!("/g/:group") view=ConversationPage/>
                <Route path=path!("/d/:person") view=ConversationPage/>
            </Routes>
            <Guard session/>
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

/// What goes on beside every page, once the router is there.
#[component]
fn Guard(session: Session) -> impl IntoView {
    expect_context::<Outage>().watch(&session);
    show_unread(&session);
}

/// Marks the icon of the page while something is unread for the viewer.
fn show_unread(session: &Session) {
    let session = session.clone();
    Effect::new(move |_| {
        let is_unread = session.current().is_some_and(|live| live.unread_for_me() != 0);
        let icon = document().query_selector("link[rel=icon]").ok().flatten();
        let file = if is_unread { "/icon-unread.svg" } else { "/icon.svg" };
        if let Some(icon) = icon.filter(|icon| icon.get_attribute("href").as_deref() != Some(file)) {
            // An error would mean that an element takes no attributes.
            let _ = icon.set_attribute("href", file);
        }
    });
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
    live: ArcRwSignal<Option<ChatClient>>,
    shown: ArcStoredValue<bool>,
}

impl Session {
    /// Whether a page of this session was shown before this one, from now on yes.
    pub(crate) fn has_shown_one(&self) -> bool {
        self.shown.try_update_value(|shown| std::mem::replace(shown, true)).unwrap_or_default()
    }

    /// The [`Live`] of this page, if somebody is signed in. Tracks.
    pub(crate) fn current(&self) -> Option<ChatClient> {
        self.live.get()
    }

    /// The [`Live`] of whoever visits; in a browser it is started the first time.
    pub(crate) fn live(&self, visit: Overview) -> ChatClient {
        let known = self.live.get_untracked().filter(|live| live.me == visit.me);
        known.unwrap_or_else(|| {
            let live = ChatClient::new(visit);
            self.live.set(Some(live.clone()));
            if let Some(browser) = use_browser() {
                (browser.start)(live.clone());
                (browser.send_zone)();
            }
            live
        })
    }
}
