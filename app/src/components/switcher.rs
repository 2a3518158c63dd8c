//! The quick switcher: a searchable list of conversations and people, and the list of keyboard shortcuts.

use leptos::html::Dialog;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{HtmlElement, KeyboardEvent};
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wire::{ConversationSummary, Pair, UserId};

use super::avatar::Avatar;
use super::dynamic::{dyn_attr, dyn_click, dyn_effect, dyn_event, dyn_key, dyn_listen, dyn_text, dyn_view};
use super::keys::key;
use super::search_box::focus_search_box;
use crate::browser::use_browser;
use crate::client::{ChatClient, in_order};
use crate::i18n::{Texts, use_texts};
use crate::letter_case::to_lower;
use crate::server_fns::find_people;

/// The most choices shown at once.
const MOST: usize = 10;

/// Renders the quick switcher to any conversation or person, by a key, a few letters and Enter, and the list of all
/// keyboard shortcuts.
#[component]
pub(super) fn Switcher(
    client: ChatClient,
    /// The number of times it was opened by a press.
    asked: RwSignal<u32>,
) -> impl IntoView {
    let t = use_texts();
    let (dialog, keys) = (NodeRef::<Dialog>::new(), NodeRef::<Dialog>::new());
    let (open, words, at) = (RwSignal::new(false), RwSignal::new(String::new()), RwSignal::new(0usize));
    let people = RwSignal::new(Vec::<ConversationSummary>::new());
    let me = client.me.id;
    let mine = client.mine;
    let found = Memo::new(move |_| {
        if !open.get() {
            return Vec::new();
        }
        let wanted = to_lower(words.get().trim());
        let fits = |what: &ConversationSummary| to_lower(what.title()).contains(&wanted);
        let mut found: Vec<ConversationSummary> =
            mine.with(|mine| in_order(mine, |_| true).into_iter().map(|mine| mine.what.clone()).collect());
        found.extend(people.get().into_iter().filter(|person| !found.contains(person)).collect::<Vec<_>>());
        found.retain(fits);
        found.truncate(MOST);
        found
    });
    let show = move || {
        if let Some(dialog) = dialog.get_untracked().filter(|dialog| !dialog.open()) {
            words.set(String::new());
            at.set(0);
            open.set(true);
            // An error would mean that it is shown already.
            let _ = dialog.show_modal();
        }
    };
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let by_key = RwSignal::new(true);
    let show_keys = move || {
        close();
        by_key.set(answers_to_key(me));
        let _ = keys.get_untracked().map(|keys| keys.show_modal());
    };
    let mut before = None::<u32>;
    dyn_effect(move || {
        let asked = asked.get();
        if before.replace(asked).is_some_and(|before| before != asked) {
            show();
        }
    });
    if use_browser().is_some() {
        dyn_listen("keydown", move |event: &KeyboardEvent| {
            let key = key(event);
            if key.as_deref() == Some("k") && (event.ctrl_key() || event.meta_key()) {
                event.prevent_default();
                show();
            } else if key.as_deref() == Some("?") && !writes(event) && answers_to_key(me) {
                show_keys();
            } else if key.as_deref() == Some("/")
                && !writes(event)
                && answers_to_key(me)
                && focus_search_box()
            {
                event.prevent_default();
            }
        });
    }
    let navigate = use_navigate();
    let go = move |what: Option<ConversationSummary>| {
        if let Some(what) = what {
            close();
            navigate(&what.path(), NavigateOptions::default());
        }
    };
    let on_key = {
        let go = go.clone();
        move |event: KeyboardEvent| {
            let Some(key) = key(&event) else { return };
            let count = found.with(Vec::len).max(1);
            match key.as_str() {
                "ArrowDown" => at.update(|at| *at = (*at + 1) % count),
                "ArrowUp" => at.update(|at| *at = (*at + count - 1) % count),
                "Enter" => go(found.with(|found| found.get(at.get_untracked()).cloned())),
                // In a search field Escape would only clear it.
                "Escape" => close(),
                _ => return,
            }
            event.prevent_default();
        }
    };
    let on_input = move |event| {
        let typed = event_target_value(&event);
        words.set(typed.clone());
        at.set(0);
        leptos::task::spawn_local(async move {
            let called = find_people(typed.clone()).await.unwrap_or_default();
            if words.try_get_untracked().is_some_and(|now| now == typed) {
                let direct =
                    |with: wire::Person| Some(ConversationSummary::direct(Pair::of(me, with.id)?, with));
                people.set(called.into_iter().filter_map(direct).collect());
            }
        });
    };
    let options = dyn_view(move || {
        let go = go.clone();
        let option = move |(place, what): (usize, ConversationSummary)| {
            let (go, name, picture) = (go.clone(), what.title().to_owned(), what.avatar());
            let is_person = matches!(what, ConversationSummary::Direct { .. });
            view! {
                <li
                    role="option"
                    id=format!("switch-{place}")
                    class="item"
                    aria-selected=dyn_attr(move || Some((at.get() == place).to_string()))
                    on:click=dyn_click(move |_| go(Some(what.clone())))
                >
                    <Avatar id=picture name=name.clone() person=is_person/>
                    <span class="name" dir="auto">{name}</span>
                </li>
            }
        };
        found.get().into_iter().enumerate().map(option).collect::<Vec<_>>()
    });
    let none = dyn_text(move || if open.get() && found.with(Vec::is_empty) { t.no_matches() } else { "" });
    view! {
        <dialog class="sheet switcher" node_ref=dialog closedby="any" aria-label=t.jump_to() on:close=dyn_event(move |_| open.set(false))>
            <input
                type="search"
                role="combobox"
                autofocus
                autocomplete="off"
                dir="auto"
                aria-label=t.jump_to()
                placeholder=t.jump_to()
                aria-expanded="true"
                aria-controls="switch-list"
                aria-activedescendant=dyn_attr(move || (!found.with(Vec::is_empty)).then(|| format!("switch-{}", at.get())))
                prop:value=words
                on:input=dyn_event(on_input)
                on:keydown=dyn_key(on_key)
            />
            <ul id="switch-list" role="listbox" aria-label=t.conversations()>{options}</ul>
            <p class="hint" role="status">{none}</p>
            <button class="button button-tiny" type="button" on:click=dyn_click(move |_| show_keys())>{t.shortcuts()}</button>
        </dialog>
        <dialog class="sheet shortcuts" node_ref=keys closedby="any" aria-label=t.shortcuts()>
            <h2 class="label">{t.shortcuts()}</h2>
            <dl>{keys_of(t).map(|(key, does)| view! { <dt><kbd>{key}</kbd></dt> <dd>{does}</dd> })}</dl>
            <label class="form-choice">
                <input
                    type="checkbox"
                    prop:checked=by_key
                    on:change=dyn_event(move |event| answer_to_key(me, event_target_checked(&event)))
                />
                {t.shortcut_key()}
            </label>
            <form method="dialog"><button class="button button-small" autofocus>{t.close()}</button></form>
        </dialog>
    }
}

/// Returns the shortcuts, each with what it does.
fn keys_of(t: Texts) -> [(&'static str, &'static str); 9] {
    [
        (t.cap_jump(), t.key_jump()),
        (t.cap_send(), t.send()),
        (t.cap_new_line(), t.key_new_line()),
        ("↑", t.key_edit_last()),
        (t.cap_close(), t.close()),
        (t.cap_latest(), t.jump_to_latest()),
        ("@ :", t.key_mention()),
        ("?", t.key_shortcuts()),
        ("/", t.search_messages()),
    ]
}

/// Returns the storage key of the setting that the list of shortcuts and the search box have no keys of their own.
fn no_key(me: UserId) -> String {
    format!("hubbub/no-key/{me}")
}

/// Returns true if the list of shortcuts and the search box have keys. People who dictate, or who hit keys by accident,
/// turn them off.
fn answers_to_key(me: UserId) -> bool {
    use_browser().is_some_and(|browser| (browser.kept)(&no_key(me)).is_none())
}

fn answer_to_key(me: UserId, on: bool) {
    if let Some(browser) = use_browser() {
        (browser.keep)(&no_key(me), if on { "" } else { "off" });
    }
}

/// Returns true if a key goes into a field.
fn writes(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    target.is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"))
}
