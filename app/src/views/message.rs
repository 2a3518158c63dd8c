use leptos::either::EitherOf3;
use leptos::prelude::*;
use wire::{Event, SendId};

use super::avatar::Avatar;
use super::moment::{Day, Moment};
use super::rich_text::Rich;
use crate::browser::use_browser;
use crate::live::{Lead, LinkState, Live, Row, RowState};
use crate::text;

/// One row of a timeline: a message, on its way or delivered, or a notice. The row stays the same node of
/// the page from the moment it was typed.
#[component]
pub(super) fn MessageRow(live: Live, row: Row) -> impl IntoView {
    let Row { key, content, lead } = row;
    let send_id = key.split_once('/').and_then(|(_, id)| SendId::new(id).ok());
    let day = Memo::new({
        let lead = lead.clone();
        move |_| lead.with(|lead: &Lead| lead.day)
    });
    let event = Memo::new({
        let content = content.clone();
        move |_| content.with(|content| (content.event.clone(), content.at))
    });
    let state = Memo::new({
        let content = content.clone();
        move |_| content.with(|content| content.state.clone())
    });
    let anchor = move || content.with(|content| content.seq.map(|seq| format!("m{seq}")));
    let body = move || match event.get() {
        (Event::Message { author, body, .. }, at) => EitherOf3::A(view! {
            <Avatar id=author.id.to_string() name=author.name.to_string()/>
            <div class="meta">
                <strong class="author" dir="auto">{author.name.to_string()}</strong>
                " " <Moment at/>
            </div>
            <Rich text=body/>
        }),
        (event, at) => match text::happened(&event) {
            Some(notice) => {
                EitherOf3::B(view! { <p class="notice" dir="auto">{notice} " " <Moment at/></p> })
            }
            None => EitherOf3::C(()),
        },
    };
    let is_message = move || matches!(event.get().0, Event::Message { .. });
    view! {
        <li
            class="row"
            id=anchor
            class:message=is_message
            class:follows=move || lead.with(|lead| lead.follows)
            class:sending=move || state.get() == RowState::Sending
            class:failed=move || matches!(state.get(), RowState::Failed(_))
        >
            {move || day.get().map(|day| view! { <Day day/> })}
            <div class="line">
                {body}
                <Delivery live state send_id/>
            </div>
        </li>
    }
}

/// How far a message has come, while it is not there yet.
#[component]
fn Delivery(live: Live, state: Memo<RowState>, send_id: Option<SendId>) -> impl IntoView {
    let link = live.link.clone();
    let browser = use_browser();
    let acts = StoredValue::new((live, send_id));
    let act = move |act: fn(&Live, &SendId)| {
        acts.with_value(|(live, id)| {
            if let (Some(id), Some(browser)) = (id, browser) {
                act(live, id);
                (browser.wake)();
            }
        });
    };
    move || match state.get() {
        RowState::Delivered => EitherOf3::A(()),
        RowState::Sending => {
            let waiting = link.get() != LinkState::Online;
            EitherOf3::B(view! {
                <p class="delivery">{if waiting { text::WAITING } else { text::SENDING }}</p>
            })
        }
        RowState::Failed(sentence) => EitherOf3::C(view! {
            <p class="delivery" role="alert">
                {text::NOT_SENT} " " {sentence} " "
                <button class="link" type="button" on:click=move |_| act(Live::retry)>{text::RETRY}</button> " "
                <button class="link" type="button" on:click=move |_| act(Live::discard)>{text::DISCARD}</button>
            </p>
        }),
    }
}
