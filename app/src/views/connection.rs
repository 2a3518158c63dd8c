use leptos::prelude::*;

use super::changing::flag;
use crate::live::{LinkState, Live};
use crate::text;

/// Says when the connection is gone. Nothing is shown while all is well.
#[component]
pub(crate) fn Connection(live: Live) -> impl IntoView {
    let link = live.link;
    let is = {
        let link = link.clone();
        move |state| link.get() == state
    };
    let ended = is.clone();
    view! {
        <div class="connection" role="status">
            <Show when=flag(move || is(LinkState::Offline))>
                <p class="connection-offline">{text::OFFLINE}</p>
            </Show>
            <Show when=flag(move || ended(LinkState::Ended))>
                <p class="connection-offline">{text::ENDED} " " <a href="" rel="external">{text::RELOAD}</a></p>
            </Show>
        </div>
    }
}
