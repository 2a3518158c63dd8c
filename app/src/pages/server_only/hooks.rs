//! The incoming webhooks of a group, on the page on which admins manage it.

use chat::store::Hook;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use wire::Person;
use wire::limits::PERSON_NAME_CHARS;

use crate::clock::use_zone;
use crate::components::{Avatar, Confirm, Form, Refusal};
use crate::i18n::{Sentence, Words, short_date, use_texts};
use crate::returned::typed;

const CREATE: &str = "/do/create_hook";
const ROTATE: &str = "/do/rotate_hook";
const DELETE: &str = "/do/delete_hook";

/// The script of the button that copies a URL: the page has no other. Pages over plain http have no asynchronous
/// clipboard, but the older command. The button is hidden as long as the script does not run.
const COPY: &str = "{const b=document.getElementById('copy-hook'),f=document.getElementById('hook-url');\
    b.hidden=false;b.onclick=async()=>{let done=false;\
    try{await navigator.clipboard.writeText(f.value);done=true}catch{}\
    if(!done){f.focus();f.select();done=document.execCommand('copy')}\
    if(done)b.textContent=b.dataset.copied}}";

/// Renders the incoming webhooks of a group, and the form that creates one.
#[component]
pub(super) fn Hooks(
    group: String,
    /// Each with its creator, if that is known.
    hooks: Vec<(Hook, Option<Person>)>,
    /// The URL that the form before has made, shown once.
    url: Option<String>,
) -> impl IntoView {
    let t = use_texts();
    let rows: Vec<_> = hooks
        .into_iter()
        .map(|(hook, creator)| {
            let group = group.clone();
            view! { <Row group hook creator/> }
        })
        .collect();
    view! {
        <p class="hint">{t.hooks_hint()}</p>
        {url.map(|url| view! { <NewUrl url/> })}
        <ul class="listing listing-loose">{rows}</ul>
        <Form action=CREATE class="form">
            <input type="hidden" name="group" value=group/>
            <label for="hook-name">{t.hook_display_name()}</label>
            <input id="hook-name" name="name" required maxlength=PERSON_NAME_CHARS.to_string() autocomplete="off" dir="auto" value=typed(CREATE, "name")/>
            <Refusal id="hook-refused"/>
            <button class="button button-primary">{t.create_hook()}</button>
        </Form>
    }
}

/// Renders a URL that is shown only now, with a button that copies it.
#[component]
fn NewUrl(url: String) -> impl IntoView {
    let t = use_texts();
    view! {
        <div class="form form-secret" role="status">
            <label for="hook-url">{t.new_hook_hint()}</label>
            <div class="form-row">
                <input id="hook-url" readonly autocomplete="off" spellcheck="false" dir="ltr" value=url/>
                <button id="copy-hook" class="button" type="button" hidden data-copied=t.copied()>{t.copy()}</button>
            </div>
            <script nonce=use_nonce()>{COPY}</script>
        </div>
    }
}

#[component]
fn Row(group: String, hook: Hook, creator: Option<Person>) -> impl IntoView {
    let t = use_texts();
    let Hook { name, bot, created, .. } = hook;
    let name = name.to_string();
    let display_name = bot.name.to_string();
    let (rotate_title, delete_title) = (t.rotate_hook_title(&display_name), t.delete_title(&display_name));
    let date = short_date(&use_zone().get_untracked(), created);
    let created = match &creator {
        Some(by) => t.hook_created_by(Words(&date), by).plain(),
        None => t.token_created(Words(&date)).plain(),
    };
    view! {
        <li class="listing-row listing-tall">
            <Avatar id=bot.id.to_string() name=display_name.clone() person=true/>
            <span class="listing-words">
                <strong dir="auto">{display_name}</strong>
                <span class="hint"><bdi data-id>{name.clone()}</bdi> " · " {created}</span>
            </span>
            <span class="actions listing-end">
                <Act action=ROTATE group=group.clone() name=name.clone() label=t.rotate_hook() title=rotate_title says=t.rotate_hook_consequences()/>
                <Act action=DELETE group name label=t.delete() title=delete_title says=t.delete_hook_consequences()/>
            </span>
        </li>
    }
}

/// Renders the button of an act on a webhook, which asks for confirmation.
#[component]
fn Act(
    action: &'static str,
    group: String,
    name: String,
    label: &'static str,
    title: Sentence,
    says: &'static str,
) -> impl IntoView {
    let id = format!("{}-{name}", action.rsplit('/').next().unwrap_or_default());
    view! {
        <Form action=action>
            <input type="hidden" name="group" value=group/>
            <input type="hidden" name="hook" value=name/>
            <Confirm id label class="button button-small" title says=says.into()>
                <button class="button button-danger">{label}</button>
            </Confirm>
        </Form>
    }
}
