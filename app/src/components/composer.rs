//! The composer: the message form, with drafts, files, replies and edits.

use leptos::html::Textarea;
use leptos::prelude::*;
use leptos::web_sys::{KeyboardEvent, SubmitEvent};
use wire::{Amendment, Event, Refused, SendId};

use super::attach::{AttachButton, DraftFiles, empty_once_sent};
use super::autocomplete::{Autocomplete, Completions, active};
use super::conversation_context::{ComposerMode, ConversationContext};
use super::dynamic::{dyn_attr, dyn_bool, dyn_click, dyn_effect, dyn_event, dyn_key, dyn_view};
use super::form::{FormState, PageField};
use super::keys::key;
use super::picker::Picker;
use crate::browser::use_browser;
use crate::client::{SendOutcome, draft_keys};
use crate::i18n::use_texts;
use crate::page_session::PageSession;
use crate::returned::{in_textarea, typed};

/// Renders the composer. It is a real form, so that it works before the script has loaded; text typed until then
/// stays.
#[component]
pub(crate) fn Composer(
    context: ConversationContext,
    /// The id of the form's message, if it is sent without a script.
    form_id: SendId,
) -> impl IntoView {
    let t = use_texts();
    let field = NodeRef::<Textarea>::new();
    let completer = Autocomplete::new(field, context.timeline.clone(), context.client.me.id);
    let topic = context.topic();
    let [draft_name, _] = draft_keys(context.client.me.id, &topic);
    let forget = {
        let name = draft_name.clone();
        move || keep_draft(&name, "")
    };
    let send = {
        let context = context.clone();
        move || {
            let (Some(_), Some(field)) = (use_browser(), field.get_untracked()) else { return };
            let typed = field.value();
            let edits = context.mode.with_untracked(ComposerMode::edits);
            if edits && !wire::has_visible_text(&typed) {
                context.client.trouble.set(Some(Refused::by_code("edit_empty")));
            } else if hand_in(&context, typed) {
                field.set_value("");
                // The draft from before an edit comes back, and stays stored.
                if !edits {
                    forget();
                }
            }
        }
    };
    let on_submit = {
        let send = send.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            send();
        }
    };
    let on_key = {
        let (context, completer) = (context.clone(), completer.clone());
        move |event: KeyboardEvent| {
            if completer.takes(&event) {
                return;
            }
            let empty = field.get_untracked().is_none_or(|field| field.value().is_empty());
            match key(&event).as_deref() {
                Some("Enter") if !event.shift_key() && !breaks_lines() => {
                    event.prevent_default();
                    send();
                }
                Some("ArrowUp") if empty && edit_newest(&context) => event.prevent_default(),
                Some("Escape") if context.mode.get_untracked() != ComposerMode::Say => {
                    event.prevent_default();
                    context.mode.set(ComposerMode::Say);
                }
                _ => {}
            }
        }
    };
    let on_input = {
        let (context, completer, name) = (context.clone(), completer.clone(), draft_name.clone());
        move |event| {
            completer.look();
            if !context.mode.with_untracked(ComposerMode::edits) {
                keep_draft(&name, &event_target_value(&event));
            }
            if let Some(browser) = use_browser() {
                context.client.typed(&context.timeline.topic(), (browser.now)());
                (browser.wake)();
            }
        }
    };
    let (retyped, aside) = (StoredValue::new(None::<String>), StoredValue::new(None::<String>));
    fill_for_edit(&context, field, retyped, aside);
    bring_edit_back(&context, retyped);
    empty_once_sent(&context, field, aside);
    bring_draft_back(draft_name, field);
    write_after_switch(field);
    let (held, topic_held, mode) = (context.client.clone(), topic.clone(), context.mode);
    let refused = FormState::of("/do/post").shown().refused.get_untracked();
    let draft = typed("/do/post", "text").map(in_textarea).unwrap_or_default();
    view! {
        <form class="composer" method="post" action="/do/post" enctype="multipart/form-data" on:submit=on_submit>
            <PageField/>
            <input type="hidden" name="topic" value=topic.to_string()/>
            <input type="hidden" name="id" value=form_id.to_string()/>
            {refused.map(|refused| view! { <p class="refusal" role="alert">{t.refusal(&refused)}</p> })}
            <ErrorLine context=context.clone()/>
            <ModeBar context=context.clone()/>
            <DraftFiles context=context.clone()/>
            <Completions completer=completer.clone()/>
            <textarea
                node_ref=field
                name="text"
                rows="1"
                readonly=dyn_bool(move || held.held_of(&topic_held).is_some() && !mode.with(ComposerMode::edits))
                aria-label=t.message()
                placeholder=t.message()
                dir="auto"
                enterkeyhint="send"
                aria-autocomplete="list"
                aria-controls="completions"
                aria-activedescendant=dyn_attr(active(&completer))
                on:blur={
                    let completer = completer.clone();
                    move |_| completer.close()
                }
                on:keydown=dyn_key(on_key)
                on:input=dyn_event(on_input)
            >
                {draft}
            </textarea>
            <AttachButton context/>
            <Picker completer/>
            <button class="button-icon composer-send" aria-label=t.send()>
                <svg aria-hidden="true"><use href="/icons.svg#send"></use></svg>
            </button>
        </form>
    }
}

/// Stores the draft for the viewer's return; an empty text deletes it.
fn keep_draft(name: &str, text: &str) {
    if let Some(browser) = use_browser() {
        (browser.keep)(name, text);
    }
}

/// Focuses the field after a switch of conversations. The first page leaves the focus to the browser, and on a touch
/// screen the keyboard would cover half of the page.
fn write_after_switch(field: NodeRef<Textarea>) {
    let session: PageSession = expect_context();
    let switched = session.has_shown_one();
    dyn_effect(move || {
        if let Some(field) = field.get().filter(|_| switched && !breaks_lines()) {
            let _ = field.focus();
        }
    });
}

/// Restores the draft of this conversation; text typed meanwhile stays.
fn bring_draft_back(name: String, field: NodeRef<Textarea>) {
    dyn_effect(move || {
        let (Some(field), Some(browser)) = (field.get(), use_browser()) else { return };
        if field.value().is_empty()
            && let Some(draft) = (browser.kept)(&name)
        {
            field.set_value(&draft);
        }
    });
}

/// Posts the text and the draft's files, as a message or a reply, or sends the text as an edit; returns false if it
/// stays in the composer.
fn hand_in(context: &ConversationContext, text: String) -> bool {
    let Some(browser) = use_browser() else { return false };
    let mode = context.mode.get_untracked();
    let reply_to = match mode {
        ComposerMode::Edit(seq) => {
            let asked = context.amend(seq, Amendment::Edit(text));
            if asked {
                context.mode.set(ComposerMode::Say);
            }
            return asked;
        }
        ComposerMode::Reply(quote) => Some(quote),
        ComposerMode::Say => None,
    };
    let (client, topic) = (&context.client, context.topic());
    let text = if wire::has_visible_text(&text) { text } else { String::new() };
    if text.is_empty() && client.files_of(&topic).is_empty() || client.held_of(&topic).is_some() {
        return false;
    }
    let id = SendId::from_bytes((browser.random)());
    let is_posted = client.send(&topic, id, &text, reply_to, (browser.now)()) == SendOutcome::Posted;
    if is_posted {
        context.mode.set(ComposerMode::Say);
    }
    (browser.wake)();
    is_posted
}

/// Begins to edit the viewer's newest message; returns false if there is none here.
fn edit_newest(context: &ConversationContext) -> bool {
    let newest = context.timeline.newest_of(&context.client.me).and_then(|content| content.seq);
    if let Some(seq) = newest {
        context.edit(seq);
    }
    newest.is_some()
}

/// Fills the field with the text of the message being edited, and empties it when the edit ends; the draft from
/// before comes back.
fn fill_for_edit(
    context: &ConversationContext,
    field: NodeRef<Textarea>,
    retyped: StoredValue<Option<String>>,
    aside: StoredValue<Option<String>>,
) {
    let (mode, timeline) = (context.mode, context.timeline.clone());
    let mut edited = false;
    dyn_effect(move || {
        let mode = mode.get();
        let edits = mode.edits();
        let edited = std::mem::replace(&mut edited, edits);
        let Some(field) = field.get_untracked() else { return };
        match &mode {
            ComposerMode::Edit(seq) => {
                if !edited {
                    aside.set_value(Some(field.value()));
                }
                if let Some(text) = retyped.try_update_value(Option::take).flatten() {
                    field.set_value(&text);
                } else if let Some(Event::Message { text, .. }) =
                    timeline.content(*seq).map(|content| content.event)
                {
                    field.set_value(&text);
                }
                let _ = field.focus();
            }
            ComposerMode::Reply(_) | ComposerMode::Say => {
                if let Some(text) = aside.try_update_value(Option::take).flatten() {
                    field.set_value(&text);
                }
                if matches!(mode, ComposerMode::Reply(_)) {
                    let _ = field.focus();
                }
            }
        }
    });
}

/// Reopens a refused edit with the text as typed; an edit that has begun meanwhile stays.
fn bring_edit_back(context: &ConversationContext, retyped: StoredValue<Option<String>>) {
    let context = context.clone();
    dyn_effect(move || {
        let Some(edit) = context.client.refused_edit.get().filter(|edit| edit.topic == context.topic())
        else {
            return;
        };
        context.client.refused_edit.set(None);
        if !context.mode.with_untracked(ComposerMode::edits) {
            retyped.set_value(Some(edit.text));
            context.edit(edit.target);
        }
    });
}

/// Renders the composer mode, if it is not a new message, and a way to cancel it.
#[component]
fn ModeBar(context: ConversationContext) -> impl IntoView {
    let t = use_texts();
    let (mode, timeline) = (context.mode, context.timeline);
    let label = move || match mode.get() {
        ComposerMode::Say => None,
        ComposerMode::Reply(quote) => Some(t.replying(&timeline.current(quote))),
        ComposerMode::Edit(_) => Some(t.editing().into()),
    };
    let reply_to = move || match mode.get() {
        ComposerMode::Reply(quote) => {
            Some(view! { <input type="hidden" name="reply_to" value=quote.seq.to_string()/> })
        }
        _ => None,
    };
    dyn_view(move || {
        label().map(|label| {
            view! {
                <p class="composer-mode">
                    <span>{label.view()}</span>
                    <button class="button button-tiny" type="button" on:click=dyn_click(move |_| mode.set(ComposerMode::Say))>
                        {t.cancel()}
                    </button>
                </p>
                {reply_to()}
            }
        })
    })
}

/// Renders the refusal of the last change of a message.
#[component]
fn ErrorLine(context: ConversationContext) -> impl IntoView {
    let t = use_texts();
    let trouble = context.client.trouble.clone();
    let shown = trouble.clone();
    dyn_view(move || {
        let trouble = trouble.clone();
        shown.get().map(|refused| {
            view! {
                <p class="refusal" role="alert">
                    {t.refusal(&refused)} " "
                    <button class="button-link" type="button" on:click=dyn_click(move |_| trouble.set(None))>{t.close()}</button>
                </p>
            }
        })
    })
}

/// Returns true on a touch screen, on which Enter inserts a line break: there is a button to send with, and no Shift
/// key.
fn breaks_lines() -> bool {
    window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches())
}
