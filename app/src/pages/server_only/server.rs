//! The page on which admins manage the application: accounts, groups, audit log.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use wire::AppRole;

use super::audit::{AuditLog, before};
use super::groups::Listings;
use super::sheet::{Sheet, ShowMore, asked, no_page};
use crate::components::{Avatar, Form, FormState};
use crate::i18n::{Texts, use_texts};
use crate::page_queries::{AccountListing, Places, ServerAdminData, administered};

/// Renders the page of the server, for those who manage it: its accounts, its groups and its audit log.
#[component]
pub(super) fn ServerPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let find = query.get("find").unwrap_or_default();
    let person = query.get("person").unwrap_or_default();
    let places = Places {
        person: person.clone(),
        account: asked("account"),
        find: find.clone(),
        group: asked("group"),
        before: before(),
    };
    let administered = administered(places);
    view! {
        <Suspense>
            {Suspend::new(async move {
                match administered.await {
                    Ok(administered) => view! { <ServerAdmin administered person find/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn ServerAdmin(
    administered: ServerAdminData,
    /// A search: accounts whose name contains this.
    person: String,
    /// A search: groups whose name contains this.
    find: String,
) -> impl IntoView {
    let t = use_texts();
    let ServerAdminData { role, accounts, groups, link, audit, has_nodes } = administered;
    let (ranked, offered) =
        (FormState::of("/do/set_application_role").shown(), FormState::of("/do/create_reset_link").shown());
    let after =
        accounts.items.last().filter(|_| person.is_empty()).map(|listed| listed.person.id.to_string());
    let more = accounts.more;
    let rows: Vec<_> =
        accounts.items.into_iter().map(|listed| view! { <Row listed mine=role ranked offered/> }).collect();
    let said = move |form: FormState| form.refused.get_untracked().map(|refused| t.refusal(&refused));
    let is_search = !find.is_empty();
    view! {
        <Sheet title=t.server_administration().into() back="/account".into() back_to=t.account().into()>
            {link.map(|link| view! {
                <section class="card form">
                    <label for="reset-link">{t.reset_link_hint()}</label>
                    <input id="reset-link" readonly value=link/>
                </section>
            })}
            {(role == AppRole::Owner).then(|| view! {
                <section class="card">
                    <p class="actions">
                        <a class="button button-small" href="/server/applications">{t.applications()}</a>
                        {has_nodes.then(|| view! {
                            <a class="button button-small" href="/server/nodes">{t.nodes()}</a>
                        })}
                    </p>
                </section>
            })}
            <section class="card" aria-labelledby="accounts">
                <h2 id="accounts">{t.accounts()}</h2>
                <p class="refusal" role="alert">{said(ranked)} {said(offered)}</p>
                <form class="search" role="search" aria-label=t.accounts()>
                    <label for="person">{t.find_person()}</label>
                    <input id="person" name="person" type="search" dir="auto" value=person/>
                    <button class="button">{t.find()}</button>
                </form>
                <ul class="listing listing-loose">{rows}</ul>
                <ShowMore more address="/server?account=".into() after/>
            </section>
            <section class="card" aria-labelledby="groups">
                <h2 id="groups">{t.all_groups()}</h2>
                <form class="search" role="search" aria-label=t.all_groups() action="/server">
                    <label for="find">{t.find_group()}</label>
                    <input id="find" name="find" type="search" dir="auto" value=find/>
                    <button class="button">{t.find()}</button>
                </form>
                <Listings groups below="/audit" label=t.audit_log() path=(!is_search).then_some("/server?group=")/>
            </section>
            <section class="card" aria-labelledby="audit">
                <h2 id="audit">{t.audit_log()}</h2>
                <AuditLog page=audit says=Texts::audit_event path="/server"/>
            </section>
        </Sheet>
    }
}

#[component]
fn Row(listed: AccountListing, mine: AppRole, ranked: FormState, offered: FormState) -> impl IntoView {
    let t = use_texts();
    let AccountListing { person, role } = listed;
    let (id, name) = (person.id, person.name.to_string());
    let other =
        if role == AppRole::Admin { ("member", t.remove_as_admin()) } else { ("admin", t.make_admin()) };
    let rank = (mine == AppRole::Owner && role < AppRole::Owner).then(|| {
        view! {
            <Form action="/do/set_application_role" state=ranked>
                <input type="hidden" name="user" value=id.to_string()/>
                <button class="button button-tiny" name="role" value=other.0>{other.1}</button>
            </Form>
        }
    });
    let reset = (role < mine).then(|| {
        view! {
            <Form action="/do/create_reset_link" state=offered>
                <input type="hidden" name="user" value=id.to_string()/>
                <button class="button button-tiny">{t.reset_link()}</button>
            </Form>
        }
    });
    view! {
        <li class="listing-row listing-tall">
            <Avatar id=id.to_string() name=name.clone() person=true/>
            <span class="name listing-name" dir="auto">{name}</span>
            <span class="tag" class:tag-accent={role >= AppRole::Admin}>{t.app_role(role)}</span>
            <span class="actions listing-end">{rank} {reset}</span>
        </li>
    }
}
