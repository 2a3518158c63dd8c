//! Drag and drop, paste and choice of files in the composer, and the list of the draft's files.

use leptos::html::{Input, Textarea};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{ClipboardEvent, DataTransfer, DragEvent, Event, FileList};
use wire::limits::ALT_CHARS;
use wire::{Refused, SendId};

use super::conversation_context::{ComposerMode, ConversationContext};
use super::dynamic::{dyn_attr, dyn_bool, dyn_click, dyn_effect, dyn_event, dyn_listen, dyn_view};
use crate::browser::{Browser, use_browser, wake};
use crate::client::{DraftFile, UploadState, draft_keys};
use crate::i18n::use_texts;

/// Renders the button that chooses files. It is a real field of the form, which works without a script.
#[component]
pub(super) fn AttachButton(context: ConversationContext) -> impl IntoView {
    let t = use_texts();
    let (field, mode) = (NodeRef::<Input>::new(), context.mode);
    if let Some(browser) = use_browser() {
        take_dropped_and_pasted(&context, browser);
    }
    let take = move || {
        let Some(field) = field.get_untracked() else { return };
        if let Some(files) = field.files().filter(|files| files.length() > 0) {
            attach(&context, &files);
            // The same file can be chosen again.
            field.set_value("");
        }
    };
    // Files that were chosen before the script came.
    let early = take.clone();
    dyn_effect(move || {
        field.track();
        early();
    });
    view! {
        <label class="button-icon attach-button">
            <svg aria-hidden="true"><use href="/icons.svg#clip"></use></svg>
            <input
                type="file"
                name="file"
                multiple
                disabled=dyn_bool(move || mode.with(ComposerMode::edits))
                aria-label=t.attach_files()
                node_ref=field
                on:change=dyn_event(move |_| take())
            />
        </label>
        <p class="attach-drop" aria-hidden="true">{t.drop_files()}</p>
    }
}

/// Adds files to the draft, unless a message is being edited: its files stay as they are.
fn attach(context: &ConversationContext, files: &FileList) {
    if let Some(browser) = use_browser().filter(|_| !edits(context)) {
        (browser.attach)(&context.client, &context.topic(), files);
    }
}

fn edits(context: &ConversationContext) -> bool {
    context.mode.with_untracked(ComposerMode::edits)
}

/// Takes files that are dropped on the page or pasted into it, as long as the composer is shown.
fn take_dropped_and_pasted(context: &ConversationContext, browser: Browser) {
    for name in ["dragover", "dragleave", "drop", "paste"] {
        let context = context.clone();
        dyn_listen(name, move |event| transfer(&context, browser, event));
    }
    on_cleanup(|| hint(false));
}

fn transfer(context: &ConversationContext, browser: Browser, event: &Event) {
    let name = event.type_();
    let is_paste = name == "paste";
    let Some(data) = transferred(event, is_paste) else { return };
    let has = |kind: &str| data.types().includes(&kind.into(), 0);
    // A copied part of a text document has a picture of itself beside the text.
    if !has("Files") || is_paste && has("text/plain") {
        return;
    }
    // The browser would leave the page for a dropped file.
    event.prevent_default();
    if edits(context) {
        data.set_drop_effect("none");
        return;
    }
    if name == "dragleave" {
        // Without a related target the pointer has left the window.
        hint(event.dyn_ref::<DragEvent>().is_some_and(|event| event.related_target().is_some()));
        return;
    }
    hint(name == "dragover");
    if let Some(files) = data.files().filter(|_| name != "dragover") {
        (browser.attach)(&context.client, &context.topic(), &files);
    }
}

fn transferred(event: &Event, is_paste: bool) -> Option<DataTransfer> {
    if is_paste {
        event.unchecked_ref::<ClipboardEvent>().clipboard_data()
    } else {
        event.unchecked_ref::<DragEvent>().data_transfer()
    }
}

/// Shows that files can be dropped, or no longer.
fn hint(is_shown: bool) {
    if let Some(page) = document().document_element() {
        let _ = page.toggle_attribute_with_force("data-drops", is_shown);
    }
}

/// Renders the files of the draft, above the text.
#[component]
pub(super) fn DraftFiles(context: ConversationContext) -> impl IntoView {
    let t = use_texts();
    let topic = context.topic();
    keep_uploaded(&context);
    dyn_view(move || {
        let files = context.client.files_of(&topic);
        let is_shown = !files.is_empty() && !context.mode.with(ComposerMode::edits);
        is_shown.then(|| {
            let files: Vec<_> = files.into_iter().map(|file| draft_file(&context, file)).collect();
            let (client, topic) = (context.client.clone(), topic.clone());
            let waits = dyn_view(move || {
                let (client, topic) = (client.clone(), topic.clone());
                client.held_of(&topic).map(|_| {
                    view! {
                        <p class="attach-waits" role="status">
                            {t.waits_for_files()} " "
                            <button class="button-link" type="button" on:click=dyn_click(move |_| client.unhold(&topic))>{t.cancel()}</button>
                        </p>
                    }
                })
            });
            view! { <ul class="attach" aria-label=t.draft_files()>{files}</ul> {waits} }
        })
    })
}

/// Keeps the uploaded files of the draft for the next page, and restores those of an earlier one.
fn keep_uploaded(context: &ConversationContext) {
    let (client, topic) = (context.client.clone(), context.topic());
    let [_, name] = draft_keys(client.me.id, &topic);
    let mut before = None::<String>;
    dyn_effect(move || {
        let Some(browser) = use_browser() else { return };
        if before.is_none()
            && let Some(kept) = (browser.kept)(&name)
        {
            client.restore_files(&topic, &kept, (browser.now)());
        }
        let files = client.kept_files(&topic);
        if before.as_ref() != Some(&files) {
            (browser.keep)(&name, &files);
        }
        before = Some(files);
    });
}

/// Empties the composer when a message that waited for uploads is sent: its field, or during an edit the text that was
/// put aside.
pub(super) fn empty_once_sent(
    context: &ConversationContext,
    field: NodeRef<Textarea>,
    aside: StoredValue<Option<String>>,
) {
    let (client, mode, topic) = (context.client.clone(), context.mode, context.topic());
    let mut before = None::<SendId>;
    dyn_effect(move || {
        let held = client.held_of(&topic).map(|held| held.id);
        let ended = before.take().filter(|_| held.is_none());
        if let (Some(_), Some(field)) = (ended.and_then(|id| client.text_of(&id)), field.get_untracked()) {
            if mode.with_untracked(ComposerMode::edits) {
                aside.set_value(Some(String::new()));
            } else {
                field.set_value("");
                mode.set(ComposerMode::Say);
            }
        }
        before = held;
    });
}

fn draft_file(context: &ConversationContext, file: DraftFile) -> AnyView {
    let t = use_texts();
    let DraftFile { id, name, bytes, is_picture, alt, state, .. } = file;
    let (client, retried) = (context.client.clone(), id.clone());
    let progress = dyn_view({
        let name = name.clone();
        move || {
            let (client, id) = (client.clone(), retried.clone());
            match state.get() {
                UploadState::Waiting(_) => progress(t.uploading(&name).plain(), bytes, 0),
                UploadState::Sending(sent) => progress(t.uploading(&name).plain(), bytes, sent),
                UploadState::Failed(why) => {
                    let again = move |_| {
                        client.retry_upload(&id);
                        wake();
                    };
                    let retry = (!is_final(&why)).then(|| {
                        view! { " " <button class="button-link" type="button" on:click=dyn_click(again)>{t.retry()}</button> }
                    });
                    view! { <p class="refusal" role="alert">{t.refusal(&why)} {retry}</p> }.into_any()
                }
                UploadState::Uploaded(file, _) if file.is_picture() => {
                    view! { <img src=format!("/files/{}/thumbnail", file.id) alt="" height="40"/> }.into_any()
                }
                UploadState::Uploaded(..) => ().into_any(),
            }
        }
    });
    let typed = alt.clone();
    let field = is_picture.then(|| {
        view! {
            <input
                class="attach-alt"
                dir="auto"
                maxlength=ALT_CHARS.to_string()
                placeholder=t.alt_text()
                aria-label=t.alt_text_of(&name).plain()
                prop:value=dyn_attr(move || Some(alt.get()))
                on:input=dyn_event(move |event| typed.set(event_target_value(&event)))
            />
        }
    });
    let (client, remove) = (context.client.clone(), t.remove_file(&name).plain());
    view! {
        <li>
            <bdi class="name">{name}</bdi>
            <span class="hint">{t.file_size(bytes)}</span>
            <button
                class="button-icon"
                type="button"
                aria-label=remove
                on:click=dyn_click(move |_| {
                    client.detach(&id);
                    wake();
                })
            >
                <svg aria-hidden="true"><use href="/icons.svg#close"></use></svg>
            </button>
            {progress}
            {field}
        </li>
    }
    .into_any()
}

/// Returns true if the same file would be refused again.
fn is_final(why: &Refused) -> bool {
    matches!(why.code.as_str(), "file_empty" | "file_too_large" | "image_bad")
}

fn progress(label: String, bytes: u64, sent: u64) -> AnyView {
    view! { <progress aria-label=label max=bytes.to_string() value=sent.to_string()></progress> }.into_any()
}
