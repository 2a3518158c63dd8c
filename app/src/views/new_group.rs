use leptos::prelude::*;
use wire::limits::GROUP_NAME_CHARS;

use super::refusal::Refusal;
use crate::calls::CreateGroup;
use crate::text;

/// The fields of the form that makes a group.
#[component]
pub(crate) fn NewGroup(action: ServerAction<CreateGroup>) -> impl IntoView {
    let (pending, refused) = (action.pending(), action.value());
    view! {
        <label for="group-name">{text::GROUP_NAME}</label>
        <input
            id="group-name"
            name="name"
            required
            maxlength=GROUP_NAME_CHARS.to_string()
            autocomplete="off"
            dir="auto"
            aria-describedby="group-refused"
        />
        <Refusal id="group-refused" result=move || refused.get().and_then(Result::err)/>
        <button class="button primary" disabled=move || pending.get()>{text::CREATE}</button>
    }
}
