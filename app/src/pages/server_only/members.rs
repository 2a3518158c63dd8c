//! The full member list of a group.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use wire::{Member, Role};

use super::sheet::{Sheet, ShowMore, asked, no_page};
use crate::components::Avatar;
use crate::page_queries::{MembersPart, members};
use crate::text;

/// Renders the members of a group, for its members: all of them, one page at a time.
#[component]
pub(super) fn MembersPage() -> impl IntoView {
    let group = use_params_map().get_untracked().get("group").unwrap_or_default();
    let find = use_query_map().get_untracked().get("find").unwrap_or_default();
    let found = members(group.clone(), find.clone(), asked("after"));
    view! {
        <Suspense>
            {Suspend::new(async move {
                match found.await {
                    Ok(found) => view! { <FoundMembers found group find/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn FoundMembers(found: MembersPart, group: String, find: String) -> impl IntoView {
    let MembersPart { name, count, members } = found;
    let after = members.items.last().filter(|_| find.is_empty()).map(|member| member.person.id.to_string());
    let (more, address) = (members.more, format!("/g/{group}/members?after="));
    let none = members.items.is_empty();
    let rows: Vec<_> = members.items.into_iter().map(|member| view! { <Row member/> }).collect();
    let title = text::sentence!("Members of {}", name.as_str());
    let count = text::member_count(usize::try_from(count).unwrap_or(usize::MAX));
    view! {
        <Sheet title back=format!("/g/{group}") back_to=text::back_to(&name)>
            <section class="card">
                <p class="hint">{count}</p>
                <form class="search" role="search">
                    <label for="find">{text::FIND_MEMBER}</label>
                    <input id="find" name="find" type="search" dir="auto" value=find/>
                    <button class="button">{text::FIND}</button>
                </form>
                {none.then(|| view! { <p class="hint">{text::NOBODY_FOUND}</p> })}
                <ul class="listing listing-box">{rows}</ul>
                <ShowMore more address after/>
            </section>
        </Sheet>
    }
}

#[component]
fn Row(member: Member) -> impl IntoView {
    let Member { person, role, .. } = member;
    let name = person.name.to_string();
    view! {
        <li class="listing-row">
            <Avatar id=person.id.to_string() name=name.clone() person=true/>
            <a class="name" dir="auto" href=format!("/people/{}", person.id)>{name}</a>
            {(role == Role::Admin).then(|| view! { <span class="tag tag-accent">{text::ADMIN}</span> })}
        </li>
    }
}
