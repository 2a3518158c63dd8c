use leptos::html::Textarea;
use leptos::prelude::*;
use leptos::web_sys::{KeyboardEvent, SubmitEvent};
use leptos_router::hooks::use_query_map;
use wire::SendId;

use super::form::FormState;
use crate::browser::use_browser;
use crate::live::{Live, Timeline};
use crate::text;

/// Where one writes. A real form, so that it posts before the script has come; what was typed until then
/// stays.
#[component]
pub(crate) fn Composer(
    live: Live,
    timeline: Timeline,
    /// The id of the form's message, if it goes without a script.
    form_id: SendId,
) -> impl IntoView {
    let field = NodeRef::<Textarea>::new();
    let browser = use_browser();
    let topic = timeline.topic();
    let send = {
        let live = live.clone();
        move || {
            let (Some(browser), Some(field)) = (browser, field.get_untracked()) else { return };
            let text = field.value();
            if !text.trim().is_empty() {
                live.post(&topic, SendId::from_bytes((browser.random)()), &text, (browser.now)());
                field.set_value("");
                (browser.wake)();
            }
        }
    };
    let on_submit = {
        let send = send.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            send();
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let sends = event.key() == "Enter" && !event.shift_key() && !event.is_composing() && !breaks_lines();
        if sends {
            event.prevent_default();
            send();
        }
    };
    let refused = FormState::of("/do/post").refused.get_untracked();
    let draft = use_query_map().get_untracked().get("draft").unwrap_or_default();
    view! {
        <form class="composer" method="post" action="/do/post" on:submit=on_submit>
            <input type="hidden" name="group" value=timeline.group.id.to_string()/>
            <input type="hidden" name="id" value=form_id.to_string()/>
            {refused.map(|refused| view! { <p class="refusal" role="alert">{refused}</p> })}
            <textarea
                node_ref=field
                name="text"
                rows="1"
                required
                aria-label=text::MESSAGE
                placeholder=text::MESSAGE
                dir="auto"
                enterkeyhint="send"
                on:keydown=on_key
            >
                {draft}
            </textarea>
            <button class="icon-button send" aria-label=text::SEND>
                <svg aria-hidden="true"><use href="/icons.svg#send"></use></svg>
            </button>
        </form>
    }
}

/// On a touch screen Enter begins a new line: there is a button to send with, and no Shift key.
fn breaks_lines() -> bool {
    window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches())
}
