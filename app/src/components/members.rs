//! The member list of a conversation, with preferences and the button to leave or block.

use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wire::{ConversationSummary, Member, Role, Topic};

use super::avatar::Avatar;
use super::confirm::Confirm;
use super::dynamic::{dyn_bool, dyn_click, dyn_view};
use super::form::{Form, FormState};
use super::preferences::Preferences;
use super::presence::PresenceDot;
use super::refusal::Refusal;
use super::toast::{DelayedAction, Toasts};
use crate::browser::{reload, use_browser};
use crate::client::{ChatClient, Timeline, role_of};
use crate::i18n::use_texts;

/// Renders the members of the group, and the button to leave it: beside the messages if there is room, on request
/// otherwise.
#[component]
pub(crate) fn Members(client: ChatClient, timeline: Timeline) -> impl IntoView {
    let t = use_texts();
    let promote = FormState::of("/do/manage_members").shown();
    let topic = timeline.topic();
    let (id, group_name) = match &timeline.what {
        ConversationSummary::Group(group) => (group.id.to_string(), group.name.to_string()),
        ConversationSummary::Direct { with, .. } => {
            let user = with.id.to_string();
            let name = with.name.to_string();
            return Either::Left(view! { <DirectPanel client topic user name blocks=timeline.blocks/> });
        }
    };
    let (members, count) = (timeline.members, timeline.member_count);
    let more = {
        let members = members.clone();
        dyn_bool(move || usize::try_from(count.get()).is_ok_and(|count| count > members.with(Vec::len)))
    };
    let everyone = format!("/g/{id}/members");
    let me = client.me.clone();
    let i_am_admin = {
        let (members, me) = (members.clone(), me.clone());
        Memo::new(move |_| members.with(|members| role_of(members, &me)) == Some(Role::Admin))
    };
    let form_id = id.clone();
    let (whose, at) = (client.clone(), topic.clone());
    let manage = format!("/g/{id}/admin");
    Either::Right(view! {
        <aside class="sheet members" id="members" popover aria-label=t.members()>
            <h2 class="label">{t.members()}</h2>
            <ul class="listing">
                <For
                    each=move || members.get()
                    key=|member| (member.person.id.to_string(), member.role == Role::Admin)
                    let(member)
                >
                    <MemberItem client=whose.clone() topic=at.clone() mine=member.person.id == me.id member i_am_admin group=id.clone() promote/>
                </For>
            </ul>
            {dyn_view(move || more().then(|| view! { <a class="button button-small" rel="external" href=everyone.clone()>{t.see_all_members()}</a> }))}
            <p class="refusal" role="alert">{dyn_view(move || promote.refused.get().map(|refused| t.refusal(&refused)))}</p>
            {dyn_view(move || i_am_admin.get().then(|| view! { <a class="button button-small" rel="external" href=manage.clone()>{t.manage()}</a> }))}
            <Preferences client topic/>
            <Leave group=form_id name=group_name/>
        </aside>
    })
}

/// Renders the preferences of a direct, and the button to block.
#[component]
fn DirectPanel(
    client: ChatClient,
    topic: Topic,
    /// The id of the other user.
    user: String,
    name: String,
    /// True if the viewer has blocked them.
    blocks: bool,
) -> impl IntoView {
    let t = use_texts();
    view! {
        <aside class="sheet members" id="members" popover aria-label=t.conversation_details()>
            <h2 class="label">{t.conversation_details()}</h2>
            <a class="button button-small" rel="external" href=format!("/people/{user}")>{t.profile()}</a>
            <Preferences client topic/>
            <Form action="/do/block" class="form members-leave" done=Callback::new(|()| reload())>
                <input type="hidden" name="user" value=user/>
                <Refusal id="block-refused"/>
                {if blocks {
                    Either::Left(view! { <button class="button" name="on" value="false">{t.unblock()}</button> })
                } else {
                    Either::Right(view! {
                        <Confirm id="block" label=t.block() title=t.block_title(&name) says=t.block_consequences().into()>
                            <button class="button button-danger" name="on" value="true">{t.block()}</button>
                        </Confirm>
                    })
                }}
            </Form>
        </aside>
    }
}

/// Renders the button to leave a group. A script leaves at once, and for some seconds it can be undone; without one a
/// dialog asks.
#[component]
fn Leave(group: String, name: String) -> impl IntoView {
    let t = use_texts();
    let toasts: Toasts = expect_context();
    let navigate = use_navigate();
    let fields = format!("group={group}");
    let back = format!("/g/{group}");
    let words = t.you_left(&name);
    let leave = move |event: leptos::ev::MouseEvent| {
        if use_browser().is_none() {
            return;
        }
        event.prevent_default();
        let (go_back, back) = (navigate.clone(), back.clone());
        let undo = move || go_back(&back, NavigateOptions::default());
        toasts.hold(words.clone(), DelayedAction::new("/do/leave", fields.clone(), undo));
        navigate("/", NavigateOptions::default());
    };
    view! {
        <Form action="/do/leave" class="members-leave">
            <input type="hidden" name="group" value=group/>
            <Refusal id="leave-refused"/>
            <span on:click=dyn_click(leave)>
                <Confirm id="leave" label=t.leave_group() title=t.leave_title(&name) says=t.leave_consequences().into()>
                    <button class="button button-danger">{t.leave_group()}</button>
                </Confirm>
            </span>
        </Form>
    }
}

#[component]
fn MemberItem(
    client: ChatClient,
    topic: Topic,
    member: Member,
    mine: bool,
    i_am_admin: Memo<bool>,
    group: String,
    promote: FormState,
) -> impl IntoView {
    let t = use_texts();
    let Member { person, role, account, .. } = member;
    let fields = StoredValue::new((group, person.id.to_string()));
    let is_admin = role == Role::Admin;
    let promotion = dyn_view(move || {
        (i_am_admin.get() && !is_admin).then(|| {
            view! {
                <Form action="/do/manage_members" class="listing-end" state=promote>
                    <input type="hidden" name="group" value=fields.with_value(|fields| fields.0.clone())/>
                    <input type="hidden" name="users[]" value=fields.with_value(|fields| fields.1.clone())/>
                    <button class="button button-tiny" name="action" value="promote">{t.make_admin()}</button>
                </Form>
            }
        })
    });
    view! {
        <li class="listing-row">
            <Avatar id=person.id.to_string() name=person.name.to_string() person=true/>
            {if mine {
                Either::Left(view! { <span class="name" dir="auto">{person.name.to_string()}</span> <span class="tag">{t.you()}</span> })
            } else {
                Either::Right(view! {
                    <a class="name" dir="auto" href=format!("/d/{}", person.id)>{person.name.to_string()}</a>
                })
            }}
            <PresenceDot client topic user=person.id/>
            {is_admin.then(|| view! { <span class="tag tag-accent">{t.admin()}</span> })}
            {(!account).then(|| view! { <span class="tag">{t.guest()}</span> })}
            {promotion}
        </li>
    }
}
