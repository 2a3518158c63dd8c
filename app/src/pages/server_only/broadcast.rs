//! Broadcasts: the form, and the page with the results.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use wire::{ConversationSummary, Topic};

use super::sheet::{Sheet, ShowMore, asked, no_page};
use crate::components::{Avatar, Form, Refusal, Rich};
use crate::page_queries::{Audiences, Results, SendResult, audiences, results};
use crate::returned::{in_textarea, typed, typed_all};
use crate::text;

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
    let Audiences { groups, people, is_admin, form_id } = audiences;
    let none = groups.is_empty() && people.is_empty();
    let rows = |targets: Vec<ConversationSummary>| {
        targets.into_iter().map(|what| view! { <Target what/> }).collect::<Vec<_>>()
    };
    let audience = typed(SEND, "audience").unwrap_or_else(|| "these".into());
    let audiences =
        [("these", text::TO_THESE), ("groups", text::TO_MY_GROUPS), ("everyone", text::TO_EVERYONE)]
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
        <Sheet title=text::BROADCAST.into() back="/people".into() back_to=text::PEOPLE.into()>
            <Form action=SEND class="card form">
                <input type="hidden" name="id" value=form_id.to_string()/>
                <fieldset>
                    <legend>{text::TO_WHOM}</legend>
                    {audiences}
                </fieldset>
                {none.then(|| view! { <p class="hint">{text::NOBODY_YET}</p> })}
                <ul class="listing listing-box">{rows(groups)} {rows(people)}</ul>
                <label for="text">{text::MESSAGE}</label>
                <textarea id="text" name="text" rows="4" required dir="auto" aria-describedby="broadcast-refused">
                    {typed(SEND, "text").map(in_textarea).unwrap_or_default()}
                </textarea>
                <Refusal id="broadcast-refused"/>
                <button class="button button-primary">{text::SEND}</button>
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
    let title =
        if told.is_pending { text::sending_to(told.count) } else { text::sent_to(told.sent, told.count) };
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
                    <a class="listing-end" href=format!("{path}?at={seq}#m{seq}")>{text::SENT}</a>
                }),
                SendResult::Refused(why) => {
                    EitherOf3::B(view! { <span class="refusal listing-end">{text::not_sent(&why)}</span> })
                }
                SendResult::Pending => EitherOf3::C(view! { <span class="hint listing-end">{text::SENDING}</span> }),
                SendResult::Failed => EitherOf3::C(view! { <span class="hint listing-end">{text::NOT_SENT}</span> }),
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
        <Sheet title back="/broadcast".into() back_to=text::BROADCAST.into()>
            <section class="card">
                <blockquote class="said"><Rich text=told.body/></blockquote>
                {told.is_pending.then(|| view! { <p class="hint">{text::STILL_SENDING}</p> })}
                <ul class="listing listing-box">{rows}</ul>
                <ShowMore more=after.is_some() address after/>
            </section>
        </Sheet>
    }
}
