use leptos::prelude::*;
use wire::limits::GROUP_NAME_CHARS;

use super::form::Form;
use super::refusal::Refusal;
use crate::text;

/// The form that makes a group.
#[component]
pub(crate) fn NewGroup() -> impl IntoView {
    view! {
        <Form action="/do/create_group" class="card form">
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
            <label class="choice">
                <input type="checkbox" name="door" value="invite"/>
                {text::BY_INVITE}
            </label>
            <Refusal id="group-refused"/>
            <button class="button primary">{text::CREATE}</button>
        </Form>
    }
}
