//! The refusal of a form, as shown to its user.

use leptos::prelude::*;

use super::dynamic::dyn_view;
use super::form::FormState;
use crate::i18n::use_texts;

/// Renders the refusal of the enclosing form, where a screen reader finds it.
#[component]
pub(crate) fn Refusal(
    /// The id for the `aria-describedby` of the field.
    id: &'static str,
) -> impl IntoView {
    let t = use_texts();
    let FormState { refused, .. } = expect_context::<FormState>().shown();
    view! { <p class="refusal" id=id role="alert">{dyn_view(move || refused.get().map(|refused| t.refusal(&refused)))}</p> }
}
