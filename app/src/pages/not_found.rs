//! The 404 page.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::Plain;
use crate::text;

/// Renders the 404 page: nothing is at this path, or it is not for this caller.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::server_fns::set_status(http::StatusCode::NOT_FOUND);
    view! {
        <Title text=text::NOT_FOUND/>
        <Plain>
            <h1>{text::NOT_FOUND}</h1>
            <p>{text::NOT_FOUND_HINT}</p>
            <p><a class="button" href="/">{text::HOME}</a></p>
        </Plain>
    }
}
