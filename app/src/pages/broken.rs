//! The error page, for a page that could not be rendered.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::Plain;
use crate::failure::Failure;
use crate::returned::page_path;
use crate::text;

/// Renders the error page.
#[component]
pub(crate) fn Broken(
    /// The refusal or fault.
    failure: Failure,
) -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::server_fns::set_status(leptos::prelude::FromServerFnError::status_code(&failure));
    view! {
        <Title text=text::BROKEN/>
        <Plain>
            <h1>{text::BROKEN}</h1>
            <p>{failure.refused.message}</p>
            <p><a class="button" href=page_path() rel="external">{text::RELOAD}</a></p>
        </Plain>
    }
}
