//! The page of one message: read state, edit, delete, react, pin, reply.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use wire::{Event, Person, Seq};

use super::sheet::{Sheet, no_page};
use crate::components::{Attachments, Confirm, Form, FormState, Refusal, Rich};
use crate::i18n::{Sentence, Texts, use_texts};
use crate::page_queries::{MessageData, message};
use crate::returned::{in_textarea, typed};

const AMEND: &str = "/do/amend";

/// Renders one message and its actions, as forms.
#[component]
pub(super) fn MessagePage() -> impl IntoView {
    let params = use_params_map().get_untracked();
    let seq = params.get("seq").and_then(|seq| seq.parse().ok()).unwrap_or_default();
    let told = message(params.get("group"), params.get("person"), seq);
    view! {
        <Suspense>
            {Suspend::new(async move {
                match told.await {
                    Ok(told) => view! { <Message told/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Message(told: MessageData) -> impl IntoView {
    let t = use_texts();
    let MessageData { what, entry, me, mine, is_admin, come, form_id } = told;
    let seq = entry.seq;
    let back = format!("{}?at={seq}#m{seq}", what.path());
    let (name, topic) = (what.title().to_owned(), what.topic().to_string());
    let Event::Message { author, text: words, body, pinned, attachments, bot, .. } = entry.data else {
        return view! {
            <Sheet title=Sentence::name(&name) back=what.path() back_to=t.back_to(&name)>
                <section class="card">
                    <p>{t.message_gone()}</p>
                    <p><a class="button" href=what.path()>{t.back_to(&name).view()}</a></p>
                </section>
            </Sheet>
        }
        .into_any();
    };
    // Three forms have the same action; one line shows the refusal of any of them.
    let amended = FormState::of(AMEND).shown();
    let action = {
        let topic = topic.clone();
        move |action: &'static str, label: &'static str| view! { <ActionForm topic=topic.clone() seq action label amended/> }
    };
    let (replying, reacting, deleting) = (topic.clone(), topic.clone(), topic.clone());
    view! {
        <Sheet title=t.message_of(&author) back back_to=t.back_to(&name)>
            {bot.then(|| view! { <p><span class="tag tag-bot">{t.bot()}</span></p> })}
            <section class="card"><Rich text=body me=me.id/><Attachments files=attachments/></section>
            <dl class="receipts">{come.into_iter().zip(t.delivery_states()).filter_map(|(people, label)| come_to(t, people, label)).collect_view()}</dl>
            <p class="refusal" role="alert">{amended.refused.get_untracked().map(|refused| t.refusal(&refused))}</p>
            <section class="card">
                <Form action="/do/post" class="form">
                    <input type="hidden" name="topic" value=replying/>
                    <input type="hidden" name="id" value=form_id.to_string()/>
                    <input type="hidden" name="reply_to" value=seq.to_string()/>
                    <label for="reply">{t.reply()}</label>
                    <textarea id="reply" name="text" rows="2" required dir="auto">
                        {typed("/do/post", "text").map(in_textarea).unwrap_or_default()}
                    </textarea>
                    <Refusal id="reply-refused"/>
                    <button class="button button-primary">{t.send()}</button>
                </Form>
                <Form action=AMEND class="form" state=amended>
                    <input type="hidden" name="topic" value=reacting/>
                    <input type="hidden" name="target" value=seq.to_string()/>
                    <label for="emoji">{t.reaction()}</label>
                    <input id="emoji" name="emoji" required autocomplete="off" value=typed(AMEND, "emoji").unwrap_or_else(|| "👍".into())/>
                    <div class="actions">
                        <button class="button" name="action" value="react">{t.add_reaction()}</button>
                        <button class="button" name="action" value="unreact">{t.remove_reaction()}</button>
                    </div>
                </Form>
                {mine.then(|| view! { <Edit topic seq words amended/> })}
            </section>
            <div class="actions">
                {(is_admin && !pinned).then(|| action("pin", t.pin()))}
                {(is_admin && pinned).then(|| action("unpin", t.unpin()))}
                {(is_admin || mine).then(|| view! {
                    <Form action="/do/amend" state=amended>
                        <input type="hidden" name="topic" value=deleting/>
                        <input type="hidden" name="target" value=seq.to_string()/>
                        <Confirm id="delete" label=t.delete() title=t.delete_message_title().into() says=t.delete_message_consequences().into()>
                            <button class="button button-danger" name="action" value="delete">{t.delete()}</button>
                        </Confirm>
                    </Form>
                })}
            </div>
        </Sheet>
    }
    .into_any()
}

/// Renders the users with one delivery state, by name.
fn come_to(t: Texts, people: Vec<Person>, label: &'static str) -> Option<impl IntoView> {
    let name = |(place, person): (usize, Person)| {
        view! { {(place > 0).then(|| t.list_separator())} <bdi>{person.name.to_string()}</bdi> }
    };
    let names: Vec<_> = people.into_iter().enumerate().map(name).collect();
    (!names.is_empty()).then(|| view! { <div><dt>{label}</dt> <dd>{names}</dd></div> })
}

#[component]
fn Edit(topic: String, seq: Seq, words: String, amended: FormState) -> impl IntoView {
    let t = use_texts();
    view! {
        <Form action=AMEND class="form" state=amended>
            <input type="hidden" name="topic" value=topic/>
            <input type="hidden" name="target" value=seq.to_string()/>
            <label for="text">{t.edit()}</label>
            <textarea id="text" name="text" rows="3" required dir="auto">
                {in_textarea(typed(AMEND, "text").unwrap_or(words))}
            </textarea>
            <button class="button" name="action" value="edit">{t.save()}</button>
        </Form>
    }
}

#[component]
fn ActionForm(
    topic: String,
    seq: Seq,
    action: &'static str,
    label: &'static str,
    amended: FormState,
) -> impl IntoView {
    view! {
        <Form action=AMEND state=amended>
            <input type="hidden" name="topic" value=topic/>
            <input type="hidden" name="target" value=seq.to_string()/>
            <button class="button" name="action" value=action>{label}</button>
        </Form>
    }
}
