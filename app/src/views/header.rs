use leptos::prelude::*;
use wire::Door;

use super::connection::Connection;
use crate::browser::use_browser;
use crate::live::{Live, Timeline};
use crate::text;

/// What stands above the messages: which group it is, who is in it, and the way to invite others.
#[component]
pub(crate) fn Header(
    live: Live,
    timeline: Timeline,
    /// The link that lets others in.
    link: String,
) -> impl IntoView {
    let members = timeline.members.clone();
    let (name, about) = (timeline.settings.clone(), timeline.settings.clone());
    let door = {
        let settings = timeline.settings.clone();
        Memo::new(move |_| settings.with(|settings| settings.door))
    };
    let label = {
        let members = members.clone();
        move || text::member_count(members.with(Vec::len))
    };
    view! {
        <header class="head">
            <a class="icon-button back" href="/" aria-label=text::BACK>
                <svg aria-hidden="true"><use href="/icons.svg#back"></use></svg>
            </a>
            <div class="title">
                <h1 dir="auto">{move || name.with(|settings| settings.name.to_string())}</h1>
                <p class="about" dir="auto">{move || about.with(|settings| settings.description.as_str().to_owned())}</p>
            </div>
            <button class="count" type="button" popovertarget="members" aria-label=label>
                <svg aria-hidden="true"><use href="/icons.svg#people"></use></svg>
                <span>{move || members.with(Vec::len)}</span>
            </button>
            <button class="icon-button" type="button" popovertarget="history" aria-label=text::HISTORY>
                <svg aria-hidden="true"><use href="/icons.svg#history"></use></svg>
            </button>
            <History timeline=timeline.clone()/>
            <button class="button small" type="button" popovertarget="invite">{text::INVITE}</button>
            <Invite link door/>
        </header>
        <Connection live/>
    }
}

#[component]
fn Invite(link: String, door: Memo<Door>) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = {
        let (browser, link) = (use_browser(), link.clone());
        move |_| {
            if let Some(browser) = browser {
                (browser.copy)(&link);
                copied.set(true);
            }
        }
    };
    view! {
        <div class="sheet invite" id="invite" popover>
            <label for="link">
                {move || match door.get() {
                    Door::Open => text::INVITE_HINT,
                    Door::Invite => text::INVITE_ONLY_HINT,
                }}
            </label>
            <div class="row">
                <input id="link" readonly value=link/>
                <button class="button primary" type="button" on:click=copy>
                    {move || if copied.get() { text::COPIED } else { text::COPY_LINK }}
                </button>
            </div>
        </div>
    }
}

/// The way to what was pinned, and to a day.
#[component]
fn History(timeline: Timeline) -> impl IntoView {
    let group = timeline.group.id;
    let pins = timeline.pins;
    let none = {
        let pins = pins.clone();
        move || pins.with(Vec::is_empty)
    };
    view! {
        <div class="sheet history" id="history" popover>
            <h2 class="label">{text::PINNED}</h2>
            <Show when=none>
                <p class="hint">{text::NO_PINS}</p>
            </Show>
            <ul>
                <For each=move || pins.get() key=|pin| pin.seq.0 let(pin)>
                    <li>
                        <a class="quoted" rel="external" dir="auto" href=format!("/g/{group}?at={0}#m{0}", pin.seq)>
                            <strong>{pin.author.name.to_string()}</strong> " " {pin.excerpt}
                        </a>
                    </li>
                </For>
            </ul>
            <form class="form" action=format!("/g/{group}")>
                <label for="day">{text::GO_TO_DAY}</label>
                <div class="row">
                    <input id="day" name="day" type="date" required/>
                    <button class="button">{text::GO}</button>
                </div>
            </form>
        </div>
    }
}
