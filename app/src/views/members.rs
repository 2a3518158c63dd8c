use leptos::either::Either;
use leptos::prelude::*;
use wire::{Member, Role, Summary, Topic};

use super::avatar::Avatar;
use super::changing::{flag, part};
use super::form::{Form, FormState};
use super::preferences::Preferences;
use super::presence::Presence;
use super::refusal::Refusal;
use crate::live::{Live, Timeline, role_of};
use crate::pages::reload;
use crate::text;

/// Who is in the group, and the way out of it. Beside the messages where there is room, else on request.
#[component]
pub(crate) fn Members(live: Live, timeline: Timeline) -> impl IntoView {
    let promote = FormState::of("/do/manage");
    let topic = timeline.topic();
    let id = match &timeline.what {
        Summary::Group(group) => group.id.to_string(),
        Summary::Direct { with, .. } => {
            let user = with.id.to_string();
            return Either::Left(view! { <About live topic user blocks=timeline.blocks/> });
        }
    };
    let members = timeline.members;
    let me = live.me.clone();
    let i_am_admin = {
        let (members, me) = (members.clone(), me.clone());
        Memo::new(move |_| members.with(|members| role_of(members, &me)) == Some(Role::Admin))
    };
    let form_id = id.clone();
    let (whose, at) = (live.clone(), topic.clone());
    let manage = format!("/g/{id}/admin");
    Either::Right(view! {
        <aside class="sheet members" id="members" popover aria-label=text::MEMBERS>
            <h2 class="label">{text::MEMBERS}</h2>
            <ul>
                <For
                    each=move || members.get()
                    key=|member| (member.person.id.to_string(), member.role == Role::Admin)
                    let(member)
                >
                    <Seat live=whose.clone() topic=at.clone() mine=member.person.id == me.id member i_am_admin group=id.clone() promote/>
                </For>
            </ul>
            <p class="refusal" role="alert">{part(move || promote.refused.get())}</p>
            <Show when=flag(move || i_am_admin.get())>
                <a class="button small manage" rel="external" href=manage.clone()>{text::MANAGE}</a>
            </Show>
            <Preferences live topic/>
            <Form action="/do/leave" class="leave">
                <input type="hidden" name="group" value=form_id/>
                <Refusal id="leave-refused"/>
                <button class="button quiet">{text::LEAVE}</button>
            </Form>
        </aside>
    })
}

/// What one wants of a direct, and the way to end it.
#[component]
fn About(
    live: Live,
    topic: Topic,
    /// The other one.
    user: String,
    /// Whether the viewer has blocked them.
    blocks: bool,
) -> impl IntoView {
    let (deed, label) = if blocks { ("false", text::UNBLOCK) } else { ("true", text::BLOCK) };
    view! {
        <aside class="sheet members" id="members" popover aria-label=text::ABOUT>
            <h2 class="label">{text::ABOUT}</h2>
            <a class="button small" rel="external" href=format!("/people/{user}")>{text::PROFILE}</a>
            <Preferences live topic/>
            <Form action="/do/block" class="form leave" done=Callback::new(|()| reload())>
                <input type="hidden" name="user" value=user/>
                <p class="hint">{text::BLOCK_HINT}</p>
                <Refusal id="block-refused"/>
                <button class="button quiet" name="on" value=deed>{label}</button>
            </Form>
        </aside>
    }
}

#[component]
fn Seat(
    live: Live,
    topic: Topic,
    member: Member,
    mine: bool,
    i_am_admin: Memo<bool>,
    group: String,
    promote: FormState,
) -> impl IntoView {
    let Member { person, role, .. } = member;
    let fields = StoredValue::new((group, person.id.to_string()));
    let is_admin = role == Role::Admin;
    view! {
        <li class="seat">
            <Avatar id=person.id.to_string() name=person.name.to_string() person=true/>
            {if mine {
                Either::Left(view! { <span class="name" dir="auto">{person.name.to_string()}</span> <span class="tag">{text::YOU}</span> })
            } else {
                Either::Right(view! {
                    <a class="name" dir="auto" href=format!("/d/{}", person.id)>{person.name.to_string()}</a>
                })
            }}
            <Presence live topic user=person.id/>
            {is_admin.then(|| view! { <span class="tag admin">{text::ADMIN}</span> })}
            <Show when=flag(move || i_am_admin.get() && !is_admin)>
                <Form action="/do/manage" class="promote" state=promote>
                    <input type="hidden" name="group" value=fields.with_value(|fields| fields.0.clone())/>
                    <input type="hidden" name="users[]" value=fields.with_value(|fields| fields.1.clone())/>
                    <button class="button tiny" name="deed" value="promote">{text::MAKE_ADMIN}</button>
                </Form>
            </Show>
        </li>
    }
}
