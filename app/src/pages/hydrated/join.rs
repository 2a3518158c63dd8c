//! The page to join a group, for visitors with its link.

use leptos::either::EitherOf3;
use leptos::prelude::*;
use leptos_meta::Title;
use wire::{GroupSummary, Refused};

use super::landing::IntroduceForm;
use crate::components::{Avatar, Form, Plain, Refusal};
use crate::i18n::use_texts;

/// Renders the join page, for visitors who open the link of a group without being members.
#[component]
pub(super) fn JoinPage(
    group: GroupSummary,
    /// The number of members.
    members: u32,
    /// The reason for which nobody can join now, if any.
    closed: Option<Refused>,
    /// The invite in the link.
    invite: Option<String>,
    /// True if the visitor has a name already.
    named: bool,
    /// Called once the visitor is a member.
    joined: Callback<()>,
    /// True if the address is that of a message.
    linked: bool,
) -> impl IntoView {
    let t = use_texts();
    let id = group.id.to_string();
    let form = if let Some(closed) = closed {
        EitherOf3::A(
            view! { <p class="refusal">{t.refusal(&closed)}</p> <p><a class="button" href="/">{t.back_home()}</a></p> },
        )
    } else if named {
        EitherOf3::B(view! {
            <Form action="/do/join" class="card form" done=joined>
                <input type="hidden" name="group" value=id/>
                {invite.map(|invite| view! { <input type="hidden" name="invite" value=invite/> })}
                <Refusal id="join-refused"/>
                <button class="button button-primary">{t.join()}</button>
            </Form>
        })
    } else {
        EitherOf3::C(view! { <IntroduceForm group=Some(id) invite/> })
    };
    view! {
        <Title text=t.join_title(group.name.as_str()).plain()/>
        <Plain>
            <Avatar id=group.id.to_string() name=group.name.to_string() large=true/>
            <h1 dir="auto">{group.name.to_string()}</h1>
            <p class="slogan">{t.member_count(members).plain()}</p>
            {linked.then(|| view! { <p class="hint">{t.members_read()}</p> })}
            {form}
        </Plain>
    }
}
