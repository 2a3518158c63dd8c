//! Permissions: every endpoint, for every kind of caller, in one table.

mod table;
mod world;

use std::collections::BTreeSet;

use leptos::server_fn::axum::server_fn_paths;
use wire::ACTIONS;

use self::table::{Row, TABLE};
use self::world::{WHO, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let mut wrong = String::new();
    for Row(name, expected, ask) in TABLE {
        let mut actual = String::new();
        for who in WHO {
            let world = World::of(who).await;
            let ask = ask(&world);
            actual.push(world.comes_to(ask).await);
            world.server.stop().await;
        }
        if actual != *expected {
            wrong.push_str(&format!("{name}: {actual}, the table says {expected}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test]
async fn every_way_in_is_in_the_table() {
    let named = |way: &str| TABLE.iter().any(|Row(name, ..)| name.split(' ').next() == Some(way));
    let missing: Vec<&str> = ACTIONS.into_iter().filter(|action| !named(action)).collect();
    assert!(missing.is_empty(), "actions without a row: {missing:?}");
    let calls: BTreeSet<&str> = server_fn_paths().map(|(path, _)| path).filter(|path| !named(path)).collect();
    assert!(calls.is_empty(), "server functions without a row: {calls:?}");
    let begins = |route: &str| route.split_once("/{").map_or(route, |(begins, _)| begins).to_owned();
    let routes = server::ROUTES.into_iter().filter(|route| !begins(route).starts_with("/do"));
    let missing: Vec<&str> = routes.filter(|route| !named(&begins(route))).collect();
    assert!(missing.is_empty(), "routes without a row: {missing:?}");
    let pages = leptos_axum::generate_route_list(app::App);
    let still = leptos_axum::generate_route_list(app::ServerOnlyPage);
    let page = |path: &str| TABLE.iter().any(|Row(name, ..)| name.replace(':', "") == format!("page {path}"));
    let all = pages.iter().chain(&still).map(|route| route.path().replace(['{', '}'], ""));
    let missing: BTreeSet<String> = all.filter(|path| !page(path)).collect();
    assert!(missing.is_empty(), "pages without a row: {missing:?}");
}
