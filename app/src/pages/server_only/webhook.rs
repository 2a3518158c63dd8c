//! The page on which the owner manages one outgoing webhook: its state, a test, its deliveries, its secret.

use chat::store::{Delivery, DeliveryState, Webhook, WebhookState};
use chat::{ListPart, WebhookStatus, WebhookTest};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use wire::Timestamp;

use super::sheet::{Sheet, ShowMore, asked, no_page};
use super::webhooks::{Fields, NewSecret, State};
use crate::clock::use_zone;
use crate::components::{Confirm, Enter, Form, FormState, Refusal};
use crate::i18n::{Sentence, Words, use_texts};
use crate::page_queries::{WebhookData, webhook};
use crate::returned::typed;

const CHANGE: &str = "/do/change_webhook";
const SWITCH: &str = "/do/switch_webhook";
const TEST: &str = "/do/test_webhook";
const ROTATE: &str = "/do/rotate_webhook";
const REPLAY: &str = "/do/replay_webhook";
const REPLAY_ONE: &str = "/do/replay_delivery";
const DELETE: &str = "/do/delete_webhook";

/// The application and the name of the webhook of the page, which each of its forms sends; in context.
#[derive(Clone)]
struct Target {
    application: String,
    name: String,
}

/// Renders the page of one outgoing webhook.
#[component]
pub(super) fn WebhookPage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    let param = |name: &str| params.get(name).unwrap_or_default();
    let found = webhook(param("application"), param("webhook"), asked("before"));
    view! {
        <Suspense>
            {Suspend::new(async move {
                match found.await {
                    Ok(found) => view! { <OneWebhook found/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn OneWebhook(found: WebhookData) -> impl IntoView {
    let t = use_texts();
    let WebhookData { application, status, deliveries, secret, test, now } = found;
    let name = status.webhook.name.to_string();
    let list = format!("/server/applications/{application}/webhooks");
    let path = format!("{list}/{name}?before=");
    provide_context(Target { application, name: name.clone() });
    let (present, previous) = (status.webhook.clone(), status.webhook.previous_key_until);
    let previous = previous.filter(|until| *until > now);
    view! {
        <Sheet title=Sentence::name(&name) back=list back_to=t.webhooks().into()>
            {secret.map(|secret| view! { <NewSecret secret/> })}
            <section class="card form" aria-labelledby="state">
                <h2 id="state">{t.webhook_state()}</h2>
                <Status status test/>
            </section>
            <section class="card" aria-labelledby="deliveries">
                <h2 id="deliveries">{t.webhook_deliveries()}</h2>
                <Deliveries deliveries path/>
            </section>
            <section class="card" aria-labelledby="settings">
                <h2 id="settings">{t.settings()}</h2>
                <Form action=CHANGE class="form">
                    <TargetFields/>
                    <Fields action=CHANGE present/>
                    <Refusal id="settings-refused"/>
                    <button class="button button-primary">{t.save()}</button>
                </Form>
            </section>
            <section class="card form" aria-labelledby="secret">
                <h2 id="secret">{t.webhook_secret()}</h2>
                <Rotation previous/>
            </section>
            <section class="card card-danger" aria-labelledby="ending">
                <h2 id="ending">{t.danger_zone()}</h2>
                <Form action=DELETE class="form">
                    <TargetFields/>
                    <Confirm id="delete" label=t.delete_webhook() title=t.delete_title(&name) says=t.delete_webhook_consequences().into()>
                        <button class="button button-danger">{t.delete_webhook()}</button>
                    </Confirm>
                </Form>
            </section>
        </Sheet>
    }
}

/// Renders the hidden fields of a form that is about one webhook.
#[component]
fn TargetFields() -> impl IntoView {
    let target = expect_context::<Target>();
    view! {
        <input type="hidden" name="application" value=target.application/>
        <input type="hidden" name="webhook" value=target.name/>
    }
}

/// Renders the state of a webhook, with the buttons that switch and test it.
#[component]
fn Status(status: WebhookStatus, test: Option<WebhookTest>) -> impl IntoView {
    let t = use_texts();
    let zone = use_zone().get_untracked();
    let WebhookStatus { webhook, waiting } = status;
    let Webhook { url, state, failing_since, .. } = webhook;
    let is_on = state == WebhookState::Active;
    let failing_since = failing_since.filter(|_| is_on);
    let says = match (state, failing_since) {
        (WebhookState::Active, None) => t.webhook_on_hint().to_owned(),
        (WebhookState::Active, Some(since)) => {
            t.webhook_failing_since(Words(&t.moment(&zone, since))).plain()
        }
        (WebhookState::Off, _) => t.webhook_off_hint().to_owned(),
        (WebhookState::Gone, _) => t.webhook_gone_hint().to_owned(),
        (WebhookState::Failing, _) => t.webhook_failing_hint().to_owned(),
    };
    let waiting = (waiting > 0).then(|| t.waiting_events(waiting).plain());
    view! {
        <p class="actions"><State state/> <span dir="ltr" class="listing-words">{url}</span></p>
        <p class="hint">{says}</p>
        {waiting.map(|waiting| view! { <p class="hint">{waiting}</p> })}
        {test.map(|test| view! { <TestResult test/> })}
        <div class="actions">
            <Form action=TEST>
                <TargetFields/>
                <button class="button">{t.test_webhook()}</button>
            </Form>
            <Form action=SWITCH>
                <TargetFields/>
                <button class="button" class:button-primary=!is_on name="on" value=if is_on { "false" } else { "true" }>
                    {if is_on { t.switch_webhook_off() } else { t.switch_webhook_on() }}
                </button>
            </Form>
        </div>
    }
}

/// Renders the result of a test.
#[component]
fn TestResult(test: WebhookTest) -> impl IntoView {
    let t = use_texts();
    let WebhookTest { status, millis, answer } = test;
    let is_taken = status.is_some_and(|status| (200..300).contains(&status));
    let says = if is_taken { t.test_delivered() } else { t.test_failed() };
    view! {
        <div role="status">
            <p class:refusal=!is_taken>{says}</p>
            <Answer status millis answer/>
        </div>
    }
}

/// Renders the answer of a receiver: the status and the duration, and the text or the reason that there was none.
#[component]
fn Answer(status: Option<u16>, millis: u32, answer: String) -> impl IntoView {
    let t = use_texts();
    let (head, text) = match status {
        Some(status) => (t.answer_status(u32::from(status), millis).plain(), answer),
        None => (t.no_answer(Words(&answer), millis).plain(), String::new()),
    };
    let text = Some(text).filter(|text| !text.trim().is_empty());
    view! {
        <span class="hint">{head}</span>
        {text.map(|text| view! {
            <details>
                <summary class="hint">{t.answer_text()}</summary>
                <pre class="webhook-answer" dir="auto">{text}</pre>
            </details>
        })}
    }
}

/// Renders deliveries, each with a button that sends it again, and the form that sends everything since a time.
#[component]
fn Deliveries(
    deliveries: ListPart<Delivery>,
    /// The address of the older ones, without the position at which they begin.
    path: String,
) -> impl IntoView {
    let t = use_texts();
    let replayed = FormState::of(REPLAY_ONE).shown();
    let refused = replayed.refused.get_untracked().map(|refused| t.refusal(&refused));
    let none = deliveries.items.is_empty();
    let (more, after) = (deliveries.more, deliveries.items.last().map(|delivery| delivery.job.0.to_string()));
    let rows: Vec<_> =
        deliveries.items.into_iter().map(|delivery| view! { <DeliveryRow delivery replayed/> }).collect();
    view! {
        <p class="hint">{t.webhook_deliveries_hint()}</p>
        <p class="refusal" role="alert">{refused}</p>
        {none.then(|| view! { <p class="hint">{t.no_deliveries()}</p> })}
        <ul class="listing listing-loose">{rows}</ul>
        <ShowMore more address=path after/>
        <Form action=REPLAY class="form" enter=Enter::Nothing>
            <TargetFields/>
            <label for="since">{t.replay_since()}</label>
            <input id="since" name="since" type="datetime-local" required dir="ltr" aria-describedby="since-hint replay-refused" value=typed(REPLAY, "since")/>
            <p class="hint" id="since-hint">{t.replay_since_hint()}</p>
            <Refusal id="replay-refused"/>
            <Confirm id="replay" label=t.replay() class="button" title=t.replay_title().into() says=t.replay_consequences().into()>
                <button class="button button-primary">{t.replay()}</button>
            </Confirm>
        </Form>
    }
}

#[component]
fn DeliveryRow(delivery: Delivery, replayed: FormState) -> impl IntoView {
    let t = use_texts();
    let Delivery { job, arguments, attempt, state, status, millis, answer, at } = delivery;
    let word = match state {
        DeliveryState::Delivered => t.delivery_delivered(),
        DeliveryState::Failed => t.delivery_failed(),
        DeliveryState::Dead => t.delivery_dead(),
    };
    let at = t.moment(&use_zone().get_untracked(), at);
    let attempts = (attempt > 1).then(|| t.attempts(attempt).plain());
    let event = arguments.event.as_str();
    view! {
        <li class="listing-row listing-tall">
            <span class="listing-words">
                <strong><code dir="ltr">{event}</code></strong>
                <span class="hint"><bdi data-id>{arguments.topic.to_string()}</bdi> " · " {arguments.seq.to_string()}</span>
                <span class="hint">{at} {attempts.map(|attempts| format!(" · {attempts}"))}</span>
                <Answer status millis answer/>
            </span>
            <span class="actions listing-end">
                <span class="tag" class:tag-accent=state == DeliveryState::Delivered>{word}</span>
                <Form action=REPLAY_ONE state=replayed>
                    <TargetFields/>
                    <input type="hidden" name="delivery" value=job.0.to_string()/>
                    <button class="button button-small" aria-label=t.send_again_label(event).plain()>{t.send_again()}</button>
                </Form>
            </span>
        </li>
    }
}

/// Renders the button that replaces the secret, and the time until which the one before works as well.
#[component]
fn Rotation(previous: Option<Timestamp>) -> impl IntoView {
    let t = use_texts();
    let zone = use_zone().get_untracked();
    let previous = previous.map(|until| t.previous_secret_until(Words(&t.moment(&zone, until))).plain());
    view! {
        <p class="hint">{t.webhook_secret_hint()}</p>
        {previous.map(|previous| view! { <p class="hint">{previous}</p> })}
        <Form action=ROTATE>
            <TargetFields/>
            <Confirm id="rotate" label=t.rotate_secret() class="button" title=t.rotate_secret_title().into() says=t.rotate_secret_consequences().into()>
                <button class="button button-danger">{t.rotate_secret()}</button>
            </Confirm>
        </Form>
    }
}
