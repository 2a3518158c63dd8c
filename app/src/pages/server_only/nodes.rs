//! The page that shows the owner the nodes that share the database.

use chat::store::NodeRow;
use leptos::prelude::*;
use wire::Timestamp;

use super::sheet::{Sheet, no_page};
use crate::clock::use_zone;
use crate::i18n::{Words, use_texts};
use crate::page_queries::nodes;

/// Renders the list of nodes.
#[component]
pub(super) fn NodesPage() -> impl IntoView {
    let found = nodes();
    view! {
        <Suspense>
            {Suspend::new(async move {
                match found.await {
                    Ok((nodes, now)) => view! { <Nodes nodes now/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Nodes(nodes: Vec<NodeRow>, now: Timestamp) -> impl IntoView {
    let t = use_texts();
    let hint = if nodes.is_empty() { t.one_node_only() } else { t.nodes_hint() };
    let rows: Vec<_> = nodes.into_iter().map(|node| view! { <Row node now/> }).collect();
    view! {
        <Sheet title=t.nodes().into() back="/server".into() back_to=t.server_administration().into()>
            <section class="card" aria-label=t.nodes()>
                <p class="hint">{hint}</p>
                <ul class="listing listing-loose">{rows}</ul>
            </section>
        </Sheet>
    }
}

#[component]
fn Row(node: NodeRow, now: Timestamp) -> impl IntoView {
    let t = use_texts();
    let zone = use_zone().get_untracked();
    let NodeRow { name, version, started, seen, sockets, is_stopping, is_alive, .. } = node;
    let state = match (is_alive, is_stopping) {
        (false, _) => t.node_dead(),
        (true, true) => t.node_stopping(),
        (true, false) => t.node_alive(),
    };
    let started = t.node_started(Words(&t.moment(&zone, started))).plain();
    // The report of a node that runs is a second old at most.
    let seen = (!is_alive).then(|| t.node_seen(Words(&t.moment(&zone, seen.min(now)))).plain());
    view! {
        <li class="listing-row listing-tall">
            <span class="listing-words">
                <strong dir="auto">{name}</strong>
                <span class="hint">{t.node_version(Words(&version)).plain()} " · " {t.node_connections(sockets).plain()}</span>
                <span class="hint">{started} {seen.map(|seen| format!(" · {seen}"))}</span>
            </span>
            <span class="tag listing-end" class:tag-accent=is_alive && !is_stopping>{state}</span>
        </li>
    }
}
