//! The page on which admins manage a group: settings, members, invites, bans.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use wire::limits::{DESCRIPTION_CHARS, GROUP_NAME_CHARS};
use wire::{GroupAdminView, Invite, JoinPolicy, Member, Person, Role, Settings, Timestamp};

use super::audit::AuditLog;
use super::hooks::Hooks;
use super::sheet::{Sheet, ShowMore, asked, no_page};
use crate::components::{Avatar, Confirm, Enter, Form, Refusal};
use crate::i18n::{Texts, WEEK, use_texts};
use crate::page_queries::{GroupAdminData, management};
use crate::returned::{in_textarea, typed, typed_all};

const UPDATE_SETTINGS: &str = "/do/update_settings";
const MANAGE_MEMBERS: &str = "/do/manage_members";

/// Renders the page on which admins manage a group.
#[component]
pub(super) fn AdminPage() -> impl IntoView {
    let group = use_params_map().get_untracked().get("group").unwrap_or_default();
    let find = use_query_map().get_untracked().get("find").unwrap_or_default();
    let managed = management(group, find.clone(), asked("after"));
    view! {
        <Suspense>
            {Suspend::new(async move {
                match managed.await {
                    Ok(managed) => view! { <Admin managed find/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Admin(
    managed: GroupAdminData,
    /// A search: members whose name contains this.
    find: String,
) -> impl IntoView {
    let t = use_texts();
    let GroupAdminData { management, more, known, link, hooks, hook_url, now } = managed;
    let GroupAdminView { id, settings, max_limit, members, member_count, bans, invites, audit } = management;
    let id = id.to_string();
    let archived = settings.archived;
    let name = settings.name.to_string();
    view! {
        <Sheet title=t.manage_title(&name) back=format!("/g/{id}") back_to=t.back_to(&name)>
            <section class="card" aria-labelledby="settings">
                <h2 id="settings">{t.settings()}</h2>
                <SettingsForm group=id.clone() settings max_limit/>
            </section>
            <section class="card" aria-labelledby="members">
                <h2 id="members">{t.member_count(member_count).plain()}</h2>
                <MembersForm group=id.clone() members more find now/>
                {(!known.is_empty()).then(|| view! { <AddMembersForm group=id.clone() known/> })}
            </section>
            <section class="card" aria-labelledby="invites">
                <h2 id="invites">{t.invites()}</h2>
                <InvitesForm group=id.clone() invites link now/>
            </section>
            <section class="card" aria-labelledby="hooks">
                <h2 id="hooks">{t.hooks()}</h2>
                <Hooks group=id.clone() hooks url=hook_url/>
            </section>
            {(!bans.is_empty())
                .then(|| {
                    view! {
                        <section class="card" aria-labelledby="bans">
                            <h2 id="bans">{t.banned()}</h2>
                            <Bans group=id.clone() bans/>
                        </section>
                    }
                })}
            <section class="card" aria-labelledby="audit">
                <h2 id="audit">{t.audit_log()}</h2>
                <AuditLog page=audit says=Texts::group_event path=format!("/g/{id}/audit")/>
            </section>
            <section class="card card-danger" aria-labelledby="ending">
                <h2 id="ending">{t.danger_zone()}</h2>
                <DangerZone group=id name archived/>
            </section>
        </Sheet>
    }
}

#[component]
fn SettingsForm(group: String, settings: Settings, max_limit: u32) -> impl IntoView {
    let t = use_texts();
    let or = |field: &str, stored: String| typed(UPDATE_SETTINGS, field).unwrap_or(stored);
    let slow_s = or("slow_s", settings.slow_s.to_string());
    let slow = t.slow_modes().map(|(seconds, label)| {
        view! { <option value=seconds selected=slow_s == seconds.to_string()>{label}</option> }
    });
    let join_policies = [
        (JoinPolicy::Listed, "listed", t.join_policy_listed()),
        (JoinPolicy::Open, "open", t.join_policy_open()),
        (JoinPolicy::Invite, "invite", t.join_policy_invite()),
    ];
    let chosen_join_policy = typed(UPDATE_SETTINGS, "join_policy");
    let join_policy = join_policies.map(|(join_policy, value, label)| {
        let checked = chosen_join_policy.as_ref().map_or(settings.join_policy == join_policy, |chosen| chosen == value);
        view! { <label class="form-choice"><input type="radio" name="join_policy" value=value checked=checked/>{label}</label> }
    });
    // An unticked checkbox is not sent.
    let announcing =
        typed_all(UPDATE_SETTINGS, "announcing").map_or(settings.announcing, |ticked| !ticked.is_empty());
    view! {
        <Form action=UPDATE_SETTINGS class="form">
            <input type="hidden" name="group" value=group/>
            <label for="name">{t.group_name()}</label>
            <input id="name" name="name" required maxlength=GROUP_NAME_CHARS.to_string() dir="auto" value=or("name", settings.name.to_string())/>
            <label for="description">{t.description()}</label>
            <textarea id="description" name="description" rows="2" maxlength=DESCRIPTION_CHARS.to_string() dir="auto">
                {in_textarea(or("description", settings.description.as_str().to_owned()))}
            </textarea>
            <label for="limit">{t.member_limit()}</label>
            <input id="limit" name="limit" type="number" min="1" max=max_limit.to_string() required aria-describedby="limit-hint" value=or("limit", settings.limit.to_string())/>
            <p class="hint" id="limit-hint">{t.member_limit_hint()}</p>
            <fieldset>
                <legend>{t.who_can_join()}</legend>
                {join_policy}
            </fieldset>
            <label for="slow">{t.slow_mode()}</label>
            <select id="slow" name="slow_s">{slow}</select>
            <label class="form-choice">
                <input type="checkbox" name="announcing" value="on" checked=announcing/>
                {t.only_admins_post()}
            </label>
            <Refusal id="settings-refused"/>
            <button class="button button-primary">{t.save()}</button>
        </Form>
    }
}

#[component]
fn MembersForm(
    group: String,
    members: Vec<Member>,
    more: bool,
    find: String,
    now: Timestamp,
) -> impl IntoView {
    let t = use_texts();
    let after = members.last().filter(|_| find.is_empty()).map(|member| member.person.id.to_string());
    let address = format!("/g/{group}/admin?after=");
    let rows: Vec<_> = members.into_iter().map(|member| view! { <MemberRow member now/> }).collect();
    let none = rows.is_empty();
    let actions = t.member_actions().map(|(action, label)| {
        view! { <button class="button button-small" name="action" value=action>{label}</button> }
    });
    view! {
        <form class="search" role="search" action=format!("/g/{group}/admin")>
            <label for="find">{t.find_member()}</label>
            <input id="find" name="find" type="search" dir="auto" value=find/>
            <button class="button">{t.find()}</button>
        </form>
        <Form action=MANAGE_MEMBERS class="form" enter=Enter::Nothing>
            <input type="hidden" name="group" value=group/>
            <ul class="listing listing-box">{rows}</ul>
            <ShowMore more address after/>
            {none.then(|| view! { <p class="hint">{t.no_members_match()}</p> })}
            <Refusal id="manage-refused"/>
            <div class="actions" role="group" aria-label=t.with_selected_members()>
                {actions}
                <Confirm id="remove" label=t.remove() class="button button-small" title=t.remove_title().into() says=t.remove_consequences().into()>
                    <button class="button button-danger" name="action" value="remove">{t.remove()}</button>
                </Confirm>
                <Confirm id="ban" label=t.ban() class="button button-small" title=t.ban_title().into() says=t.ban_consequences().into()>
                    <button class="button button-danger" name="action" value="ban">{t.ban()}</button>
                </Confirm>
            </div>
        </Form>
    }
}

/// Renders the form that adds a member. The form of the members shows its refusal.
#[component]
fn AddMembersForm(group: String, known: Vec<Person>) -> impl IntoView {
    let t = use_texts();
    let chosen = typed_all(MANAGE_MEMBERS, "users[]").unwrap_or_default();
    let option = |person: Person| {
        let id = person.id.to_string();
        let selected = chosen.contains(&id);
        view! { <option value=id selected=selected>{person.name.to_string()}</option> }
    };
    let options: Vec<_> = known.into_iter().map(option).collect();
    view! {
        <Form action=MANAGE_MEMBERS class="form">
            <input type="hidden" name="group" value=group/>
            <label for="add">{t.add_members()}</label>
            <div class="form-row">
                <select id="add" name="users[]">{options}</select>
                <button class="button" name="action" value="add">{t.add()}</button>
            </div>
        </Form>
    }
}

#[component]
fn MemberRow(member: Member, now: Timestamp) -> impl IntoView {
    let t = use_texts();
    let Member { person, role, account, muted_until, .. } = member;
    let muted = muted_until.is_some_and(|until| until > now);
    let id = person.id.to_string();
    let chosen = typed_all(MANAGE_MEMBERS, "users[]").is_some_and(|users| users.contains(&id));
    view! {
        <li>
            <label class="listing-row">
                <input type="checkbox" name="users[]" value=id checked=chosen/>
                <Avatar id=person.id.to_string() name=person.name.to_string() person=true/>
                <span class="name" dir="auto">{person.name.to_string()}</span>
                {(role == Role::Admin).then(|| view! { <span class="tag tag-accent">{t.admin()}</span> })}
                {(!account).then(|| view! { <span class="tag">{t.guest()}</span> })}
                {muted.then(|| view! { <span class="tag">{t.muted()}</span> })}
            </label>
        </li>
    }
}

#[component]
fn InvitesForm(group: String, invites: Vec<Invite>, link: String, now: Timestamp) -> impl IntoView {
    let t = use_texts();
    let wanted = typed("/do/create_invite", "minutes").unwrap_or_else(|| WEEK.to_string());
    let spans = t.invite_lifetimes().map(|(minutes, label)| {
        view! { <option value=minutes selected=minutes.to_string() == wanted>{label}</option> }
    });
    let rows: Vec<_> = invites
        .into_iter()
        .map(|invite| {
            let group = group.clone();
            let address = format!("{link}?invite={}", invite.id);
            let field = format!("invite-{}", invite.id);
            let works = t.invite_works(&invite, now);
            view! {
                <li class="form">
                    <label for=field.clone()>{works}</label>
                    <div class="form-row">
                        <input id=field readonly value=address/>
                        <Form action="/do/revoke_invite">
                            <input type="hidden" name="group" value=group/>
                            <input type="hidden" name="invite" value=invite.id.to_string()/>
                            <Confirm id=format!("revoke-{}", invite.id) label=t.revoke() class="button" title=t.revoke_title().into() says=t.revoke_consequences().into()>
                                <button class="button button-danger">{t.revoke()}</button>
                            </Confirm>
                        </Form>
                    </div>
                </li>
            }
        })
        .collect();
    view! {
        <ul class="listing listing-loose">{rows}</ul>
        <Form action="/do/create_invite" class="form">
            <input type="hidden" name="group" value=group/>
            <label for="minutes">{t.expires_after()}</label>
            <select id="minutes" name="minutes">{spans}</select>
            <label for="uses">{t.max_uses()}</label>
            <input id="uses" name="uses" type="number" min="1" inputmode="numeric" placeholder=t.unlimited() value=typed("/do/create_invite", "uses")/>
            <Refusal id="invite-refused"/>
            <button class="button button-primary">{t.create_invite_link()}</button>
        </Form>
    }
}

#[component]
fn Bans(group: String, bans: Vec<Person>) -> impl IntoView {
    let t = use_texts();
    let rows: Vec<_> = bans
        .into_iter()
        .map(|person| {
            let group = group.clone();
            view! {
                <li class="listing-row">
                    <Avatar id=person.id.to_string() name=person.name.to_string() person=true/>
                    <span class="name" dir="auto">{person.name.to_string()}</span>
                    <Form action=MANAGE_MEMBERS class="listing-end">
                        <input type="hidden" name="group" value=group/>
                        <input type="hidden" name="users[]" value=person.id.to_string()/>
                        <button class="button button-tiny" name="action" value="unban">{t.unban()}</button>
                    </Form>
                </li>
            }
        })
        .collect();
    view! { <ul class="listing">{rows}</ul> }
}

#[component]
fn DangerZone(group: String, name: String, archived: bool) -> impl IntoView {
    let t = use_texts();
    let hint = if archived { t.archived_hint() } else { t.archive_hint() };
    let archiving = group.clone();
    let (archive_title, delete_title) = (t.archive_title(&name), t.delete_title(&name));
    view! {
        <Form action="/do/archive" class="form">
            <input type="hidden" name="group" value=archiving/>
            <input type="hidden" name="archived" value=(!archived).to_string()/>
            <p class="hint">{hint}</p>
            <Refusal id="archive-refused"/>
            {if archived {
                view! { <button class="button">{t.unarchive()}</button> }.into_any()
            } else {
                view! {
                    <Confirm id="archive" label=t.archive() class="button" title=archive_title says=t.archive_hint().into()>
                        <button class="button button-danger">{t.archive()}</button>
                    </Confirm>
                }
                .into_any()
            }}
        </Form>
        <Form action="/do/delete_group" class="form">
            <input type="hidden" name="group" value=group/>
            <Refusal id="delete-refused"/>
            <Confirm id="delete" label=t.delete_group() title=delete_title says=t.delete_group_consequences().into()>
                <label for="typed">{t.delete_label(&name).view()}</label>
                <input id="typed" name="typed" required autocomplete="off" dir="auto" value=typed("/do/delete_group", "typed") aria-describedby="delete-refused"/>
                <button class="button button-danger">{t.delete_group()}</button>
            </Confirm>
        </Form>
    }
}
