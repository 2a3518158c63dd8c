use leptos::prelude::*;
use wire::GroupId;

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
                <For each=move || groups.get() key=|group| (group.id, group.name.to_string()) let(group)>
                    <li>
                        <a
                            class="group-link"
                            href=format!("/g/{}", group.id)
                            aria-current=(current == Some(group.id)).then_some("page")
                        >
                            <Avatar id=group.id.to_string() name=group.name.to_string()/>
                            <span class="name" dir="auto">{group.name.to_string()}</span>
                        </a>
                    </li>
                </For>
            </ul>
            <a class="new-group" href="/">"+ "{text::NEW_GROUP}</a>
            <p class="me">
                <Avatar id=me.id.to_string() name=me.name.to_string()/>
                <span class="name" dir="auto">{me.name.to_string()}</span>
            </p>
        </nav>
    }
}
