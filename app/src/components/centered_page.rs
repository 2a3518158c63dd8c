//! A centered page with a single piece of content.

use leptos::prelude::*;

/// Renders a page with one thing on it, in the middle.
#[component]
pub(crate) fn Plain(children: Children) -> impl IntoView {
    view! { <main class="centered-page" id="main">{children()}</main> }
}
