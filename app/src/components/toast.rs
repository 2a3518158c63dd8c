//! Toasts: short notices at the lower edge of the page, with undo and failures.

use std::sync::Arc;
use std::time::Duration;

use leptos::html::Input;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use wire::{Refused, Seq, Topic};

use super::dynamic::{dyn_click, dyn_effect, dyn_view};
use crate::browser::{Browser, use_browser};
use crate::i18n::{Sentence, use_texts};

/// The time in which an action can be undone.
const UNDO: Duration = Duration::from_secs(6);

/// The toasts at the lower edge of the page, one at a time: an action that can be undone, or a failure. Shared by all
/// hydrated pages, so that a toast stays when the viewer goes from one to another.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    toast: RwSignal<Option<Toast>>,
    held: StoredValue<Option<DelayedAction>>,
    /// The owner of the timer: the component that asks for it may be unmounted before it ends.
    owner: StoredValue<Option<Owner>>,
    /// The message whose deletion is delayed.
    pub(crate) deleting: RwSignal<Option<(Topic, Seq)>>,
    browser: Option<Browser>,
}

#[derive(Clone, PartialEq)]
enum Toast {
    /// An action that can be undone.
    Undo(Sentence),
    /// A failure, with its reason.
    Failed(Refused),
    /// A text to copy by hand: the browser does not let a script copy it.
    Copy(String),
}

/// An action that is delayed until it can no longer be undone. Until then nothing has happened, so undoing it loses
/// nothing.
pub(crate) struct DelayedAction {
    /// The path of the server function that performs it.
    action: &'static str,
    /// The fields of its form.
    fields: String,
    /// Restores the page as it was.
    undo: Arc<dyn Fn() + Send + Sync>,
    timer: Option<TimeoutHandle>,
}

impl DelayedAction {
    /// Creates a delayed action. The closure outlives the component that makes it: leptos's own `Callback` would not.
    pub(crate) fn new(action: &'static str, fields: String, undo: impl Fn() + Send + Sync + 'static) -> Self {
        Self { action, fields, undo: Arc::new(undo), timer: None }
    }
}

impl Toasts {
    /// Provides the page's toasts as a context. When the page is closed, a delayed action is performed at once.
    pub(crate) fn provide() {
        let toasts = Self {
            toast: RwSignal::new(None),
            held: StoredValue::new(None),
            owner: StoredValue::new(Owner::current()),
            deleting: RwSignal::new(None),
            browser: use_browser(),
        };
        provide_context(toasts);
        if let Some(browser) = toasts.browser {
            let _ = window_event_listener_untyped("pagehide", move |_| {
                if let Some(held) = toasts.take() {
                    (browser.beacon)(held.action, &held.fields);
                }
            });
        }
    }

    /// Performs an action after some seconds, unless it is undone.
    pub(crate) fn hold(self, words: Sentence, mut held: DelayedAction) {
        self.finish();
        let start = move || set_timeout(move || self.finish(), UNDO).ok();
        let timer = self.owner.with_value(|owner| owner.as_ref().and_then(|owner| owner.with(start)));
        // Without a timer nothing could be undone in time.
        let waits = timer.is_some();
        held.timer = timer;
        self.held.set_value(Some(held));
        self.toast.set(Some(Toast::Undo(words)));
        if !waits {
            self.finish();
        }
    }

    /// Deletes a message after some seconds, unless it is undone.
    pub(crate) fn delete(self, topic: Topic, seq: Seq) {
        let t = use_texts();
        let fields = format!("topic={topic}&target={seq}&action=delete");
        self.finish();
        self.deleting.set(Some((topic, seq)));
        let deleting = self.deleting;
        let undo = move || deleting.set(None);
        self.hold(t.message_deleted().into(), DelayedAction::new("/do/amend", fields, undo));
    }

    /// Copies a text to the clipboard, or shows it where it can be copied by hand.
    pub(crate) fn copy(self, text: String) {
        let Some(browser) = self.browser else { return };
        leptos::task::spawn_local(async move {
            if !(browser.copy)(text.clone()).await {
                self.toast.set(Some(Toast::Copy(text)));
            }
        });
    }

    /// Performs the delayed action now.
    fn finish(self) {
        let (Some(held), Some(browser)) = (self.take(), self.browser) else { return };
        leptos::task::spawn_local(async move {
            if let Err(failure) = (browser.submit)(held.action, held.fields).await {
                (held.undo)();
                self.toast.set(Some(Toast::Failed(failure.refused)));
            }
        });
    }

    fn undo(self) {
        if let Some(held) = self.take() {
            (held.undo)();
        }
    }

    fn take(self) -> Option<DelayedAction> {
        self.toast.set(None);
        let held = self.held.try_update_value(Option::take).flatten()?;
        if let Some(timer) = &held.timer {
            timer.clear();
        }
        Some(held)
    }
}

/// Renders the region of toasts, at the lower edge of the page.
#[component]
pub(crate) fn ToastRegion() -> impl IntoView {
    let t = use_texts();
    let toasts: Toasts = expect_context();
    let field = NodeRef::<Input>::new();
    dyn_effect(move || {
        if let Some(field) = field.get() {
            field.select();
        }
    });
    let close = move |_| toasts.toast.set(None);
    let shown = dyn_view(move || {
        toasts.toast.get().map(|toast| {
            let body = match toast {
                Toast::Undo(words) => view! {
                    <span>{words.view()}</span>
                    <button class="button button-small" type="button" on:click=dyn_click(move |_| toasts.undo())>{t.undo()}</button>
                }
                .into_any(),
                Toast::Failed(refused) => view! {
                    <span>{t.refusal(&refused)}</span>
                    <button class="button button-small" type="button" on:click=dyn_click(close)>{t.close()}</button>
                }
                .into_any(),
                Toast::Copy(text) => view! {
                    <label for="copy-by-hand">{t.copy_by_hand()}</label>
                    <input id="copy-by-hand" readonly node_ref=field value=text/>
                    <button class="button button-small" type="button" on:click=dyn_click(close)>{t.close()}</button>
                }
                .into_any(),
            };
            view! { <div class="toast">{body}</div> }
        })
    });
    view! { <div class="toast-region" role="status">{shown}</div> }
}
