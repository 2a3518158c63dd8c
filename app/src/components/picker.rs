//! The emoji picker.

use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::KeyboardEvent;

use super::autocomplete::Autocomplete;
use super::dynamic::{dyn_click, dyn_event, dyn_key, dyn_view};
use super::keys::key;
use crate::i18n::use_texts;
use crate::server_fns::find_emoji;

/// Renders an emoji picker: common emoji, or those whose names contain the typed words.
#[component]
pub(super) fn Picker(completer: Autocomplete) -> impl IntoView {
    let t = use_texts();
    let found = RwSignal::new(Vec::<(String, String)>::new());
    let wanted = RwSignal::new(String::new());
    let sheet = NodeRef::<Div>::new();
    let find = move |words: String| {
        wanted.set(words.clone());
        leptos::task::spawn_local(async move {
            let answer = find_emoji(words.clone()).await;
            // A slow response must not replace a later one.
            if let Ok(emoji) = answer
                && wanted.try_get_untracked().is_some_and(|wanted| wanted == words)
            {
                found.set(emoji);
            }
        });
    };
    // Enter takes the first emoji; it must not send the message that is being written.
    let on_key = {
        let completer = completer.clone();
        move |event: KeyboardEvent| {
            match key(&event).as_deref() {
                Some("Enter") => {
                    event.prevent_default();
                    let first = found.with_untracked(|found| found.first().map(|(emoji, _)| emoji.clone()));
                    if let Some(emoji) = first {
                        completer.insert(&emoji);
                    }
                }
                // In a search field Escape would only clear it.
                Some("Escape") => {
                    event.prevent_default();
                    if let Some(sheet) = sheet.get_untracked() {
                        let _ = sheet.hide_popover();
                        completer.focus();
                    }
                }
                _ => {}
            }
        }
    };
    let buttons = dyn_view(move || {
        let button = |(emoji, name): (String, String)| {
            let (completer, text) = (completer.clone(), emoji.clone());
            view! {
                <button class="reaction" type="button" aria-label=name on:click=dyn_click(move |_| completer.insert(&text))>
                    {emoji}
                </button>
            }
        };
        found.get().into_iter().map(button).collect::<Vec<_>>()
    });
    view! {
        <button
            class="button-icon picker-button"
            type="button"
            popovertarget="emoji"
            aria-label=t.emoji()
            on:click=dyn_click(move |_| find(String::new()))
        >
            <svg aria-hidden="true"><use href="/icons.svg#smile"></use></svg>
        </button>
        <div class="sheet picker" id="emoji" popover node_ref=sheet>
            <input
                type="search"
                autofocus
                autocomplete="off"
                aria-label=t.find_emoji()
                placeholder=t.find_emoji()
                on:keydown=dyn_key(on_key)
                on:input=dyn_event(move |event| find(event_target_value(&event)))
            />
            <div class="reaction-list">{buttons}</div>
        </div>
    }
}
