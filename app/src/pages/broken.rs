//! The error page, for a page that could not be rendered.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::Plain;
use crate::failure::Failure;
use crate::i18n::use_texts;
use crate::returned::page_path;

/// Renders the error page.
#[component]
pub(crate) fn Broken(
    /// The refusal or fault.
    failure: Failure,
) -> impl IntoView {
    let t = use_texts();
    #[cfg(feature = "ssr")]
    crate::server_fns::set_status(leptos::prelude::FromServerFnError::status_code(&failure));
    view! {
        <Title text=t.something_wrong()/>
        <Plain>
            <h1>{t.something_wrong()}</h1>
            <p>{t.refusal(&failure.refused)}</p>
            <p><a class="button" href=page_path() rel="external">{t.reload()}</a></p>
        </Plain>
    }
}
