//! The page to become the owner, by the link that is printed at start.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use wire::limits::PERSON_NAME_CHARS;

use super::sheet::no_page;
use crate::components::{Form, Plain, Refusal};
use crate::i18n::use_texts;
use crate::page_queries::{OwnerToBe, owner_to_be};

/// Renders the page to become the owner of the server, by the link that is printed when it starts.
#[component]
pub(super) fn OwnerPage() -> impl IntoView {
    let token = use_params_map().get_untracked().get("token").unwrap_or_default();
    let who = owner_to_be(token.clone());
    view! {
        <Suspense>
            {Suspend::new(async move {
                match who.await {
                    Ok(who) => view! { <Owner token who/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Owner(token: String, who: OwnerToBe) -> impl IntoView {
    let t = use_texts();
    let name = match &who {
        OwnerToBe::Stranger => Some(view! {
            <label for="name">{t.your_name()}</label>
            <input
                id="name"
                name="name"
                required
                maxlength=PERSON_NAME_CHARS.to_string()
                dir="auto"
                autocomplete="username"
                aria-describedby="owner-refused"
            />
        }),
        OwnerToBe::Guest | OwnerToBe::Account => None,
    };
    let has_account = matches!(who, OwnerToBe::Account);
    let password = (!has_account).then(|| {
        view! {
            <label for="password">{t.password()}</label>
            <input
                id="password"
                name="password"
                type="password"
                required
                minlength="8"
                autocomplete="new-password"
                aria-describedby="owner-refused"
            />
        }
    });
    view! {
        <Title text=t.become_owner()/>
        <Plain>
            <h1>{t.become_owner()}</h1>
            <Form action="/do/become_owner" class="card form">
                <p class="hint">{t.owner_hint()}</p>
                <input type="hidden" name="token" value=token/>
                {name}
                {password}
                <Refusal id="owner-refused"/>
                <button class="button button-primary">
                    {if has_account { t.become_owner() } else { t.create_owner() }}
                </button>
            </Form>
        </Plain>
    }
}
