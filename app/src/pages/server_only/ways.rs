//! The ways to sign in, on the account page: providers of OpenID Connect, and a first password.

use leptos::prelude::*;

use crate::clock::use_zone;
use crate::components::{Form, FormState, Refusal};
use crate::i18n::{Words, short_date, use_texts};
use crate::page_queries::SignInWay;

/// Renders the reason for which a sign-in by a provider has failed.
#[component]
pub(super) fn ProviderRefusal() -> impl IntoView {
    provide_context(FormState::of("/sign-in"));
    view! { <Refusal id="provider-refused"/> }
}

/// Renders the providers by which the viewer signs in or could sign in.
#[component]
pub(super) fn SignInWays(ways: Vec<SignInWay>) -> impl IntoView {
    let t = use_texts();
    let state = FormState::of("/do/unlink_provider");
    let ways: Vec<_> = ways.into_iter().map(|way| view! { <SignInWayItem way state/> }).collect();
    view! {
        <section class="card" aria-labelledby="sign-in-ways">
            <h2 id="sign-in-ways">{t.sign_in()}</h2>
            <ProviderRefusal/>
            {
                provide_context(state);
                view! { <Refusal id="unlink-refused"/> }
            }
            <ul class="listing listing-loose">{ways}</ul>
        </section>
    }
}

#[component]
fn SignInWayItem(way: SignInWay, state: FormState) -> impl IntoView {
    let t = use_texts();
    let SignInWay { id, name, linked, link } = way;
    let since = linked.map(|linked| short_date(&use_zone().get_untracked(), linked));
    view! {
        <li class="session">
            <span class="name-wrap" dir="auto">{name.clone()}</span>
            {since.map(|since| view! { <span class="hint">{t.linked_since(Words(&since)).plain()}</span> })}
            {match link {
                Some(link) => view! {
                    <a class="button button-tiny" rel="external" href=link aria-label=t.link_provider_label(name.as_str()).plain()>{t.link_provider()}</a>
                }.into_any(),
                None => view! {
                    <Form action="/do/unlink_provider" state>
                        <input type="hidden" name="provider" value=id/>
                        <button class="button button-tiny" aria-label=t.unlink_provider_label(name.as_str()).plain()>{t.unlink_provider()}</button>
                    </Form>
                }.into_any(),
            }}
        </li>
    }
}

/// Renders the form for the first password of an account.
#[component]
pub(super) fn SetPasswordForm(name: String) -> impl IntoView {
    let t = use_texts();
    view! {
        <Form action="/do/set_password" class="form">
            <p class="hint">{t.set_password_hint()}</p>
            <input type="hidden" name="username" autocomplete="username" value=name/>
            <label for="password">{t.new_password()}</label>
            <input id="password" name="password" type="password" required minlength="8" autocomplete="new-password" aria-describedby="set-refused"/>
            <Refusal id="set-refused"/>
            <button class="button button-primary">{t.set_password_button()}</button>
        </Form>
    }
}
