//! The connection banner, shown while the browser is offline.

use leptos::prelude::*;

use super::dynamic::{dyn_click, dyn_text, dyn_view};
use crate::browser::use_browser;
use crate::client::{ChatClient, LinkState};
use crate::i18n::use_texts;
use crate::outage::Outage;

/// Renders a notice while there is no connection; nothing otherwise.
#[component]
pub(crate) fn Connection(client: ChatClient) -> impl IntoView {
    let t = use_texts();
    let link = client.link.clone();
    let is = {
        let link = link.clone();
        move |state| link.get() == state
    };
    let ended = is.clone();
    let outage = use_context::<Outage>();
    let has_waiting_page = move || outage.is_some_and(Outage::has_waiting_page);
    let again = client.clone();
    let try_now = StoredValue::new(move || {
        if let Some(browser) = use_browser() {
            again.nudge((browser.now)());
            (browser.wake)();
        }
    });
    let is_away = move || is(LinkState::Offline) || has_waiting_page();
    let offline = dyn_view(move || {
        is_away().then(|| {
            view! {
                <p class="connection-offline">
                    {t.reconnecting()} " "
                    {dyn_text(move || if has_waiting_page() { t.page_waits() } else { "" })} " "
                    <button class="button button-tiny" type="button" on:click=dyn_click(move |_| try_now.with_value(|go| go()))>
                        {t.try_now()}
                    </button>
                </p>
            }
        })
    });
    let disconnected = dyn_view(move || {
        ended(LinkState::Ended).then(|| {
            view! { <p class="connection-offline">{t.disconnected()} " " <a href="" rel="external">{t.reload()}</a></p> }
        })
    });
    view! { <div class="connection" role="status">{offline} {disconnected}</div> }
}
