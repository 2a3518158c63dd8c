//! Preferences of a conversation: notification level, hidden.

use leptos::prelude::*;
use wire::{NotificationLevel, Topic};

use super::form::Form;
use super::refusal::Refusal;
use crate::client::{ChatClient, find};
use crate::i18n::use_texts;
use crate::returned::{typed, typed_all};

const SET_PREFERENCES: &str = "/do/set_preferences";

/// Renders the viewer's preferences for a conversation: its notification level, and hiding it.
#[component]
pub(crate) fn Preferences(client: ChatClient, topic: Topic) -> impl IntoView {
    let t = use_texts();
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
    let levels =
        [("all", t.notify_all()), ("mentions", t.notify_mentions()), ("nothing", t.notify_nothing())];
    let options =
        levels.map(|(value, label)| view! { <option value=value selected=value == chosen>{label}</option> });
    view! {
        <details class="preferences">
            <summary>{t.notifications()}</summary>
            <Form action=SET_PREFERENCES class="form">
                <input type="hidden" name="topic" value=topic.to_string()/>
                <label for="notify">{t.notify_about()}</label>
                <select id="notify" name="notify">{options}</select>
                <label class="form-choice">
                    <input type="checkbox" name="hidden" value="true" checked=hidden/>
                    {t.hide_from_sidebar()}
                </label>
                <Refusal id="prefer-refused"/>
                <button class="button button-small">{t.save()}</button>
            </Form>
        </details>
    }
}
