use leptos::prelude::*;

use super::completer::Completer;
use crate::calls::find_emoji;
use crate::text;

/// Emoji to choose from: common ones, or those whose names have the words that are typed.
#[component]
pub(super) fn Picker(completer: Completer) -> impl IntoView {
    let found = RwSignal::new(Vec::<(String, String)>::new());
    let find = move |words: String| {
        leptos::task::spawn_local(async move {
            if let Ok(emoji) = find_emoji(words).await {
                found.try_set(emoji);
            }
        });
    };
    let buttons = move || {
        let button = |(emoji, name): (String, String)| {
            let (completer, text) = (completer.clone(), emoji.clone());
            view! {
                <button class="reaction" type="button" aria-label=name on:click=move |_| completer.insert(&text)>
                    {emoji}
                </button>
            }
        };
        found.get().into_iter().map(button).collect::<Vec<_>>()
    };
    view! {
        <button
            class="icon-button pick"
            type="button"
            popovertarget="emoji"
            aria-label=text::EMOJI
            on:click=move |_| find(String::new())
        >
            <svg aria-hidden="true"><use href="/icons.svg#smile"></use></svg>
        </button>
        <div class="sheet picker" id="emoji" popover>
            <input
                type="search"
                autofocus
                autocomplete="off"
                aria-label=text::FIND_EMOJI
                placeholder=text::FIND_EMOJI
                on:input=move |event| find(event_target_value(&event))
            />
            <div class="reactions">{buttons}</div>
        </div>
    }
}
