//! The directory of listed groups.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::sheet::{Sheet, ShowMore, asked, no_page};
use crate::components::Avatar;
use crate::i18n::{Words, use_texts};
use crate::page_queries::{GroupListing, ListPart, listings};

/// Renders the directory of listed groups, which everybody may join.
#[component]
pub(super) fn GroupsPage() -> impl IntoView {
    let find = use_query_map().get_untracked().get("find").unwrap_or_default();
    let found = listings(find.clone(), asked("after"));
    view! {
        <Suspense>
            {Suspend::new(async move {
                match found.await {
                    Ok(found) => view! { <Groups found find/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Groups(found: ListPart<GroupListing>, find: String) -> impl IntoView {
    let t = use_texts();
    let is_search = !find.is_empty();
    let hint = match (found.items.is_empty(), find.is_empty()) {
        (false, _) => None,
        (true, true) => Some(t.no_listed_groups()),
        (true, false) => Some(t.no_groups_match()),
    };
    view! {
        <Sheet title=t.browse_groups().into() back="/".into() back_to=t.back_home().into()>
            <section class="card">
                <form class="search" role="search" action="/groups">
                    <label for="find">{t.find_group()}</label>
                    <input id="find" name="find" type="search" dir="auto" value=find/>
                    <button class="button">{t.find()}</button>
                </form>
                {hint.map(|hint| view! { <p class="hint">{hint}</p> })}
                <Listings groups=found below="" label=t.open() path=(!is_search).then_some("/groups?after=")/>
            </section>
        </Sheet>
    }
}

/// Renders a line for each group, with a link to it or to a page below it.
#[component]
pub(super) fn Listings(
    groups: ListPart<GroupListing>,
    /// The part of the link after the group's own path.
    below: &'static str,
    /// The label of the link.
    label: &'static str,
    /// The address of the next page, without the id of the last group; none for a search.
    path: Option<&'static str>,
) -> impl IntoView {
    let t = use_texts();
    let line = |listing: GroupListing| {
        let GroupListing { group, description, members } = listing;
        let name = group.name.to_string();
        view! {
            <li class="listing-row listing-tall">
                <Avatar id=group.id.to_string() name=name.clone()/>
                <span class="listing-words">
                    <strong dir="auto">{name.clone()}</strong>
                    <span class="hint">{t.member_count(members).plain()}</span>
                    <span dir="auto">{description.as_str().to_owned()}</span>
                </span>
                <a class="button button-small" href=format!("/g/{}{below}", group.id) aria-label=t.group_action(Words(label), &name).plain()>
                    {label}
                </a>
            </li>
        }
    };
    let after = groups.items.last().filter(|_| path.is_some()).map(|listing| listing.group.id.to_string());
    let (more, address) = (groups.more, path.unwrap_or_default().to_owned());
    let lines: Vec<_> = groups.items.into_iter().map(line).collect();
    view! { <ul class="listing listing-loose">{lines}</ul> <ShowMore more address after/> }
}
