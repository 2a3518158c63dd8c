//! The actions of a message: react, reply, mark unread, edit, delete, pin, copy the link.

use leptos::prelude::*;
use wire::{Amendment, Seq};

use super::conversation_context::ConversationContext;
use super::dynamic::dyn_click;
use super::toast::Toasts;
use crate::i18n::{Words, use_texts};

/// The reactions that are one press away.
const QUICK: [&str; 8] = ["👍", "❤️", "😂", "🎉", "😮", "😢", "👀", "✅"];

/// Renders the actions of a message, below it, on request.
#[component]
pub(super) fn Acts(context: ConversationContext, seq: Seq, mine: bool, pinned: bool) -> impl IntoView {
    let t = use_texts();
    let act = |label: &'static str, run: fn(&ConversationContext, Seq)| {
        let context = context.clone();
        view! { <button class="button button-tiny" type="button" on:click=dyn_click(move |_| run(&context, seq))>{label}</button> }
    };
    let quick: Vec<_> = QUICK
        .into_iter()
        .map(|emoji| {
            let context = context.clone();
            view! {
                <button class="reaction" type="button" aria-label=t.react_with(Words(emoji)).plain() on:click=dyn_click(move |_| context.react(seq, emoji))>
                    {emoji}
                </button>
            }
        })
        .collect();
    let is_admin = context.is_admin.get_untracked();
    let link = context.link_to(seq);
    let toasts: Toasts = expect_context();
    let close = context.open;
    let copy = move |_| {
        toasts.copy(window().location().origin().unwrap_or_default() + &link);
        close.set(None);
    };
    view! {
        <div class="message-actions" role="toolbar" aria-label=t.message_actions()>
            {quick}
            {act(t.reply(), |context, seq| context.reply(seq))}
            {(!mine).then(|| act(t.mark_unread(), |context, seq| context.mark_unread(seq)))}
            {mine.then(|| act(t.edit(), |context, seq| context.edit(seq)))}
            {(mine || is_admin).then(|| act(t.delete(), |context, seq| context.delete(seq)))}
            {(is_admin && !pinned).then(|| act(t.pin(), |context, seq| { context.amend(seq, Amendment::Pin(true)); }))}
            {(is_admin && pinned).then(|| act(t.unpin(), |context, seq| { context.amend(seq, Amendment::Pin(false)); }))}
            <button
                class="button button-tiny"
                type="button"
                on:click=dyn_click(copy)
            >
                {t.copy_link()}
            </button>
        </div>
    }
}
