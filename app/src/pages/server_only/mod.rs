//! Server-only pages: forms and lists, without a script. They cost the browser nothing, and their forms work before,
//! with and without the hydrated pages.
//!
//! A path belongs here if [`is_hydrated`](crate::page_kind::is_hydrated) returns false. Links to them carry
//! `rel="external"`.

mod account;
mod admin;
mod applications;
mod audit;
mod broadcast;
mod enter;
mod groups;
mod hooks;
mod members;
mod message;
mod nodes;
mod owner;
mod people;
mod profile;
mod reset;
mod returned;
mod search;
mod server;
mod sheet;
mod ways;
mod webhook;
mod webhooks;

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::clock::ZoneClock;
use crate::pages::NotFound;
use crate::site::provide_head;

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
                <Route path=path!("/search") view=search::SearchPage/>
                <Route path=path!("/people") view=people::PeoplePage/>
                <Route path=path!("/people/:person") view=profile::ProfilePage/>
                <Route path=path!("/broadcast") view=broadcast::BroadcastPage/>
                <Route path=path!("/broadcast/:seq") view=broadcast::ResultsPage/>
                <Route path=path!("/server") view=server::ServerPage/>
                <Route path=path!("/server/applications") view=applications::ApplicationsPage/>
                <Route path=path!("/server/applications/:application") view=applications::ApplicationPage/>
                <Route path=path!("/server/applications/:application/webhooks") view=webhooks::WebhooksPage/>
                <Route path=path!("/server/applications/:application/webhooks/:webhook") view=webhook::WebhookPage/>
                <Route path=path!("/server/nodes") view=nodes::NodesPage/>
                <Route path=path!("/owner/:token") view=owner::OwnerPage/>
                <Route path=path!("/reset/:token") view=reset::ResetPage/>
                <Route path=path!("/enter/:application/:token") view=enter::EnterPage/>
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
