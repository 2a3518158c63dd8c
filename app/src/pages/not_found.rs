//! The 404 page.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::Plain;
use crate::i18n::use_texts;

/// Renders the 404 page: nothing is at this path, or it is not for this caller.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let t = use_texts();
    #[cfg(feature = "ssr")]
    crate::server_fns::set_status(http::StatusCode::NOT_FOUND);
    view! {
        <Title text=t.not_found()/>
        <Plain>
            <h1>{t.not_found()}</h1>
            <p>{t.not_found_hint()}</p>
            <p><a class="button" href="/">{t.back_home()}</a></p>
        </Plain>
    }
}
