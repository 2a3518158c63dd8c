use leptos::prelude::*;

use super::dynamic::dyn_view;
use super::form::FormState;

/// Why the form around it was refused, where a screen reader finds it.
#[component]
pub(crate) fn Refusal(
    /// The id that the field is described by.
    id: &'static str,
) -> impl IntoView {
    let FormState { refused, .. } = expect_context::<FormState>().shown();
    view! { <p class="refusal" id=id role="alert">{dyn_view(move || refused.get())}</p> }
}
