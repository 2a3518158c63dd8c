//! Broadcasts: the form, and the page with the results.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use wire::{ConversationSummary, Refused, Topic};

use super::sheet::{Sheet, ShowMore, asked, no_page};
use crate::components::{Avatar, Form, Refusal, Rich};
use crate::i18n::use_texts;
use crate::page_queries::{Audiences, Results, SendResult, audiences, results};
use crate::returned::{in_textarea, typed, typed_all};

const SEND: &str = "/do/broadcast";

/// Renders the form of a broadcast: its recipients and its text.
#[component]
pub(super) fn BroadcastPage() -> impl IntoView {
    let audiences = audiences();
    view! {
        <Suspense>
            {Suspend::new(async move {
                match audiences.await {
                    Ok(audiences) => view! { <Compose audiences/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Compose(audiences: Audiences) -> impl IntoView {
    let t = use_texts();
    let Audiences { groups, people, is_admin, form_id } = audiences;
    let none = groups.is_empty() && people.is_empty();
    let rows = |targets: Vec<ConversationSummary>| {
        targets.into_iter().map(|what| view! { <Target what/> }).collect::<Vec<_>>()
    };
    let audience = typed(SEND, "audience").unwrap_or_else(|| "these".into());
    let audiences = [
        ("these", t.recipients_selected()),
        ("groups", t.recipients_my_groups()),
        ("everyone", t.recipients_everyone()),
    ]
    .into_iter()
    .filter(|(value, _)| is_admin || *value != "everyone")
    .map(|(value, label)| {
        view! {
            <label class="form-choice">
                <input type="radio" name="audience" value=value checked=audience == value/>
                {label}
            </label>
        }
    })
    .collect_view();
    view! {
        <Sheet title=t.broadcast().into() back="/people".into() back_to=t.people().into()>
            <Form action=SEND class="card form">
                <input type="hidden" name="id" value=form_id.to_string()/>
                <fieldset>
                    <legend>{t.recipients()}</legend>
                    {audiences}
                </fieldset>
                {none.then(|| view! { <p class="hint">{t.nobody_yet()}</p> })}
                <ul class="listing listing-box">{rows(groups)} {rows(people)}</ul>
                <label for="text">{t.message()}</label>
                <textarea id="text" name="text" rows="4" required dir="auto" aria-describedby="broadcast-refused">
                    {typed(SEND, "text").map(in_textarea).unwrap_or_default()}
                </textarea>
                <Refusal id="broadcast-refused"/>
                <button class="button button-primary">{t.send()}</button>
            </Form>
        </Sheet>
    }
}

#[component]
fn Target(what: ConversationSummary) -> impl IntoView {
    let (topic, name): (Topic, String) = (what.topic(), what.title().to_owned());
    let topic = topic.to_string();
    let chosen = typed_all(SEND, "to[]").is_some_and(|to| to.contains(&topic));
    view! {
        <li>
            <label class="listing-row">
                <input type="checkbox" name="to[]" value=topic checked=chosen/>
                <Avatar id=what.avatar() name=name.clone() person=matches!(what, ConversationSummary::Direct { .. })/>
                <span class="name" dir="auto">{name}</span>
            </label>
        </li>
    }
}

/// Renders the results of a broadcast, one line for each conversation.
#[component]
pub(super) fn ResultsPage() -> impl IntoView {
    let seq = use_params_map().get_untracked().get("seq").and_then(|seq| seq.parse().ok());
    let told = results(seq.unwrap_or_default(), asked("from").unwrap_or_default());
    view! {
        <Suspense>
            {Suspend::new(async move {
                match told.await {
                    Ok(told) => view! { <BroadcastResultRow told/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn BroadcastResultRow(told: Results) -> impl IntoView {
    let t = use_texts();
    let title = match told.sent {
        _ if told.is_pending => t.sending_to(told.count),
        sent if sent == told.count => t.sent_to_all(sent),
        sent => t.sent_to(sent, told.count),
    };
    let (address, after) = (format!("/broadcast/{}?from=", told.seq), told.next.map(|next| next.to_string()));
    let rows: Vec<_> = told
        .results
        .into_iter()
        .map(|sent| {
            let (name, path) = (sent.to.title().to_owned(), sent.to.path());
            // The reason may be long.
            let row = match sent.result {
                SendResult::Refused(_) => "listing-row listing-tall",
                _ => "listing-row",
            };
            let result = match sent.result {
                SendResult::Sent(seq) => EitherOf3::A(view! {
                    <a class="listing-end" href=format!("{path}?at={seq}#m{seq}")>{t.sent_link()}</a>
                }),
                SendResult::Refused(why) => {
                    EitherOf3::B(view! { <span class="refusal listing-end">{t.not_sent_for(&Refused::from(&why))}</span> })
                }
                SendResult::Pending => EitherOf3::C(view! { <span class="hint listing-end">{t.sending()}</span> }),
                SendResult::Failed => EitherOf3::C(view! { <span class="hint listing-end">{t.not_sent()}</span> }),
            };
            view! {
                <li class=row>
                    <Avatar id=sent.to.avatar() name=name.clone() person=matches!(sent.to, ConversationSummary::Direct { .. })/>
                    <span class="name" dir="auto">{name}</span>
                    {result}
                </li>
            }
        })
        .collect();
    view! {
        <Sheet title back="/broadcast".into() back_to=t.broadcast().into()>
            <section class="card">
                <blockquote class="said"><Rich text=told.body/></blockquote>
                {told.is_pending.then(|| view! { <p class="hint">{t.still_sending()}</p> })}
                <ul class="listing listing-box">{rows}</ul>
                <ShowMore more=after.is_some() address after/>
            </section>
        </Sheet>
    }
}
