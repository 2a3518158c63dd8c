use leptos::prelude::*;

use crate::text::{self, Sentence};

/// A button that asks before the form around it is sent: it opens a dialog that says what will happen, with the form's
/// own buttons in it. It needs no script, and Escape or a press outside closes it.
#[component]
pub(crate) fn Confirm(
    /// The id of the dialog, which no other on the page has.
    #[prop(into)]
    id: String,
    /// What the button that opens it is called.
    label: &'static str,
    /// What the button that opens it looks like.
    #[prop(default = "button button-danger")]
    class: &'static str,
    /// The question.
    title: Sentence,
    /// What will happen.
    says: Sentence,
    /// The buttons that do it.
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-title");
    view! {
        <button class=class type="button" popovertarget=id.clone() aria-haspopup="dialog">{label}</button>
        <dialog class="sheet confirm" id=id.clone() popover aria-labelledby=heading.clone()>
            <h2 id=heading.clone()>{title.view()}</h2>
            <p>{says.view()}</p>
            <div class="actions">
                {children()}
                <button class="button" type="button" popovertarget=id.clone() popovertargetaction="hide" autofocus>{text::CANCEL}</button>
            </div>
        </dialog>
    }
}
