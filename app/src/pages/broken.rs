use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::Plain;
use crate::failure::Failure;
use crate::returned::page_path;
use crate::text;

/// The page could not be made.
#[component]
pub(crate) fn Broken(
    /// Why.
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
