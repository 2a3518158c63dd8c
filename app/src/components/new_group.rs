//! The form that creates a group.

use leptos::prelude::*;
use wire::limits::GROUP_NAME_CHARS;

use super::form::Form;
use super::refusal::Refusal;
use crate::returned::typed;
use crate::text;

const CREATE: &str = "/do/create_group";

/// Renders the form that creates a group.
#[component]
pub(crate) fn NewGroup() -> impl IntoView {
    let door = typed(CREATE, "door");
    let doors = [("open", text::DOOR_OPEN), ("listed", text::DOOR_LISTED), ("invite", text::DOOR_INVITE)]
        .map(|(value, label)| {
            view! { <option value=value selected=door.as_deref() == Some(value)>{label}</option> }
        });
    view! {
        <Form action=CREATE class="card form">
            <label for="group-name">{text::GROUP_NAME}</label>
            <input
                id="group-name"
                name="name"
                required
                maxlength=GROUP_NAME_CHARS.to_string()
                autocomplete="off"
                dir="auto"
                value=typed(CREATE, "name")
                aria-describedby="group-refused"
            />
            <label for="door">{text::DOOR}</label>
            <select id="door" name="door">
                {doors}
            </select>
            <Refusal id="group-refused"/>
            <button class="button button-primary">{text::CREATE}</button>
        </Form>
    }
}
