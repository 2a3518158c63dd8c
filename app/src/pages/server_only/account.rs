//! The pages to sign in and to manage one's own account.

use leptos::prelude::*;
use leptos_meta::Title;
use wire::Person;

use super::profile::ProfileForms;
use super::sheet::{Sheet, no_page};
use super::ways::{ProviderRefusal, SetPasswordForm, SignInWays};
use crate::clock::use_zone;
use crate::components::{Avatar, Confirm, Form, Plain, Refusal};
use crate::i18n::{Words, short_date, use_texts};
use crate::page_queries::{AccountData, SessionLine, SignInData, account, sign_in_page};
use crate::returned::typed;

/// Renders the page to sign in with a name and a password.
#[component]
pub(super) fn SignInPage() -> impl IntoView {
    let t = use_texts();
    let SignInData { providers } = sign_in_page();
    let providers: Vec<_> = providers
        .into_iter()
        .map(|(name, address)| {
            view! { <a class="button" rel="external" href=address><span>{t.continue_with(name.as_str()).view()}</span></a> }
        })
        .collect();
    view! {
        <Title text=t.sign_in()/>
        <Plain>
            <img src="/icon.svg" alt="" width="72" height="72"/>
            <h1>{t.sign_in()}</h1>
            {(!providers.is_empty()).then(|| view! {
                <section class="card form">
                    <ProviderRefusal/>
                    {providers}
                </section>
            })}
            <Form action="/do/sign_in" class="card form">
                <label for="name">{t.your_name()}</label>
                <input id="name" name="name" required autocomplete="username" autofocus dir="auto" value=typed("/do/sign_in", "name") aria-describedby="sign-in-refused"/>
                <label for="password">{t.password()}</label>
                <input id="password" name="password" type="password" required autocomplete="current-password"/>
                <Refusal id="sign-in-refused"/>
                <button class="button button-primary">{t.sign_in()}</button>
                <p class="hint">{t.no_password_yet()} " " <a href="/">{t.back_home()}</a></p>
            </Form>
        </Plain>
    }
}

/// Renders the viewer's own account: the password, and the sessions.
#[component]
pub(super) fn AccountPage() -> impl IntoView {
    let known = account();
    view! {
        <Suspense>
            {Suspend::new(async move {
                match known.await {
                    Ok(known) => view! { <Account known/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Account(known: AccountData) -> impl IntoView {
    let t = use_texts();
    let AccountData { me, role, is_guest, profile, has_password, ways, sessions, blocked } = known;
    let blocked: Vec<_> = blocked.into_iter().map(|person| view! { <BlockedUsers person/> }).collect();
    let role_name = role.map(|role| t.app_role(role)).or_else(|| is_guest.then(|| t.guest()));
    let others = sessions.len() > 1;
    let end_others =
        if role.is_some() { t.sign_out_others_consequences() } else { t.sign_out_others_guest() };
    let lines: Vec<_> = sessions.into_iter().map(|line| view! { <SessionItem line/> }).collect();
    view! {
        <Sheet title=t.account().into() back="/".into() back_to=t.back_home().into()>
            <section class="card">
                <p class="listing-row">
                    <Avatar id=me.id.to_string() name=me.name.to_string() person=true/>
                    <strong class="name" dir="auto">{me.name.to_string()}</strong>
                    {role_name.map(|name| view! { <span class="tag">{name}</span> })}
                </p>
                {(role >= Some(wire::AppRole::Admin)).then(|| view! {
                    <p><a class="button button-small" href="/server">{t.server_administration()}</a></p>
                })}
            </section>
            <section class="card" aria-labelledby="profile">
                <h2 id="profile">{t.profile()}</h2>
                {if role.is_some() {
                    view! { <ProfileForms profile/> }.into_any()
                } else {
                    view! { <p class="hint">{t.profile_hint()}</p> }.into_any()
                }}
            </section>
            <section class="card" aria-labelledby="password-title">
                <h2 id="password-title">{t.password()}</h2>
                {match (role.is_some(), has_password) {
                    (true, true) => view! { <ChangePasswordForm/> }.into_any(),
                    (true, false) => view! { <SetPasswordForm name=me.name.to_string()/> }.into_any(),
                    (false, _) => view! { <CreateAccountForm name=me.name.to_string()/> }.into_any(),
                }}
            </section>
            {(!ways.is_empty()).then(|| view! { <SignInWays ways/> })}
            <section class="card" aria-labelledby="sessions">
                <h2 id="sessions">{t.where_signed_in()}</h2>
                <ul class="listing listing-loose">{lines}</ul>
                {others.then(|| view! {
                    <Form action="/do/end_session">
                        <Confirm id="end-others" label=t.sign_out_others() class="button" title=t.sign_out_others_title().into() says=end_others.into()>
                            <button class="button button-danger">{t.sign_out_others()}</button>
                        </Confirm>
                    </Form>
                })}
            </section>
            {(!blocked.is_empty()).then(|| view! {
                <section class="card" aria-labelledby="blocked">
                    <h2 id="blocked">{t.blocked_people()}</h2>
                    <ul class="listing listing-loose">{blocked}</ul>
                </section>
            })}
            <section class="card">
                {role.is_none().then(|| view! { <p class="hint">{t.guest_sign_out()}</p> })}
                <Form action="/do/sign_out" class="form">
                    {if role.is_some() {
                        view! { <button class="button button-danger">{t.sign_out()}</button> }.into_any()
                    } else {
                        view! {
                            <Confirm id="sign-out" label=t.sign_out() title=t.sign_out_title().into() says=t.guest_sign_out().into()>
                                <button class="button button-danger">{t.sign_out()}</button>
                            </Confirm>
                        }
                        .into_any()
                    }}
                </Form>
            </section>
        </Sheet>
    }
}

#[component]
fn BlockedUsers(person: Person) -> impl IntoView {
    let t = use_texts();
    view! {
        <li class="session">
            <span class="name-wrap" dir="auto">{person.name.to_string()}</span>
            <Form action="/do/block">
                <input type="hidden" name="user" value=person.id.to_string()/>
                <button class="button button-tiny" name="on" value="false">{t.unblock()}</button>
            </Form>
        </li>
    }
}

#[component]
fn CreateAccountForm(name: String) -> impl IntoView {
    let t = use_texts();
    view! {
        <Form action="/do/create_account" class="form">
            <p class="hint">{t.create_account_hint()}</p>
            <input type="hidden" name="username" autocomplete="username" value=name/>
            <label for="password">{t.new_password()}</label>
            <input id="password" name="password" type="password" required minlength="8" autocomplete="new-password" aria-describedby="claim-refused"/>
            <Refusal id="claim-refused"/>
            <button class="button button-primary">{t.create_account()}</button>
        </Form>
    }
}

#[component]
fn ChangePasswordForm() -> impl IntoView {
    let t = use_texts();
    view! {
        <Form action="/do/change_password" class="form">
            <label for="old">{t.current_password()}</label>
            <input id="old" name="old" type="password" required autocomplete="current-password"/>
            <label for="new">{t.new_password()}</label>
            <input id="new" name="new" type="password" required minlength="8" autocomplete="new-password" aria-describedby="change-refused"/>
            <Refusal id="change-refused"/>
            <button class="button button-primary">{t.change_password()}</button>
        </Form>
    }
}

#[component]
fn SessionItem(line: SessionLine) -> impl IntoView {
    let t = use_texts();
    let SessionLine { handle, label, since, is_this } = line;
    let label = if label.is_empty() { t.a_browser().to_owned() } else { label };
    let since = short_date(&use_zone().get_untracked(), since);
    view! {
        <li class="session">
            <span class="name-wrap">{label}</span>
            <span class="hint">{t.signed_in_since(Words(&since)).plain()}</span>
            {if is_this {
                view! { <span class="tag tag-accent">{t.this_browser()}</span> }.into_any()
            } else {
                view! {
                    <Form action="/do/end_session">
                        <input type="hidden" name="handle" value=handle/>
                        <button class="button button-tiny">{t.sign_out_there()}</button>
                    </Form>
                }.into_any()
            }}
        </li>
    }
}
