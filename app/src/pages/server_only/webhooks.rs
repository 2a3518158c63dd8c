//! The page on which the owner manages the outgoing webhooks of an application, and the fields that both pages share.

use chat::WebhookStatus;
use chat::store::{Webhook, WebhookEvent, WebhookState};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use wire::limits::{PERSON_NAME_CHARS, WEBHOOK_URL_BYTES};

use super::sheet::{Sheet, no_page};
use crate::components::{Form, Refusal};
use crate::i18n::use_texts;
use crate::page_queries::{WebhooksData, webhooks};
use crate::returned::{in_textarea, typed, typed_all};

const CREATE: &str = "/do/create_webhook";

/// Renders the outgoing webhooks of an application, and the form that creates one.
#[component]
pub(super) fn WebhooksPage() -> impl IntoView {
    let id = use_params_map().get_untracked().get("application").unwrap_or_default();
    let found = webhooks(id);
    view! {
        <Suspense>
            {Suspend::new(async move {
                match found.await {
                    Ok(found) => view! { <Webhooks found/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Webhooks(found: WebhooksData) -> impl IntoView {
    let t = use_texts();
    let WebhooksData { application, title, webhooks, secret } = found;
    let path = format!("/server/applications/{application}");
    let none = webhooks.is_empty();
    let rows: Vec<_> = webhooks
        .into_iter()
        .map(|status| {
            let path = format!("{path}/webhooks/{}", status.webhook.name);
            view! { <Row status path/> }
        })
        .collect();
    view! {
        <Sheet title=t.webhooks_of(title.as_str()) back=path back_to=t.back_to(title.as_str())>
            {secret.map(|secret| view! { <NewSecret secret/> })}
            <section class="card" aria-labelledby="webhooks">
                <h2 id="webhooks">{t.webhooks()}</h2>
                <p class="hint">{t.webhooks_hint()}</p>
                {none.then(|| view! { <p class="hint">{t.no_webhooks()}</p> })}
                <ul class="listing listing-loose">{rows}</ul>
            </section>
            <section class="card" aria-labelledby="create">
                <h2 id="create">{t.new_webhook()}</h2>
                <Form action=CREATE class="form">
                    <input type="hidden" name="application" value=application/>
                    <label for="name">{t.hook_display_name()}</label>
                    <input id="name" name="name" required maxlength=PERSON_NAME_CHARS.to_string() autocomplete="off" dir="auto" value=typed(CREATE, "name")/>
                    <Fields action=CREATE/>
                    <Refusal id="create-refused"/>
                    <button class="button button-primary">{t.create_hook()}</button>
                </Form>
            </section>
        </Sheet>
    }
}

#[component]
fn Row(
    status: WebhookStatus,
    /// The address of its page.
    path: String,
) -> impl IntoView {
    let t = use_texts();
    let WebhookStatus { webhook, waiting } = status;
    let Webhook { name, url, state, failing_since, .. } = webhook;
    let name = name.to_string();
    let label = t.manage_title(&name).plain();
    let waiting = (waiting > 0).then(|| t.waiting_events(waiting).plain());
    let is_failing = failing_since.is_some() && state == WebhookState::Active;
    view! {
        <li class="listing-row listing-tall">
            <span class="listing-words">
                <strong><bdi data-id>{name}</bdi></strong>
                <span class="hint" dir="ltr">{url}</span>
                {waiting.map(|waiting| view! { <span class="hint">{waiting}</span> })}
                {is_failing.then(|| view! { <span class="hint">{t.webhook_fails()}</span> })}
            </span>
            <span class="actions listing-end">
                <State state/>
                <a class="button button-small" href=path aria-label=label>{t.manage()}</a>
            </span>
        </li>
    }
}

/// Renders the state of a webhook.
#[component]
pub(super) fn State(state: WebhookState) -> impl IntoView {
    let t = use_texts();
    let word = match state {
        WebhookState::Active => t.webhook_on(),
        WebhookState::Off => t.webhook_off(),
        WebhookState::Gone | WebhookState::Failing => t.webhook_stopped(),
    };
    view! { <span class="tag" class:tag-accent=state == WebhookState::Active>{word}</span> }
}

/// Renders a secret that is shown only now.
#[component]
pub(super) fn NewSecret(secret: String) -> impl IntoView {
    let t = use_texts();
    view! {
        <section class="card form">
            <label for="new-secret">{t.new_secret_hint()}</label>
            <input id="new-secret" readonly autocomplete="off" spellcheck="false" dir="ltr" value=secret/>
        </section>
    }
}

/// Renders the fields for the URL, the events and the conversations of a webhook.
#[component]
pub(super) fn Fields(
    /// The path of the server function, for the values that were typed.
    action: &'static str,
    /// The webhook as it is; none for a new one.
    #[prop(optional)]
    present: Option<Webhook>,
) -> impl IntoView {
    let t = use_texts();
    let (url, events, conversations) =
        present.map(|webhook| (webhook.url, webhook.events, webhook.conversations)).unwrap_or_default();
    let conversations: Vec<_> = conversations.into_iter().map(|conversation| conversation.name).collect();
    let or = |field: &str, stored: String| typed(action, field).unwrap_or(stored);
    let ticked = typed_all(action, "events[]");
    let choices: Vec<_> = WebhookEvent::ALL
        .into_iter()
        .map(|event| {
            let name = event.as_str();
            let checked = match &ticked {
                Some(ticked) => ticked.iter().any(|ticked| ticked == name),
                None => events.contains(&event),
            };
            view! {
                <label class="form-choice">
                    <input type="checkbox" name="events[]" value=name checked=checked/>
                    <code dir="ltr">{name}</code>
                </label>
            }
        })
        .collect();
    view! {
        <label for="url">{t.webhook_url()}</label>
        <input id="url" name="url" type="url" required maxlength=WEBHOOK_URL_BYTES.to_string() autocomplete="off" dir="ltr" placeholder="https://shop.example/events" value=or("url", url)/>
        <fieldset aria-describedby="events-hint">
            <legend>{t.webhook_events()}</legend>
            <p class="hint" id="events-hint">{t.webhook_events_hint()}</p>
            {choices}
        </fieldset>
        <label for="conversations">{t.conversations()}</label>
        <textarea id="conversations" name="conversations" rows="3" dir="ltr" spellcheck="false" aria-describedby="conversations-hint">
            {in_textarea(or("conversations", conversations.join("\n")))}
        </textarea>
        <p class="hint" id="conversations-hint">{t.webhook_conversations_hint()}</p>
    }
}
