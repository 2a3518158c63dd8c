//! The presence dot: here or away.

use leptos::prelude::*;
use wire::{Topic, UserId};

use super::dynamic::dyn_view;
use crate::client::ChatClient;
use crate::i18n::use_texts;

/// Renders a dot for a connected user: full if they are here, a ring if they are away.
#[component]
pub(crate) fn PresenceDot(
    client: ChatClient,
    /// The topic in which their presence is looked up.
    topic: Topic,
    user: UserId,
) -> impl IntoView {
    let t = use_texts();
    let here = Memo::new(move |_| client.whereabouts(&topic, user));
    dyn_view(move || {
        here.get().map(|here| {
            let (class, told) =
                (if here { "presence" } else { "presence presence-away" }, t.whereabouts(here));
            view! { <span class=class title=told><span class="visually-hidden">{told}</span></span> }
        })
    })
}
