//! The pages to sign in and to manage one's own account.

use leptos::prelude::*;
use leptos_meta::Title;
use wire::Person;

use super::profile::ProfileForms;
use super::sheet::{Sheet, no_page};
use crate::clock::use_zone;
use crate::components::{Avatar, Confirm, Form, Plain, Refusal};
use crate::page_queries::{AccountData, SessionLine, account};
use crate::returned::typed;
use crate::text;

/// Renders the page to sign in with a name and a password.
#[component]
pub(super) fn SignInPage() -> impl IntoView {
    view! {
        <Title text=text::SIGN_IN/>
        <Plain>
            <img src="/icon.svg" alt="" width="72" height="72"/>
            <h1>{text::SIGN_IN}</h1>
            <Form action="/do/sign_in" class="card form">
                <label for="name">{text::YOUR_NAME}</label>
                <input id="name" name="name" required autocomplete="username" autofocus dir="auto" value=typed("/do/sign_in", "name") aria-describedby="sign-in-refused"/>
                <label for="password">{text::PASSWORD}</label>
                <input id="password" name="password" type="password" required autocomplete="current-password"/>
                <Refusal id="sign-in-refused"/>
                <button class="button button-primary">{text::SIGN_IN}</button>
                <p class="hint">{text::NO_PASSWORD_YET} " " <a href="/">{text::HOME}</a></p>
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
    let AccountData { me, role, profile, sessions, blocked } = known;
    let blocked: Vec<_> = blocked.into_iter().map(|person| view! { <BlockedUsers person/> }).collect();
    let role_name = role.map_or(text::GUEST, text::app_role);
    let others = sessions.len() > 1;
    let end_others = if role.is_some() { text::END_OTHERS_SAYS } else { text::END_OTHERS_GUEST };
    let lines: Vec<_> = sessions.into_iter().map(|line| view! { <SessionItem line/> }).collect();
    view! {
        <Sheet title=text::ACCOUNT.into() back="/".into() back_to=text::HOME.into()>
            <section class="card">
                <p class="listing-row">
                    <Avatar id=me.id.to_string() name=me.name.to_string() person=true/>
                    <strong class="name" dir="auto">{me.name.to_string()}</strong>
                    <span class="tag">{role_name}</span>
                </p>
                {(role >= Some(wire::AppRole::Admin)).then(|| view! {
                    <p><a class="button button-small" href="/server">{text::SERVER}</a></p>
                })}
            </section>
            <section class="card" aria-labelledby="profile">
                <h2 id="profile">{text::PROFILE}</h2>
                {if role.is_some() {
                    view! { <ProfileForms profile/> }.into_any()
                } else {
                    view! { <p class="hint">{text::PROFILE_HINT}</p> }.into_any()
                }}
            </section>
            <section class="card" aria-labelledby="password-title">
                <h2 id="password-title">{text::PASSWORD}</h2>
                {if role.is_some() { view! { <ChangePasswordForm/> }.into_any() } else { view! { <CreateAccountForm name=me.name.to_string()/> }.into_any() }}
            </section>
            <section class="card" aria-labelledby="sessions">
                <h2 id="sessions">{text::SESSIONS}</h2>
                <ul class="listing listing-loose">{lines}</ul>
                {others.then(|| view! {
                    <Form action="/do/end_session">
                        <Confirm id="end-others" label=text::END_OTHERS class="button" title=text::END_OTHERS_TITLE.into() says=end_others.into()>
                            <button class="button button-danger">{text::END_OTHERS}</button>
                        </Confirm>
                    </Form>
                })}
            </section>
            {(!blocked.is_empty()).then(|| view! {
                <section class="card" aria-labelledby="blocked">
                    <h2 id="blocked">{text::BLOCKED_PEOPLE}</h2>
                    <ul class="listing listing-loose">{blocked}</ul>
                </section>
            })}
            <section class="card">
                {role.is_none().then(|| view! { <p class="hint">{text::GUEST_SIGN_OUT}</p> })}
                <Form action="/do/sign_out" class="form">
                    {if role.is_some() {
                        view! { <button class="button button-danger">{text::SIGN_OUT}</button> }.into_any()
                    } else {
                        view! {
                            <Confirm id="sign-out" label=text::SIGN_OUT title=text::SIGN_OUT_TITLE.into() says=text::GUEST_SIGN_OUT.into()>
                                <button class="button button-danger">{text::SIGN_OUT}</button>
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
    view! {
        <li class="session">
            <span class="name-wrap" dir="auto">{person.name.to_string()}</span>
            <Form action="/do/block">
                <input type="hidden" name="user" value=person.id.to_string()/>
                <button class="button button-tiny" name="on" value="false">{text::UNBLOCK}</button>
            </Form>
        </li>
    }
}

#[component]
fn CreateAccountForm(name: String) -> impl IntoView {
    view! {
        <Form action="/do/create_account" class="form">
            <p class="hint">{text::CLAIM_HINT}</p>
            <input type="hidden" name="username" autocomplete="username" value=name/>
            <label for="password">{text::NEW_PASSWORD}</label>
            <input id="password" name="password" type="password" required minlength="8" autocomplete="new-password" aria-describedby="claim-refused"/>
            <Refusal id="claim-refused"/>
            <button class="button button-primary">{text::CLAIM}</button>
        </Form>
    }
}

#[component]
fn ChangePasswordForm() -> impl IntoView {
    view! {
        <Form action="/do/change_password" class="form">
            <label for="old">{text::OLD_PASSWORD}</label>
            <input id="old" name="old" type="password" required autocomplete="current-password"/>
            <label for="new">{text::NEW_PASSWORD}</label>
            <input id="new" name="new" type="password" required minlength="8" autocomplete="new-password" aria-describedby="change-refused"/>
            <Refusal id="change-refused"/>
            <button class="button button-primary">{text::CHANGE_PASSWORD}</button>
        </Form>
    }
}

#[component]
fn SessionItem(line: SessionLine) -> impl IntoView {
    let SessionLine { handle, label, since, is_this } = line;
    let label = if label.is_empty() { text::SOME_BROWSER.to_owned() } else { label };
    let (year, month, day) = use_zone().get_untracked().date(since);
    view! {
        <li class="session">
            <span class="name-wrap">{label}</span>
            <span class="hint">{text::signed_in_on(year, month, day)}</span>
            {if is_this {
                view! { <span class="tag tag-accent">{text::THIS_BROWSER}</span> }.into_any()
            } else {
                view! {
                    <Form action="/do/end_session">
                        <input type="hidden" name="handle" value=handle/>
                        <button class="button button-tiny">{text::END_SESSION}</button>
                    </Form>
                }.into_any()
            }}
        </li>
    }
}
