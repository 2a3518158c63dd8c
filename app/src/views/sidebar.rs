use leptos::prelude::*;
use wire::{GroupId, Mine};

use super::avatar::Avatar;
use crate::live::Live;
use crate::text;

/// The groups of whoever looks, and their own name.
#[component]
pub(crate) fn Sidebar(
    live: Live,
    /// The group that is open.
    current: Option<GroupId>,
) -> impl IntoView {
    let groups = live.groups.clone();
    let me = live.me;
    view! {
        <nav class="sidebar" aria-label=text::GROUPS>
            <a class="brand" href="/"><img src="/icon.svg" alt="" width="24" height="24"/>{text::PRODUCT}</a>
            <h2 class="label">{text::GROUPS}</h2>
            <ul class="groups">
                <For
                    each=move || groups.get()
                    key=|mine| (mine.group.id, mine.group.name.to_string(), mine.unread)
                    let(mine)
                >
                    <GroupLink current=current == Some(mine.group.id) mine/>
                </For>
            </ul>
            <a class="new-group" href="/">"+ "{text::NEW_GROUP}</a>
            <a class="me" href="/account" rel="external" title=text::ACCOUNT>
                <Avatar id=me.id.to_string() name=me.name.to_string()/>
                <span class="name" dir="auto">{me.name.to_string()}</span>
            </a>
        </nav>
    }
}

#[component]
fn GroupLink(mine: Mine, current: bool) -> impl IntoView {
    let Mine { group, unread, .. } = mine;
    let name = group.name.to_string();
    view! {
        <li>
            <a class="group-link" class:unread=unread != 0 href=format!("/g/{}", group.id) aria-current=current.then_some("page")>
                <Avatar id=group.id.to_string() name=name.clone()/>
                <span class="name" dir="auto">{name}</span>
                {(unread > 0).then(|| view! {
                    <span class="badge"><span aria-hidden="true">{unread}</span><span class="unseen">{text::unread(unread)}</span></span>
                })}
            </a>
        </li>
    }
}
