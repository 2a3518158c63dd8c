//! The sidebar: the viewer's conversations in order, with unread counts.

use leptos::prelude::*;
use wire::{ConversationItem, ConversationSummary, NotificationLevel, Topic};

use super::avatar::Avatar;
use super::dynamic::{dyn_click, dyn_view};
use super::presence::PresenceDot;
use super::switcher::Switcher;
use crate::client::{ChatClient, count, find, in_order};
use crate::i18n::{PRODUCT, UpTo99, use_texts};

/// Renders the viewer's conversations, and their own name.
#[component]
pub(crate) fn Sidebar(
    client: ChatClient,
    /// The conversation that is open.
    current: Option<Topic>,
) -> impl IntoView {
    let t = use_texts();
    let me = client.me.clone();
    let mine = client.mine.clone();
    let asked = RwSignal::new(0u32);
    let list = client.clone();
    let order = Memo::new({
        let current = current.clone();
        move |_| {
            let is_open = |mine: &ConversationItem| current.as_ref() == Some(&mine.what.topic());
            let shown = |mine: &ConversationItem| !mine.hidden || count(mine) > 0 || is_open(mine);
            mine.with(|mine| {
                in_order(mine, shown).into_iter().map(|mine| mine.what.topic()).collect::<Vec<_>>()
            })
        }
    });
    let is_home = current.is_none();
    view! {
        <nav class="sidebar" class:sidebar-home=is_home aria-label=t.conversations()>
            <a class="sidebar-brand" href="/"><img src="/icon.svg" alt="" width="24" height="24"/>{PRODUCT}</a>
            <a
                class="sidebar-link"
                href="/people"
                rel="external"
                on:click=dyn_click(move |event| {
                    event.prevent_default();
                    asked.update(|asked| *asked += 1);
                })
            >
                "⌕ " {t.jump_to()} <kbd>{t.cap_jump()}</kbd>
            </a>
            <h2 class="label">{t.conversations()}</h2>
            <ul class="sidebar-list">
                <For each=move || order.get() key=Clone::clone let(topic)>
                    <SidebarItem client=list.clone() current=current.as_ref() == Some(&topic) topic/>
                </For>
            </ul>
            <a class="sidebar-link" href="/">"+ "{t.new_group()}</a>
            <a class="sidebar-link" href="/groups" rel="external">"# "{t.browse_groups()}</a>
            <a class="sidebar-link" href="/people" rel="external">"@ "{t.people()}</a>
            <a class="sidebar-me" href="/account" rel="external" title=t.account()>
                <Avatar id=me.id.to_string() name=me.name.to_string() person=true/>
                <span class="name" dir="auto">{me.name.to_string()}</span>
            </a>
        </nav>
        // Beside the list, which is not there on a narrow screen.
        <Switcher client asked/>
    }
}

#[component]
fn SidebarItem(client: ChatClient, topic: Topic, current: bool) -> impl IntoView {
    let t = use_texts();
    let mine = client.mine.clone();
    let line = Memo::new(move |before: Option<&Option<ConversationItem>>| {
        // A conversation that was just removed is about to leave the list.
        let now = mine.with(|mine| find(mine, &topic).cloned());
        now.or_else(|| before.cloned().flatten())
    });
    dyn_view(move || {
        let mine = line.get()?;
        let (count, name) = (count(&mine), mine.what.title().to_owned());
        let with = match &mine.what {
            ConversationSummary::Direct { topic, with } => Some((topic.clone(), with.id)),
            ConversationSummary::Group(_) => None,
        };
        let (client, is_person) = (client.clone(), with.is_some());
        let label = t.unread(count, mine.mentions);
        Some(view! {
            <li>
                <a
                    class="item"
                    class:item-unread=count != 0
                    class:item-muted=mine.notify == NotificationLevel::Nothing
                    href=mine.what.path()
                    aria-current=current.then_some("page")
                >
                    <Avatar id=mine.what.avatar() name=name.clone() person=is_person/>
                    <span class="name" dir="auto">{name}</span>
                    {with.map(|(topic, user)| view! { <PresenceDot client topic user/> })}
                    {(count > 0).then(|| view! {
                        <span class="badge" class:badge-mentions=mine.mentions != 0>
                            <span aria-hidden="true">{UpTo99(count).text()}</span>
                            <span class="visually-hidden">{label}</span>
                        </span>
                    })}
                </a>
            </li>
        })
    })
}
