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
    let join_policy = typed(CREATE, "join_policy");
    let join_policies = [
        ("open", text::JOIN_POLICY_OPEN),
        ("listed", text::JOIN_POLICY_LISTED),
        ("invite", text::JOIN_POLICY_INVITE),
    ]
    .map(|(value, label)| {
        view! { <option value=value selected=join_policy.as_deref() == Some(value)>{label}</option> }
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
            <label for="join-policy">{text::JOIN_POLICY}</label>
            <select id="join-policy" name="join_policy">
                {join_policies}
            </select>
            <Refusal id="group-refused"/>
            <button class="button button-primary">{text::CREATE}</button>
        </Form>
    }
}
