use leptos::prelude::*;
use wire::{Topic, UserId};

use super::dynamic::dyn_view;
use crate::client::ChatClient;
use crate::text;

/// A dot for somebody who is connected: full if they are here, a ring if they have gone away.
#[component]
pub(crate) fn Presence(
    live: ChatClient,
    /// Where they are looked for.
    topic: Topic,
    user: UserId,
) -> impl IntoView {
    let here = Memo::new(move |_| live.whereabouts(&topic, user));
    dyn_view(move || {
        here.get().map(|here| {
            let (class, told) =
                (if here { "presence" } else { "presence presence-away" }, text::whereabouts(here));
            view! { <span class=class title=told><span class="visually-hidden">{told}</span></span> }
        })
    })
}
