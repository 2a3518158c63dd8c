//! A row of the message list: a message, with its author, quote, reactions and delivery state, or a notice.

use leptos::either::{Either, EitherOf4};
use leptos::prelude::*;
use wire::{Event, Person, Quote, Reaction, SendId, Seq, UserId};

use super::attachment::Attachments;
use super::avatar::Avatar;
use super::conversation_context::ConversationContext;
use super::dynamic::{dyn_attr, dyn_bool, dyn_click, dyn_view};
use super::mark::Mark;
use super::message_actions::Acts;
use super::rich_text::Rich;
use super::time::{Day, Moment};
use super::toast::Toasts;
use crate::browser::use_browser;
use crate::client::{ChatClient, LinkState, Row, RowContent, RowHeader, RowState};
use crate::i18n::use_texts;

/// Renders one row of a timeline: a message, pending or delivered, or a notice. The row stays the same DOM node from
/// the moment the message is typed.
#[component]
pub(super) fn MessageRow(context: ConversationContext, row: Row) -> impl IntoView {
    let t = use_texts();
    let Row { key, content, lead } = row;
    let send_id = key.split_once('/').and_then(|(_, id)| SendId::new(id).ok());
    let day = Memo::new({
        let lead = lead.clone();
        move |_| lead.with(|lead: &RowHeader| lead.day)
    });
    let said = Memo::new({
        let content = content.clone();
        let (deleting, topic, me) = (context.toasts.deleting, context.topic(), context.client.me.clone());
        move |_| {
            let (event, at, seq) = content.with(|content| (content.event.clone(), content.at, content.seq));
            let goes = deleting
                .with(|gone| gone.as_ref().is_some_and(|(of, gone)| seq == Some(*gone) && *of == topic));
            match event {
                // The deletion can still be undone; no other user has received it yet.
                Event::Message { author, .. } if goes => (Event::Tombstone { author, by: me.clone() }, at),
                event => (event, at),
            }
        }
    });
    let state = Memo::new({
        let content = content.clone();
        move |_| content.with(|content| content.state.clone())
    });
    let seq = Memo::new(move |_| content.with(|content: &RowContent| content.seq));
    let client = context.client.clone();
    let divider = context.timeline.divider;
    let body = dyn_view(move || match said.get() {
        (
            Event::Message {
                author, body, reply_to, edited, reactions, recipients, attachments, bot, ..
            },
            at,
        ) => EitherOf4::A(view! {
            <Avatar id=author.id.to_string() name=author.name.to_string() person=true class="message-avatar"/>
            <div class="message-meta">
                <Author me=context.client.me.id author=author.clone() bot/>
                <Mark members=context.timeline.members.clone() user=author.id bot/>
                " " <Moment at/>
                {edited.map(|_| view! { " " <span class="message-edited">{t.edited_mark()}</span> })}
            </div>
            {(!recipients.is_empty()).then(|| view! { <p class="message-audience">{t.only_visible_to(&names(&recipients)).view()}</p> })}
            {reply_to.map(|quote| view! { <Quoted context=context.clone() quote/> })}
            <Rich text=body me=context.client.me.id/>
            <Attachments files=attachments/>
            {(!reactions.is_empty()).then(|| view! { <Reactions context=context.clone() seq reactions/> })}
            <MoreMenu context=context.clone() seq said/>
        }),
        (Event::Tombstone { author, by }, at) => EitherOf4::B(view! {
            <p class="message-notice">{t.deleted(&author, &by).view()} " " <Moment at/></p>
        }),
        (event, at) => match t.happened(&event) {
            Some(notice) => {
                EitherOf4::C(view! { <p class="message-notice">{notice.view()} " " <Moment at/></p> })
            }
            None => EitherOf4::D(()),
        },
    });
    let is_first_unread = move || divider.is_some() && seq.get() == divider;
    let is_message = move || matches!(said.get().0, Event::Message { .. });
    let is_pinned = move || matches!(said.get().0, Event::Message { pinned: true, .. });
    view! {
        <li
            class="row"
            id=dyn_attr(move || seq.get().map(|seq| format!("m{seq}")))
            class:message=dyn_bool(is_message)
            class:message-pinned=dyn_bool(is_pinned)
            class:message-follows=dyn_bool(move || lead.with(|lead| lead.follows))
            class:message-sending=dyn_bool(move || matches!(state.get(), RowState::Sending | RowState::Late))
            class:message-failed=dyn_bool(move || matches!(state.get(), RowState::Failed(_)))
        >
            {dyn_view(move || day.get().map(|day| view! { <Day day/> }))}
            {dyn_view(move || is_first_unread().then(|| view! { <div class="day day-new" id="divider"><span>{t.new_messages()}</span></div> }))}
            <div class="message-line">
                {body}
                <Delivery client state send_id/>
            </div>
        </li>
    }
}

/// Returns the names of people, apart by commas.
fn names(people: &[Person]) -> String {
    people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Renders the author, with a link to write to them alone; nobody writes to a bot.
#[component]
fn Author(me: UserId, author: Person, bot: bool) -> impl IntoView {
    let name = author.name.to_string();
    if bot || author.id == me {
        Either::Left(view! { <strong class="message-author" dir="auto">{name}</strong> })
    } else {
        Either::Right(
            view! { <a class="message-author" dir="auto" href=format!("/d/{}", author.id)>{name}</a> },
        )
    }
}

/// Renders the quote that a reply answers, as a link to the message.
#[component]
fn Quoted(context: ConversationContext, quote: Quote) -> impl IntoView {
    let t = use_texts();
    let excerpt = t.quoted(&quote);
    let Quote { seq, author, .. } = quote;
    let jump = move |event: leptos::ev::MouseEvent| {
        let anchor = format!("m{seq}");
        // Only a message that is not on this page needs another page.
        if document().get_element_by_id(&anchor).is_some() {
            event.prevent_default();
            let _ = window().location().set_hash(&anchor);
        }
    };
    view! {
        <a class="quote" href=context.link_to(seq) rel="external" on:click=dyn_click(jump)>
            <strong dir="auto">{author.name.to_string()}</strong> " " <bdi>{excerpt}</bdi>
        </a>
    }
}

#[component]
fn Reactions(
    context: ConversationContext,
    seq: Memo<Option<Seq>>,
    reactions: Vec<Reaction>,
) -> impl IntoView {
    let me = context.client.me.id;
    let buttons: Vec<_> = reactions
        .into_iter()
        .map(|Reaction { emoji, people }| {
            let (context, mine) = (context.clone(), people.contains(&me));
            let picture = emoji.to_string();
            let react = move |_| {
                if let Some(seq) = seq.get_untracked() {
                    context.react(seq, emoji.as_str());
                }
            };
            let label = format!("{picture}, {}", people.len());
            view! {
                <button class="reaction" type="button" aria-pressed=mine.to_string() aria-label=label on:click=dyn_click(react)>
                    {picture} " " <span>{people.len()}</span>
                </button>
            }
        })
        .collect();
    view! { <div class="reaction-list">{buttons}</div> }
}

/// Renders the button for a message's actions: a page of its own, or below the message once the page is hydrated.
#[component]
fn MoreMenu(
    context: ConversationContext,
    seq: Memo<Option<Seq>>,
    said: Memo<(Event, wire::Timestamp)>,
) -> impl IntoView {
    let t = use_texts();
    let open = context.open;
    let is_open = Memo::new(move |_| open.get().is_some() && open.get() == seq.get());
    let path = context.path();
    let toggle = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        open.update(|open| *open = if *open == seq.get_untracked() { None } else { seq.get_untracked() });
    };
    dyn_view(move || {
        let seq = seq.get()?;
        let context = context.clone();
        let acts = dyn_view(move || {
            is_open.get().then(|| {
                let (mine, pinned) = said.with_untracked(|(event, _)| match event {
                    Event::Message { author, pinned, .. } => (author.id == context.client.me.id, *pinned),
                    _ => (false, false),
                });
                view! { <Acts context=context.clone() seq mine pinned/> }
            })
        });
        Some(view! {
            <a
                class="message-more"
                href=format!("{path}/m/{seq}")
                rel="external"
                aria-label=t.message_actions()
                aria-expanded=dyn_attr(move || Some(is_open.get().to_string()))
                on:click=dyn_click(toggle)
            >
                "⋯"
            </a>
            {acts}
        })
    })
}

/// Returns true if the same message would be refused again: the server has one of its files no longer.
fn is_final(state: &RowState) -> bool {
    matches!(state, RowState::Failed(refused) if refused.code == "attachment_missing")
}

/// Renders the delivery state of a message that is not delivered yet.
#[component]
fn Delivery(client: ChatClient, state: Memo<RowState>, send_id: Option<SendId>) -> impl IntoView {
    let t = use_texts();
    let link = client.link.clone();
    let browser = use_browser();
    let acts = StoredValue::new((client, send_id));
    let act = move |act: fn(&ChatClient, &SendId)| {
        acts.with_value(|(client, id)| {
            if let (Some(id), Some(browser)) = (id, browser) {
                act(client, id);
                (browser.wake)();
            }
        });
    };
    let toasts: Toasts = expect_context();
    let copy = move |_| {
        acts.with_value(|(client, id)| {
            if let Some(text) = id.as_ref().and_then(|id| client.text_of(id)) {
                toasts.copy(text);
            }
        });
    };
    let stuck = move || match state.get() {
        RowState::Delivered => None,
        RowState::Sending if link.get() == LinkState::Online => None,
        RowState::Sending => Some(t.sent_when_online().to_owned()),
        RowState::Late => Some(t.no_response_yet().to_owned()),
        RowState::Failed(refused) => Some(t.not_sent_for(&refused)),
    };
    dyn_view(move || match (state.get(), stuck()) {
        (RowState::Delivered, _) => None,
        (_, None) => Some(Either::Left(view! { <p class="message-delivery">{t.sending()}</p> })),
        (state, Some(sentence)) => Some(Either::Right(view! {
            <p class="message-delivery" role="alert">
                {sentence} " "
                <button class="button-link" type="button" hidden=is_final(&state) on:click=dyn_click(move |_| act(ChatClient::retry))>{t.retry()}</button> " "
                <button class="button-link" type="button" on:click=dyn_click(copy)>{t.copy()}</button> " "
                <button class="button-link" type="button" on:click=dyn_click(move |_| act(ChatClient::discard))>{t.discard()}</button>
            </p>
        })),
    })
}
