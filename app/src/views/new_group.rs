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
            <label for="door">{text::DOOR}</label>
            <select id="door" name="door">
                <option value="open">{text::DOOR_OPEN}</option>
                <option value="listed">{text::DOOR_LISTED}</option>
                <option value="invite">{text::DOOR_INVITE}</option>
            </select>
            <Refusal id="group-refused"/>
            <button class="button button-primary">{text::CREATE}</button>
        </Form>
    }
}
