use leptos::prelude::*;
use wire::Topic;

use super::changing::says;
use crate::live::Live;
use crate::text;

/// Who is typing in a group, under its messages.
#[component]
pub(crate) fn WhoTypes(live: Live, topic: Topic) -> impl IntoView {
    let typing = live.typing;
    let names = move || {
        typing.with(|typing| {
            let here = typing.iter().filter(|typing| typing.topic == topic);
            here.map(|typing| typing.person.name.to_string()).collect::<Vec<_>>()
        })
    };
    view! { <p class="typing" aria-live="off">{says(move || text::typing(&names()))}</p> }
}
