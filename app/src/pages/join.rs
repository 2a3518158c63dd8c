use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use wire::GroupSummary;

use super::landing::IntroduceForm;
use crate::calls::Join;
use crate::text;
use crate::views::{Avatar, Plain, Refusal};

/// What somebody without a seat sees of a group whose link they opened.
#[component]
pub(super) fn JoinPage(
    group: GroupSummary,
    /// How many are there.
    members: u32,
    /// Whether the visitor has given a name already.
    named: bool,
    join: ServerAction<Join>,
) -> impl IntoView {
    let id = group.id.to_string();
    let refused = join.value();
    let count = usize::try_from(members).unwrap_or(usize::MAX);
    let form = if named {
        Either::Left(view! {
            <ActionForm action=join attr:class="card form">
                <input type="hidden" name="group" value=id/>
                <Refusal id="join-refused" result=move || refused.get().and_then(Result::err)/>
                <button class="button primary">{text::JOIN}</button>
            </ActionForm>
        })
    } else {
        Either::Right(view! { <IntroduceForm group=Some(id)/> })
    };
    view! {
        <Title text=text::join_title(group.name.as_str())/>
        <Plain>
            <Avatar id=group.id.to_string() name=group.name.to_string() large=true/>
            <h1 dir="auto">{group.name.to_string()}</h1>
            <p class="slogan">{text::member_count(count)}</p>
            {form}
        </Plain>
    }
}
