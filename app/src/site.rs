//! The app's root: router, title and icon.

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::clock::ZoneClock;
use crate::components::{ToastRegion, Toasts, dyn_effect};
use crate::outage::Outage;
use crate::page_session::PageSession;
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
    dyn_effect(move || {
        let is_unread = session.current().is_some_and(|client| client.unread_for_me() != 0);
        let icon = document().query_selector("link[rel=icon]").ok().flatten();
        let file = if is_unread { "/icon-unread.svg" } else { "/icon.svg" };
        if let Some(icon) = icon.filter(|icon| icon.get_attribute("href").as_deref() != Some(file)) {
            // An error would mean that an element takes no attributes.
            let _ = icon.set_attribute("href", file);
        }
    });
}
