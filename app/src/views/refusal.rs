use leptos::prelude::*;

use crate::failure::Failure;

/// Why a form was refused, where a screen reader finds it.
#[component]
pub(crate) fn Refusal(
    /// The id that the field is described by.
    id: &'static str,
    result: impl Fn() -> Option<Failure> + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <p class="refusal" id=id role="alert">
            {move || result().map(|failure| failure.refused.message)}
        </p>
    }
}
