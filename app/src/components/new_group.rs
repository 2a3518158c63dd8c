//! The form that creates a group.

use leptos::prelude::*;
use wire::limits::GROUP_NAME_CHARS;

use super::form::Form;
use super::refusal::Refusal;
use crate::i18n::use_texts;
use crate::returned::typed;

const CREATE: &str = "/do/create_group";

/// Renders the form that creates a group.
#[component]
pub(crate) fn NewGroup() -> impl IntoView {
    let t = use_texts();
    let join_policy = typed(CREATE, "join_policy");
    let join_policies = [
        ("open", t.join_policy_open()),
        ("listed", t.join_policy_listed()),
        ("invite", t.join_policy_invite()),
    ]
    .map(|(value, label)| {
        view! { <option value=value selected=join_policy.as_deref() == Some(value)>{label}</option> }
    });
    view! {
        <Form action=CREATE class="card form">
            <label for="group-name">{t.group_name()}</label>
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
            <label for="join-policy">{t.who_can_join()}</label>
            <select id="join-policy" name="join_policy">
                {join_policies}
            </select>
            <Refusal id="group-refused"/>
            <button class="button button-primary">{t.create_group()}</button>
        </Form>
    }
}
