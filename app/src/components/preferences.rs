//! Preferences of a conversation: notification level, hidden.

use leptos::prelude::*;
use wire::{NotificationLevel, Topic};

use super::form::Form;
use super::refusal::Refusal;
use crate::client::{ChatClient, find};
use crate::returned::{typed, typed_all};
use crate::text;

const SET_PREFERENCES: &str = "/do/set_preferences";

/// Renders the viewer's preferences for a conversation: its notification level, and hiding it.
#[component]
pub(crate) fn Preferences(client: ChatClient, topic: Topic) -> impl IntoView {
    let (notify, hidden) = client
        .mine
        .with_untracked(|mine| find(mine, &topic).map(|mine| (mine.notify, mine.hidden)).unwrap_or_default());
    let chosen = match notify {
        NotificationLevel::All => "all",
        NotificationLevel::Mentions => "mentions",
        NotificationLevel::Nothing => "nothing",
    };
    let (chosen, hidden) = match typed_all(SET_PREFERENCES, "notify") {
        Some(notify) => (notify.concat(), typed(SET_PREFERENCES, "hidden").is_some()),
        None => (chosen.to_owned(), hidden),
    };
    let options = text::NOTIFY
        .map(|(value, label)| view! { <option value=value selected=value == chosen>{label}</option> });
    view! {
        <details class="preferences">
            <summary>{text::TELL_ME_OF}</summary>
            <Form action=SET_PREFERENCES class="form">
                <input type="hidden" name="topic" value=topic.to_string()/>
                <label for="notify">{text::TELL_ME}</label>
                <select id="notify" name="notify">{options}</select>
                <label class="form-choice">
                    <input type="checkbox" name="hidden" value="true" checked=hidden/>
                    {text::HIDE}
                </label>
                <Refusal id="prefer-refused"/>
                <button class="button button-small">{text::SAVE}</button>
            </Form>
        </details>
    }
}
