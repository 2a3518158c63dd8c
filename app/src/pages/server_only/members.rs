//! The full member list of a group.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use wire::{Member, Role};

use super::sheet::{Sheet, ShowMore, asked, no_page};
use crate::components::Avatar;
use crate::i18n::use_texts;
use crate::page_queries::{MembersPart, members};

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
    let t = use_texts();
    let MembersPart { name, count, members } = found;
    let after = members.items.last().filter(|_| find.is_empty()).map(|member| member.person.id.to_string());
    let (more, address) = (members.more, format!("/g/{group}/members?after="));
    let none = members.items.is_empty();
    let rows: Vec<_> = members.items.into_iter().map(|member| view! { <Row member/> }).collect();
    let title = t.members_of(&name);
    let count = t.member_count(count).plain();
    view! {
        <Sheet title back=format!("/g/{group}") back_to=t.back_to(&name)>
            <section class="card">
                <p class="hint">{count}</p>
                <form class="search" role="search">
                    <label for="find">{t.find_member()}</label>
                    <input id="find" name="find" type="search" dir="auto" value=find/>
                    <button class="button">{t.find()}</button>
                </form>
                {none.then(|| view! { <p class="hint">{t.no_members_match()}</p> })}
                <ul class="listing listing-box">{rows}</ul>
                <ShowMore more address after/>
            </section>
        </Sheet>
    }
}

#[component]
fn Row(member: Member) -> impl IntoView {
    let t = use_texts();
    let Member { person, role, .. } = member;
    let name = person.name.to_string();
    view! {
        <li class="listing-row">
            <Avatar id=person.id.to_string() name=name.clone() person=true/>
            <a class="name" dir="auto" href=format!("/people/{}", person.id)>{name}</a>
            {(role == Role::Admin).then(|| view! { <span class="tag tag-accent">{t.admin()}</span> })}
        </li>
    }
}
