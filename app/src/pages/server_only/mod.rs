//! Server-only pages: forms and lists, without a script. They cost the browser nothing, and their forms work before,
//! with and without the hydrated pages.
//!
//! A path belongs here if [`is_hydrated`](crate::page_kind::is_hydrated) returns false. Links to them carry `rel="external"`.

mod account;
mod admin;
mod audit;
mod broadcast;
mod groups;
mod members;
mod message;
mod owner;
mod people;
mod profile;
mod reset;
mod returned;
mod server;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::hooks::use_query_map;
use leptos_router::path;

use crate::clock::ZoneClock;
use crate::failure::Failure;
use crate::pages::{Broken, NotFound};
use crate::returned::Returned;
use crate::site::provide_head;
use crate::text::{self, Sentence};

pub use returned::ReturnedPage;

/// Renders the server-only page at the requested path.
#[component]
pub fn ServerOnlyPage() -> impl IntoView {
    provide_head();
    ZoneClock::provide();
    view! {
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/sign-in") view=account::SignInPage/>
                <Route path=path!("/groups") view=groups::GroupsPage/>
                <Route path=path!("/people") view=people::PeoplePage/>
                <Route path=path!("/people/:person") view=profile::ProfilePage/>
                <Route path=path!("/broadcast") view=broadcast::BroadcastPage/>
                <Route path=path!("/broadcast/:seq") view=broadcast::ResultsPage/>
                <Route path=path!("/server") view=server::ServerPage/>
                <Route path=path!("/owner/:token") view=owner::OwnerPage/>
                <Route path=path!("/reset/:token") view=reset::ResetPage/>
                <Route path=path!("/account") view=account::AccountPage/>
                <Route path=path!("/g/:group/admin") view=admin::AdminPage/>
                <Route path=path!("/g/:group/audit") view=audit::AuditPage/>
                <Route path=path!("/g/:group/members") view=members::MembersPage/>
                <Route path=path!("/g/:group/m/:seq") view=message::MessagePage/>
                <Route path=path!("/d/:person/m/:seq") view=message::MessagePage/>
            </Routes>
        </Router>
    }
}

/// Renders a page with a heading, a link back and several parts.
#[component]
fn Sheet(
    title: Sentence,
    /// The address of the link back.
    back: String,
    /// The label of the link back.
    back_to: Sentence,
    children: Children,
) -> impl IntoView {
    let children = children();
    // Forms of one button have no space of their own for it.
    let refused = use_context::<Returned>().filter(|returned| !returned.was_shown()).map(|returned| {
        returned.mark_shown();
        view! { <p class="refusal" role="alert">{returned.sentence().to_owned()}</p> }
    });
    view! {
        <Title text=title.clone().plain()/>
        <header class="header form-page-head">
            <a class="button-icon" href=back aria-label=back_to.plain()>
                <svg aria-hidden="true"><use href="/icons.svg#back"></use></svg>
            </a>
            <h1>{title.view()}</h1>
        </header>
        <main class="form-page" id="main">{refused} {children}</main>
    }
}

/// Renders the link to the next page of a long list.
#[component]
fn ShowMore(
    /// Whether there is a next page.
    more: bool,
    /// The address of the next page, without the position at which it begins.
    address: String,
    /// The position at which the next page begins.
    after: Option<String>,
) -> impl IntoView {
    after.filter(|_| more).map(|after| {
        view! { <p><a class="button button-small" href=format!("{address}{after}")>{text::SHOW_MORE}</a></p> }
    })
}

/// Returns a value from the query of the address.
fn asked<T: std::str::FromStr>(name: &str) -> Option<T> {
    use_query_map().get_untracked().get(name)?.parse().ok()
}

/// Renders a page that could not be loaded: not found, or broken.
fn no_page(failure: Failure) -> AnyView {
    if failure.is_not_found() {
        view! { <NotFound/> }.into_any()
    } else {
        view! { <Broken failure/> }.into_any()
    }
}
