//! The browser's local storage: drafts, pending messages and preferences, by user.

use std::cell::Cell;

use leptos::prelude::window;
use wire::UserId;

use crate::clock;

thread_local! {
    /// Set once the session of this page has ended: text that is typed after that is not stored.
    static ENDED: Cell<bool> = const { Cell::new(false) };
}

/// The prefix of every key in the browser's storage.
const OURS: &str = "hubbub/";

/// Stores a text, or removes it if it is empty. Storage may be full or forbidden; the page works without it.
pub(crate) fn keep(name: &str, text: &str) {
    if let Ok(Some(storage)) = window().local_storage()
        && !ENDED.get()
    {
        let _ = if text.is_empty() { storage.remove_item(name) } else { storage.set_item(name, text) };
    }
}

/// Returns every stored text whose name has this prefix.
pub(crate) fn kept_under(prefix: &str) -> Vec<String> {
    let Ok(Some(storage)) = window().local_storage() else { return Vec::new() };
    let names = (0..storage.length().unwrap_or_default()).filter_map(|at| storage.key(at).ok().flatten());
    names
        .filter(|name| name.starts_with(prefix))
        .filter_map(|name| storage.get_item(&name).ok().flatten())
        .collect()
}

pub(crate) fn kept(name: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(name).ok().flatten()
}

/// Removes the stored texts of everybody but this user, or of everybody if there is none.
pub(crate) fn forget_others(me: Option<UserId>) {
    if me.is_none() {
        clock::forget_zone();
    }
    let mine = me.map(|me| me.to_string());
    forget(|name| mine.as_deref().is_none_or(|mine| !is_of(name, mine)));
}

/// Ends the session of a user: removes their stored texts, and stores nothing more on this page.
pub(crate) fn end(me: UserId) {
    ENDED.set(true);
    clock::forget_zone();
    let mine = me.to_string();
    forget(|name| is_of(name, &mine));
}

/// Returns true if a text belongs to a user: their id is part of its name.
fn is_of(name: &str, user: &str) -> bool {
    name.split('/').any(|part| part == user)
}

fn forget(which: impl Fn(&str) -> bool) {
    let Ok(Some(storage)) = window().local_storage() else { return };
    let names = (0..storage.length().unwrap_or_default()).filter_map(|at| storage.key(at).ok().flatten());
    // Removing a name moves the others, so all names are read first.
    let names: Vec<String> = names.filter(|name| name.starts_with(OURS) && which(name)).collect();
    for name in names {
        let _ = storage.remove_item(&name);
    }
}
