//! The header of a conversation: name, members, pins and invite link.

use leptos::html::Input;
use leptos::prelude::*;
use wire::{ConversationSummary, JoinPolicy, Quote};

use super::connection::Connection;
use super::dynamic::{dyn_attr, dyn_click, dyn_text, dyn_view};
use super::search_box::SearchBox;
use crate::browser::use_browser;
use crate::client::{ChatClient, Timeline};
use crate::i18n::use_texts;

/// Renders the header above the messages: the name of the conversation, its members, and the link to invite others.
#[component]
pub(crate) fn Header(
    client: ChatClient,
    timeline: Timeline,
    /// The invite link; a direct has none.
    link: Option<String>,
) -> impl IntoView {
    let t = use_texts();
    let members = timeline.member_count.clone();
    let (settings, what) = (timeline.settings.clone(), timeline.what.clone());
    let whose = client.clone();
    let named = Memo::new(move |_| {
        settings.with(|settings| match (settings, &what) {
            (Some(settings), _) => (settings.name.to_string(), settings.description.as_str().to_owned()),
            (None, what) => {
                let told = match what {
                    ConversationSummary::Direct { topic, with } => {
                        whose.whereabouts(topic, with.id).map(|here| t.whereabouts(here))
                    }
                    ConversationSummary::Group(_) => None,
                };
                (what.title().to_owned(), told.unwrap_or_default().to_owned())
            }
        })
    });
    let join_policy = {
        let settings = timeline.settings.clone();
        Memo::new(move |_| {
            settings.with(|settings| settings.as_ref().map_or(JoinPolicy::Invite, |set| set.join_policy))
        })
    };
    let is_group = timeline.settings.with_untracked(Option::is_some);
    let label = {
        let members = members.clone();
        dyn_attr(move || {
            Some(if is_group {
                t.member_count(members.get()).into()
            } else {
                t.conversation_details().into()
            })
        })
    };
    view! {
        <header class="header">
            <a class="button-icon header-back" href="/" aria-label=t.all_conversations()>
                <svg aria-hidden="true"><use href="/icons.svg#back"></use></svg>
            </a>
            <div class="header-title">
                <h1 dir="auto">{dyn_text(move || named.get().0)}</h1>
                <p class="header-about" dir="auto">{dyn_text(move || named.get().1)}</p>
            </div>
            <SearchBox/>
            <button class="header-count" type="button" popovertarget="members" aria-label=label>
                <svg aria-hidden="true"><use href="/icons.svg#people"></use></svg>
                {is_group.then(|| view! { <span>{dyn_text(move || members.get().to_string())}</span> })}
            </button>
            <button class="button-icon" type="button" popovertarget="history" aria-label=t.pins_and_dates()>
                <svg aria-hidden="true"><use href="/icons.svg#history"></use></svg>
            </button>
            <History timeline=timeline.clone()/>
            {link.map(|link| view! {
                <button class="button button-small" type="button" popovertarget="invite">{t.invite()}</button>
                <InviteLink link join_policy/>
            })}
        </header>
        <Connection client/>
    }
}

#[component]
fn InviteLink(link: String, join_policy: Memo<JoinPolicy>) -> impl IntoView {
    let t = use_texts();
    // The result of copying, once the page has tried to.
    let copied = RwSignal::new(None::<bool>);
    let field = NodeRef::<Input>::new();
    let copy = {
        let (browser, link) = (use_browser(), link.clone());
        move |_| {
            let (Some(browser), link) = (browser, link.clone()) else { return };
            leptos::task::spawn_local(async move {
                let done = (browser.copy)(link).await;
                copied.try_set(Some(done));
                if let Some(field) = field.try_get_untracked().flatten().filter(|_| !done) {
                    let _ = field.focus();
                    field.select();
                }
            });
        }
    };
    let by_hand = dyn_text(move || if copied.get() == Some(false) { t.copy_by_hand() } else { "" });
    view! {
        <div class="sheet invite" id="invite" popover>
            <label for="link">
                {dyn_text(move || match join_policy.get() {
                    JoinPolicy::Listed | JoinPolicy::Open => t.invite_hint(),
                    JoinPolicy::Invite => t.invite_only_hint(),
                })}
            </label>
            <div class="form-row">
                <input id="link" readonly node_ref=field value=link/>
                <button class="button button-primary" type="button" on:click=dyn_click(copy)>
                    {dyn_text(move || if copied.get() == Some(true) { t.copied() } else { t.copy_link() })}
                </button>
            </div>
            <p class="hint" role="status">{by_hand}</p>
        </div>
    }
}

/// Renders the links to the pinned messages and to a day, and the search of this conversation.
#[component]
fn History(timeline: Timeline) -> impl IntoView {
    let t = use_texts();
    let (path, topic) = (timeline.what.path(), timeline.topic().to_string());
    let here = match timeline.what {
        ConversationSummary::Group(_) => t.search_group(),
        ConversationSummary::Direct { .. } => t.search_direct(),
    };
    let action = path.clone();
    let pins = timeline.pins;
    let pinned = dyn_view(move || {
        let pins = pins.get();
        if pins.is_empty() {
            return view! { <p class="hint">{t.no_pins()}</p> }.into_any();
        }
        let pin = |pin: Quote| {
            view! {
                <li>
                    <a class="quote" rel="external" href=format!("{path}?at={0}#m{0}", pin.seq)>
                        <strong dir="auto">{pin.author.name.to_string()}</strong> " " <bdi>{t.quoted(&pin)}</bdi>
                    </a>
                </li>
            }
        };
        view! { <ul>{pins.into_iter().map(pin).collect::<Vec<_>>()}</ul> }.into_any()
    });
    view! {
        <div class="sheet history" id="history" popover>
            <h2 class="label">{t.pinned()}</h2>
            {pinned}
            <form class="form" action="/search">
                <input type="hidden" name="in" value=topic/>
                <label for="find-here">{here}</label>
                <div class="form-row">
                    <input id="find-here" name="q" type="search" dir="auto" required/>
                    <button class="button">{t.search()}</button>
                </div>
            </form>
            <form class="form" action=action>
                <label for="day">{t.jump_to_date()}</label>
                <div class="form-row">
                    <input id="day" name="day" type="date" required/>
                    <button class="button">{t.go()}</button>
                </div>
            </form>
        </div>
    }
}
