//! Navigation while the server cannot be reached: the open page stays, requests are retried.

use std::future::Future;

use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{Element, FormData, HtmlAnchorElement, HtmlFormElement, MouseEvent, UrlSearchParams};

use crate::browser::use_browser;
use crate::client::LinkState;
use crate::components::dyn_effect;
use crate::failure::Failure;
use crate::page_session::PageSession;

/// The pages requested while the server cannot be reached: the open page stays, and the requested one is shown when
/// the server is back.
#[derive(Clone, Copy)]
pub(crate) struct Outage {
    /// True if a page is being fetched whose first request failed.
    fetching: RwSignal<bool>,
    /// The address of a page that needs a full page load.
    asked: RwSignal<Option<String>>,
}

/// The delay before a page is requested again, in milliseconds.
const AGAIN: u32 = 1_000;

impl Outage {
    pub(crate) fn provide() {
        provide_context(Self { fetching: RwSignal::new(false), asked: RwSignal::new(None) });
    }

    /// Returns true if a requested page has not arrived yet. Tracks.
    pub(crate) fn has_waiting_page(self) -> bool {
        self.fetching.get() || self.asked.with(Option::is_some)
    }

    /// Intercepts full page loads while the connection is down: the browser's error page would replace this one.
    pub(crate) fn watch(self, session: &PageSession) {
        let Some(browser) = use_browser() else { return };
        let is_away = {
            let session = session.clone();
            move || {
                let link = untrack(|| session.current()).map(|client| client.link.get_untracked());
                link.is_some_and(|link| matches!(link, LinkState::Offline))
            }
        };
        // Registered after the router and the components, which have handled their own events by then.
        dyn_effect(move || {
            let (by_link, by_form) = (is_away.clone(), is_away.clone());
            let clicks = window_event_listener(leptos::ev::click, move |event| {
                let place = place_of_click(&event).filter(|_| !event.default_prevented() && by_link());
                if let Some(place) = place {
                    event.prevent_default();
                    self.asked.set(Some(place));
                }
            });
            let submits = window_event_listener(leptos::ev::submit, move |event| {
                let form = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
                let place = form.as_ref().and_then(place_of_form);
                if let Some(place) = place.filter(|_| !event.default_prevented() && by_form()) {
                    event.prevent_default();
                    self.asked.set(Some(place));
                }
            });
            on_cleanup(move || {
                clicks.remove();
                submits.remove();
            });
        });
        let session = session.clone();
        dyn_effect(move || {
            let is_online = session.current().is_some_and(|client| client.link.get() == LinkState::Online);
            if let Some(place) = self.asked.get().filter(|_| is_online) {
                (browser.go_to)(&place);
            }
        });
    }
}

/// Fetches the data of a page. In a browser it retries until the server answers, or until the page is no longer
/// wanted.
pub(crate) async fn patiently<T, F>(
    fetch: impl Fn() -> F,
    is_wanted: impl Fn() -> bool,
    outage: Option<Outage>,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let browser = use_browser();
    let note = |fetching: bool| {
        if let Some(outage) = outage
            .filter(|outage| outage.fetching.try_get_untracked().is_some_and(|before| before != fetching))
        {
            outage.fetching.set(fetching);
        }
    };
    loop {
        let fetched = fetch().await;
        match (browser, &fetched) {
            (Some(browser), Err(failure)) if failure.is_passing() && is_wanted() => {
                note(true);
                (browser.pause)(AGAIN).await;
            }
            _ => {
                note(false);
                return fetched;
            }
        }
    }
}

/// Returns the target of a click, if it leaves this page for another page of this server.
fn place_of_click(event: &MouseEvent) -> Option<String> {
    let is_plain = event.button() == 0
        && !(event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key());
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let link = target.closest("a[href]").ok()??.dyn_into::<HtmlAnchorElement>().ok()?;
    let here = window().location();
    let is_ours = link.origin() == here.origin().ok()?
        && matches!(link.target().as_str(), "" | "_self")
        && !link.has_attribute("download");
    // A fragment of this page needs no server.
    let stays = !link.hash().is_empty()
        && link.pathname() == here.pathname().ok()?
        && link.search() == here.search().ok()?;
    (is_plain && is_ours && !stays).then(|| link.href())
}

/// Returns the target of a form that only requests a page.
fn place_of_form(form: &HtmlFormElement) -> Option<String> {
    if form.method() != "get" {
        return None;
    }
    let data: JsValue = FormData::new_with_form(form).ok()?.into();
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    let action = form.action();
    let path = action.split(['?', '#']).next().unwrap_or_default();
    Some(format!("{path}?{}", String::from(fields.to_string())))
}
