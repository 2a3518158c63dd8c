//! The password reset page.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::sheet::no_page;
use crate::components::{Form, Plain, Refusal};
use crate::i18n::use_texts;
use crate::page_queries::reset_for;

/// Renders the page to set a new password by a link.
#[component]
pub(super) fn ResetPage() -> impl IntoView {
    let token = use_params_map().get_untracked().get("token").unwrap_or_default();
    let person = reset_for(token.clone());
    view! {
        <Suspense>
            {Suspend::new(async move {
                match person.await {
                    Ok(person) => view! { <Reset token name=person.name.to_string()/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Reset(token: String, name: String) -> impl IntoView {
    let t = use_texts();
    view! {
        <Title text=t.new_password()/>
        <Plain>
            <h1>{t.new_password()}</h1>
            <Form action="/do/reset_password" class="card form">
                <input type="hidden" name="token" value=token/>
                <input type="hidden" name="username" autocomplete="username" value=name.clone()/>
                <label for="password">{t.new_password_of(&name).view()}</label>
                <input
                    id="password"
                    name="password"
                    type="password"
                    required
                    minlength="8"
                    autocomplete="new-password"
                    aria-describedby="reset-refused"
                />
                <Refusal id="reset-refused"/>
                <button class="button button-primary">{t.save()}</button>
            </Form>
        </Plain>
    }
}
