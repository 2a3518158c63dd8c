//! The page of a sign-in link: another site has sent one of its users here.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::sheet::no_page;
use crate::components::{Form, Plain, Refusal};
use crate::i18n::use_texts;
use crate::page_queries::enters_as;

/// Renders the page that signs a user in by a link. The link alone does nothing: programs that look at links would use it
/// up, and another site could sign somebody in unseen.
#[component]
pub(super) fn EnterPage() -> impl IntoView {
    let params = use_params_map();
    let param = |name| params.get_untracked().get(name).unwrap_or_default();
    let (application, token) = (param("application"), param("token"));
    let to = use_query_map().get_untracked().get("to").unwrap_or_default();
    let person = enters_as(application.clone(), token.clone());
    view! {
        <Suspense>
            {Suspend::new(async move {
                match person.await {
                    Ok(person) => {
                        view! { <Enter application token to name=person.name.to_string()/> }.into_any()
                    }
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Enter(application: String, token: String, to: String, name: String) -> impl IntoView {
    let t = use_texts();
    view! {
        <Title text=t.sign_in()/>
        <Plain>
            <h1>{t.sign_in()}</h1>
            <Form action="/do/enter" class="card form">
                <p class="hint">{t.enter_hint()}</p>
                <input type="hidden" name="application" value=application/>
                <input type="hidden" name="token" value=token/>
                <input type="hidden" name="to" value=to/>
                <Refusal id="enter-refused"/>
                <button class="button button-primary">{t.enter_as(&name).view()}</button>
            </Form>
        </Plain>
    }
}
