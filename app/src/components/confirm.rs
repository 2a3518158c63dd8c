//! A confirmation dialog in front of a form's submission.

use leptos::prelude::*;

use crate::i18n::{Sentence, use_texts};

/// Renders a button that asks for confirmation before the enclosing form is sent: it opens a dialog that describes
/// the consequences, with the form's own buttons in it. It needs no script; Escape or a press outside closes it.
#[component]
pub(crate) fn Confirm(
    /// The id of the dialog, unique on the page.
    #[prop(into)]
    id: String,
    /// The label of the button that opens it.
    label: &'static str,
    /// The class of the button that opens it.
    #[prop(default = "button button-danger")]
    class: &'static str,
    /// The question, which is also the dialog's heading.
    title: Sentence,
    /// The consequences, in one sentence.
    says: Sentence,
    /// The buttons that confirm.
    children: Children,
) -> impl IntoView {
    let t = use_texts();
    let heading = format!("{id}-title");
    view! {
        <button class=class type="button" popovertarget=id.clone() aria-haspopup="dialog">{label}</button>
        <dialog class="sheet confirm" id=id.clone() popover aria-labelledby=heading.clone()>
            <h2 id=heading.clone()>{title.view()}</h2>
            <p>{says.view()}</p>
            <div class="actions">
                {children()}
                <button class="button" type="button" popovertarget=id.clone() popovertargetaction="hide" autofocus>{t.cancel()}</button>
            </div>
        </dialog>
    }
}
