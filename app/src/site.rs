//! The app's root: router, session, title and icon.

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;
use wire::Overview;

use crate::browser::use_browser;
use crate::client::ChatClient;
use crate::clock::ZoneClock;
use crate::components::{ToastRegion, Toasts};
use crate::outage::Outage;
use crate::pages::{ConversationPage, Landing, NotFound};

/// Renders the app: the router and its hydrated pages.
#[component]
pub fn App() -> impl IntoView {
    provide_head();
    ZoneClock::provide();
    Outage::provide();
    Toasts::provide();
    let session = PageSession::default();
    provide_context(session.clone());
    // A page stays until the next one is ready.
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

/// Provides the context in which pages set their title. The library writes titles into the page unescaped, and a name
/// may contain markup: on the server every title is escaped here, whichever page sets it. In a browser a title is a
/// text node.
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

/// Watches for outages and unread messages beside every page, once the router is there; renders nothing.
#[component]
fn Guard(session: PageSession) -> impl IntoView {
    expect_context::<Outage>().watch(&session);
    show_unread(&session);
}

/// Sets the page's icon to the unread one while the viewer has unread messages.
fn show_unread(session: &PageSession) {
    let session = session.clone();
    Effect::new(move |_| {
        let is_unread = session.current().is_some_and(|client| client.unread_for_me() != 0);
        let icon = document().query_selector("link[rel=icon]").ok().flatten();
        let file = if is_unread { "/icon-unread.svg" } else { "/icon.svg" };
        if let Some(icon) = icon.filter(|icon| icon.get_attribute("href").as_deref() != Some(file)) {
            // An error would mean that an element takes no attributes.
            let _ = icon.set_attribute("href", file);
        }
    });
}

/// Returns true if the page at this path is hydrated in a browser: all others are server-only.
#[must_use]
pub fn is_hydrated(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let id = path.strip_prefix("/g/").or_else(|| path.strip_prefix("/d/"));
    path == "/" || id.is_some_and(|id| !id.contains('/'))
}

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
