//! The directory of people, to start a direct or a group.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use wire::Person;
use wire::limits::GROUP_NAME_CHARS;

use super::sheet::{Sheet, ShowMore, asked, no_page};
use crate::components::{Avatar, Form, Refusal};
use crate::i18n::use_texts;
use crate::page_queries::{ListPart, people_called};
use crate::returned::{typed, typed_all};

/// Renders people to write to: one in a direct, several in a group of their own.
#[component]
pub(super) fn PeoplePage() -> impl IntoView {
    let find = use_query_map().get_untracked().get("find").unwrap_or_default();
    let people = people_called(find.clone(), asked("after"));
    view! {
        <Suspense>
            {Suspend::new(async move {
                match people.await {
                    Ok(people) => view! { <People people find/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn People(people: ListPart<Person>, find: String) -> impl IntoView {
    let t = use_texts();
    let none = people.items.is_empty();
    let after = people.items.last().filter(|_| find.is_empty()).map(|person| person.id.to_string());
    let more = people.more;
    let hint = if find.is_empty() { t.nobody_yet() } else { t.no_people_match() };
    let rows: Vec<_> = people.items.into_iter().map(|person| view! { <Row person/> }).collect();
    view! {
        <Sheet title=t.people().into() back="/".into() back_to=t.back_home().into()>
            <section class="card">
                <form class="search" role="search" action="/people">
                    <label for="find">{t.find_person()}</label>
                    <input id="find" name="find" type="search" dir="auto" value=find/>
                    <button class="button">{t.find()}</button>
                </form>
                {none.then(|| view! { <p class="hint">{hint}</p> })}
                <Form action="/do/create_group_with" class="form">
                    <ul class="listing listing-box">{rows}</ul>
                    <ShowMore more address="/people?after=".into() after/>
                    {(!none).then(|| view! {
                        <label for="group-name">{t.new_group_with_selected()}</label>
                        <input
                            id="group-name"
                            name="name"
                            required
                            maxlength=GROUP_NAME_CHARS.to_string()
                            autocomplete="off"
                            dir="auto"
                            value=typed("/do/create_group_with", "name")
                            placeholder=t.group_name()
                            aria-describedby="gather-refused"
                        />
                        <Refusal id="gather-refused"/>
                        <button class="button button-primary">{t.create()}</button>
                    })}
                </Form>
            </section>
            <p><a class="button" href="/broadcast">{t.broadcast()}</a></p>
        </Sheet>
    }
}

#[component]
fn Row(person: Person) -> impl IntoView {
    let t = use_texts();
    let (id, name) = (person.id.to_string(), person.name.to_string());
    let chosen = typed_all("/do/create_group_with", "users[]").is_some_and(|users| users.contains(&id));
    view! {
        <li class="listing-row">
            <label class="form-choice">
                <input type="checkbox" name="users[]" value=id checked=chosen aria-label=t.choose(&name).plain()/>
                <Avatar id=person.id.to_string() name=name.clone() person=true/>
            </label>
            <a class="name" dir="auto" href=format!("/d/{}", person.id)>{name}</a>
        </li>
    }
}
