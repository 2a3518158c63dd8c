//! The typing indicator or delivery receipt: one status line below the messages.

use leptos::prelude::*;
use wire::ConversationSummary;

use super::conversation_context::ConversationContext;
use super::dynamic::dyn_view;
use crate::i18n::{Sentence, use_texts};

/// Renders the status line below the messages: the users who are typing, or else the receipt of the viewer's newest
/// message.
#[component]
pub(crate) fn Footnote(context: ConversationContext) -> impl IntoView {
    let t = use_texts();
    let ConversationContext { client, timeline, .. } = context;
    let (me, topic) = (client.me.id, timeline.topic());
    let is_direct = matches!(timeline.what, ConversationSummary::Direct { .. });
    let typing = client.typing;
    let names = move || {
        typing.with(|typing| {
            let here = typing.iter().filter(|typing| typing.topic == topic);
            here.map(|typing| typing.person.name.to_string()).collect::<Vec<_>>()
        })
    };
    let receipt = Memo::new(move |_| timeline.receipt(me));
    let come = move || receipt.get().map(|receipt| t.receipt(&receipt, is_direct).view());
    view! {
        <div class="status-line" aria-live="off">
            <p class="status-line-typing">{dyn_view(move || t.typing(&names()).map(Sentence::view))}</p>
            <p class="status-line-receipt">{dyn_view(come)}</p>
        </div>
    }
}
