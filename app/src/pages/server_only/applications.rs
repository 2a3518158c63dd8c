//! The pages on which the owner manages applications and their tokens.

use chat::ApiTokenRecord;
use chat::store::Application;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use wire::Timestamp;
use wire::limits::{DESCRIPTION_CHARS, GROUP_NAME_CHARS};

use super::sheet::{Sheet, ShowMore, asked, no_page};
use crate::clock::use_zone;
use crate::components::{Confirm, Form, Refusal};
use crate::i18n::{Sentence, Words, short_date, use_texts};
use crate::page_queries::{ApplicationData, ApplicationsData, application, applications};
use crate::returned::{in_textarea, typed, typed_all};

const CREATE: &str = "/do/create_application";
const CHANGE: &str = "/do/change_application";
const CREATE_TOKEN: &str = "/do/create_application_token";
const DELETE: &str = "/do/delete_application";

/// Renders the list of applications, and the form that creates one.
#[component]
pub(super) fn ApplicationsPage() -> impl IntoView {
    let found = applications(asked("after"));
    view! {
        <Suspense>
            {Suspend::new(async move {
                match found.await {
                    Ok(found) => view! { <Applications found/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

/// Renders the page of one application.
#[component]
pub(super) fn ApplicationPage() -> impl IntoView {
    let id = use_params_map().get_untracked().get("application").unwrap_or_default();
    let found = application(id);
    view! {
        <Suspense>
            {Suspend::new(async move {
                match found.await {
                    Ok(found) => view! { <OneApplication found/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Applications(found: ApplicationsData) -> impl IntoView {
    let t = use_texts();
    let ApplicationsData { applications, token } = found;
    let more = applications.more;
    let after = applications.items.last().map(|application| application.id.to_string());
    let rows: Vec<_> =
        applications.items.into_iter().map(|application| view! { <Row application/> }).collect();
    view! {
        <Sheet title=t.applications().into() back="/server".into() back_to=t.server_administration().into()>
            {token.map(|token| view! { <NewToken token/> })}
            <section class="card" aria-labelledby="applications">
                <h2 id="applications">{t.applications()}</h2>
                <p class="hint">{t.applications_hint()}</p>
                <ul class="listing listing-loose">{rows}</ul>
                <ShowMore more address="/server/applications?after=".into() after/>
            </section>
            <section class="card" aria-labelledby="create">
                <h2 id="create">{t.new_application()}</h2>
                <Form action=CREATE class="form">
                    <label for="title">{t.application_title()}</label>
                    <input id="title" name="title" required maxlength=GROUP_NAME_CHARS.to_string() dir="auto" value=typed(CREATE, "title")/>
                    <label for="description">{t.description()}</label>
                    <textarea id="description" name="description" rows="2" maxlength=DESCRIPTION_CHARS.to_string() dir="auto">
                        {in_textarea(typed(CREATE, "description").unwrap_or_default())}
                    </textarea>
                    <Refusal id="create-refused"/>
                    <button class="button button-primary">{t.create_application()}</button>
                </Form>
            </section>
        </Sheet>
    }
}

#[component]
fn Row(application: Application) -> impl IntoView {
    let t = use_texts();
    let Application { public_id, title, description, deleted, .. } = application;
    let (title, id) = (title.to_string(), public_id.to_string());
    let end = if deleted.is_some() {
        view! { <span class="hint listing-end">{t.application_being_deleted()}</span> }.into_any()
    } else {
        let label = t.manage_title(&title).plain();
        view! {
            <a class="button button-small listing-end" href=format!("/server/applications/{id}") aria-label=label>
                {t.manage()}
            </a>
        }
        .into_any()
    };
    view! {
        <li class="listing-row listing-tall">
            <span class="listing-words">
                <strong dir="auto">{title}</strong>
                <span class="hint" data-id>{id}</span>
                <span dir="auto">{description.as_str().to_owned()}</span>
            </span>
            {end}
        </li>
    }
}

/// Renders a token that is shown only now.
#[component]
fn NewToken(token: String) -> impl IntoView {
    let t = use_texts();
    view! {
        <section class="card form">
            <label for="new-token">{t.new_token_hint()}</label>
            <input id="new-token" readonly autocomplete="off" value=token/>
        </section>
    }
}

#[component]
fn OneApplication(found: ApplicationData) -> impl IntoView {
    let t = use_texts();
    let ApplicationData { application, tokens, token, is_built_in, now } = found;
    let (title, id) = (application.title.to_string(), application.public_id.to_string());
    view! {
        <Sheet title=Sentence::name(&title) back="/server/applications".into() back_to=t.applications().into()>
            {token.map(|token| view! { <NewToken token/> })}
            <section class="card" aria-labelledby="settings">
                <h2 id="settings">{t.settings()}</h2>
                <SettingsForm application/>
            </section>
            <section class="card" aria-labelledby="tokens">
                <h2 id="tokens">{t.api_tokens()}</h2>
                <Tokens id=id.clone() tokens now/>
            </section>
            <section class="card" aria-labelledby="webhooks">
                <h2 id="webhooks">{t.webhooks()}</h2>
                <p class="hint">{t.webhooks_hint()}</p>
                <p><a class="button" href=format!("/server/applications/{id}/webhooks")>{t.webhooks()}</a></p>
            </section>
            {(!is_built_in)
                .then(|| {
                    view! {
                        <section class="card card-danger" aria-labelledby="ending">
                            <h2 id="ending">{t.danger_zone()}</h2>
                            <DeleteForm id title/>
                        </section>
                    }
                })}
        </Sheet>
    }
}

#[component]
fn SettingsForm(application: Application) -> impl IntoView {
    let t = use_texts();
    let Application { public_id, title, description, config, .. } = application;
    let or = |field: &str, stored: String| typed(CHANGE, field).unwrap_or(stored);
    // An unticked checkbox is not sent.
    let ticked =
        |field: &str, stored: bool| typed_all(CHANGE, field).map_or(stored, |ticked| !ticked.is_empty());
    let implicit_creation = ticked("implicit_creation", config.implicit_creation);
    let user_conversations = ticked("user_conversations", config.user_conversations);
    let directory = ticked("directory", config.directory);
    view! {
        <Form action=CHANGE class="form">
            <input type="hidden" name="application" value=public_id.to_string()/>
            <label for="id">{t.application_id()}</label>
            <input id="id" readonly data-id value=public_id.to_string()/>
            <label for="title">{t.application_title()}</label>
            <input id="title" name="title" required maxlength=GROUP_NAME_CHARS.to_string() dir="auto" value=or("title", title.to_string())/>
            <label for="description">{t.description()}</label>
            <textarea id="description" name="description" rows="2" maxlength=DESCRIPTION_CHARS.to_string() dir="auto">
                {in_textarea(or("description", description.as_str().to_owned()))}
            </textarea>
            <label for="origins">{t.allowed_origins()}</label>
            <textarea id="origins" name="origins" rows="3" dir="ltr" spellcheck="false" placeholder="https://shop.example" aria-describedby="origins-hint">
                {in_textarea(or("origins", config.allowed_origins.join("\n")))}
            </textarea>
            <p class="hint" id="origins-hint">{t.allowed_origins_hint()}</p>
            <label class="form-choice">
                <input type="checkbox" name="implicit_creation" value="on" checked=implicit_creation aria-describedby="implicit-creation-hint"/>
                {t.implicit_creation()}
            </label>
            <p class="hint" id="implicit-creation-hint">{t.implicit_creation_hint()}</p>
            <label class="form-choice">
                <input type="checkbox" name="user_conversations" value="on" checked=user_conversations aria-describedby="user-conversations-hint"/>
                {t.user_conversations()}
            </label>
            <p class="hint" id="user-conversations-hint">{t.user_conversations_hint()}</p>
            <label class="form-choice">
                <input type="checkbox" name="directory" value="on" checked=directory aria-describedby="directory-hint"/>
                {t.directory()}
            </label>
            <p class="hint" id="directory-hint">{t.directory_hint()}</p>
            <Refusal id="settings-refused"/>
            <button class="button button-primary">{t.save()}</button>
        </Form>
    }
}

#[component]
fn Tokens(id: String, tokens: Vec<ApiTokenRecord>, now: Timestamp) -> impl IntoView {
    let t = use_texts();
    let none = tokens.is_empty();
    let rows: Vec<_> = tokens.into_iter().map(|record| view! { <TokenRow record now/> }).collect();
    view! {
        {none.then(|| view! { <p class="hint">{t.no_api_tokens()}</p> })}
        <ul class="listing listing-loose">{rows}</ul>
        <Form action=CREATE_TOKEN class="form">
            <input type="hidden" name="application" value=id/>
            <label for="label">{t.token_label()}</label>
            <input id="label" name="label" maxlength="80" dir="auto" value=typed(CREATE_TOKEN, "label")/>
            <p class="hint">{t.token_hint()}</p>
            <Refusal id="token-refused"/>
            <div class="actions">
                <button class="button button-primary" name="rotate" value="false">{t.create_token()}</button>
                <Confirm id="rotate" label=t.replace_tokens() class="button" title=t.replace_tokens_title().into() says=t.replace_tokens_consequences().into()>
                    <button class="button button-danger" name="rotate" value="true">{t.replace_tokens()}</button>
                </Confirm>
            </div>
        </Form>
    }
}

#[component]
fn TokenRow(record: ApiTokenRecord, now: Timestamp) -> impl IntoView {
    let t = use_texts();
    let zone = use_zone();
    let date = |at: Timestamp| short_date(&zone.get_untracked(), at);
    let ApiTokenRecord { label, created, used, expires, .. } = record;
    let used = match used {
        Some(used) => t.token_used(Words(&date(used))).plain(),
        None => t.token_unused().to_owned(),
    };
    let expires =
        expires.filter(|expires| *expires > now).map(|at| t.token_expires(Words(&date(at))).plain());
    let name = if label.is_empty() { t.token_without_label().to_owned() } else { label };
    view! {
        <li class="listing-row listing-tall">
            <span class="listing-words">
                <strong dir="auto">{name}</strong>
                <span class="hint">{t.token_created(Words(&date(created))).plain()} " · " {used}</span>
                {expires.map(|expires| view! { <span class="hint">{expires}</span> })}
            </span>
        </li>
    }
}

#[component]
fn DeleteForm(id: String, title: String) -> impl IntoView {
    let t = use_texts();
    let (question, label) = (t.delete_title(&title), t.delete_application_label(&title));
    view! {
        <Form action=DELETE class="form">
            <input type="hidden" name="application" value=id/>
            <Refusal id="delete-refused"/>
            <Confirm id="delete" label=t.delete_application() title=question says=t.delete_application_consequences().into()>
                <label for="typed">{label.view()}</label>
                <input id="typed" name="typed" required autocomplete="off" dir="auto" value=typed(DELETE, "typed") aria-describedby="delete-refused"/>
                <button class="button button-danger">{t.delete_application()}</button>
            </Confirm>
        </Form>
    }
}
