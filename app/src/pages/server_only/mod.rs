//! The pages that the server makes alone: forms and lists, without a script. They cost the browser nothing,
//! and what they do works before, with and without the live pages.
//!
//! A path belongs here if [`is_live`](crate::site::is_live) says no. Links to them carry `rel="external"`.

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

use crate::failure::Failure;
use crate::pages::{Broken, NotFound};
use crate::returned::Returned;
use crate::site::provide_head;
use crate::text::{self, Sentence};
use crate::zone::Clock;

pub use returned::ReturnedPage;

/// Which still page is at which path.
#[component]
pub fn Still() -> impl IntoView {
    provide_head();
    Clock::provide();
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

/// A page with a heading, a way back and several parts.
#[component]
fn Sheet(
    title: Sentence,
    /// Where the way back leads.
    back: String,
    /// What the way back is called.
    back_to: Sentence,
    children: Children,
) -> impl IntoView {
    let children = children();
    // Forms of one button have no place of their own for it.
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

/// The way to what comes after the part of a long list that a page shows.
#[component]
fn ShowMore(
    /// Whether there is more.
    more: bool,
    /// The address of the rest, without the place where it begins.
    address: String,
    /// The place where the rest begins.
    after: Option<String>,
) -> impl IntoView {
    after.filter(|_| more).map(|after| {
        view! { <p><a class="button button-small" href=format!("{address}{after}")>{text::SHOW_MORE}</a></p> }
    })
}

/// A value of the address.
fn asked<T: std::str::FromStr>(name: &str) -> Option<T> {
    use_query_map().get_untracked().get(name)?.parse().ok()
}

/// What a page shows that could not be made.
fn no_page(failure: Failure) -> AnyView {
    if failure.is_not_found() {
        view! { <NotFound/> }.into_any()
    } else {
        view! { <Broken failure/> }.into_any()
    }
}
