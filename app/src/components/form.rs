//! A form that goes to a server function, with and without a script.

use leptos::prelude::*;
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{FormData, HtmlButtonElement, HtmlFormElement, SubmitEvent, UrlSearchParams};
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wire::Refused;

use crate::browser::use_browser;
use crate::page_kind::is_hydrated;
use crate::returned::{mark_shown, page_path, refused};

/// The state of a form, shared by the form and the [`Refusal`](super::Refusal) somewhere in it.
#[derive(Clone, Copy)]
pub(crate) struct FormState {
    /// The refusal, if the form was refused.
    pub(crate) refused: RwSignal<Option<Refused>>,
    busy: RwSignal<bool>,
    action: &'static str,
}

impl FormState {
    /// Creates the state of the form that goes to `action`. A refused form without JavaScript comes back in the
    /// response, with the reason.
    pub(crate) fn of(action: &'static str) -> Self {
        Self { refused: RwSignal::new(refused(action)), busy: RwSignal::new(false), action }
    }

    /// Returns this state for a part of the page that shows the refusal. A refusal that no part shows is shown above
    /// the page.
    pub(crate) fn shown(self) -> Self {
        mark_shown(self.action);
        self
    }
}

/// The effect of the Enter key in a field of a form: browsers press the form's first button.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Enter {
    /// Presses the first button, which is the main one.
    #[default]
    MainButton,
    /// Nothing: no button is the main one.
    Nothing,
}

/// Renders a form that goes to a server function: natively before the script has loaded, without leaving the page
/// after that. The server function returns where to go, nothing, or a refusal.
#[component]
pub(crate) fn Form(
    /// The path of the server function.
    action: &'static str,
    /// The class of the form.
    #[prop(optional)]
    class: &'static str,
    /// Shared with forms beside it, if one part of the page shows the refusals of them all.
    #[prop(optional)]
    state: Option<FormState>,
    /// The effect of the Enter key in its fields.
    #[prop(optional)]
    enter: Enter,
    /// Called on success, instead of going to the returned address.
    #[prop(optional)]
    done: Option<Callback<()>>,
    children: Children,
) -> impl IntoView {
    let state = state.unwrap_or_else(|| FormState::of(action));
    let FormState { refused, busy, .. } = state;
    let browser = use_browser();
    let navigate = use_navigate();
    let on_submit = move |event: SubmitEvent| {
        let (Some(browser), Some(fields)) = (browser, fields(&event)) else { return };
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        let navigate = navigate.clone();
        leptos::task::spawn_local(async move {
            let answer = (browser.submit)(action, fields).await;
            // The form may be gone by now; then its state is gone too.
            busy.try_set(false);
            match answer {
                Ok(place) => {
                    refused.try_set(None);
                    match (done, place) {
                        (Some(done), _) => done.run(()),
                        (None, Some(place)) if is_hydrated(&place) => {
                            navigate(&place, NavigateOptions::default());
                        }
                        (None, Some(place)) => {
                            // An error would mean that this is no valid URL; it is the server's own.
                            let _ = window().location().set_href(&place);
                        }
                        (None, None) => {}
                    }
                }
                Err(failure) => {
                    refused.try_set(Some(failure.refused));
                }
            }
        });
    };
    provide_context(state);
    view! {
        <form method="post" action=action class=class on:submit=on_submit>
            // Enter presses the form's first button; one with the method `dialog` does nothing outside of a dialog. A
            // disabled one would be skipped if Enter is pressed on a checkbox.
            {(enter == Enter::Nothing).then(|| view! { <button type="submit" formmethod="dialog" hidden></button> })}
            <PageField/>
            {children()}
        </form>
    }
}

/// Renders a hidden field with the page of the form, so that a browser without a script returns to it.
#[component]
pub(crate) fn PageField() -> impl IntoView {
    view! { <input type="hidden" name="page" value=page_path()/> }
}

/// Returns the fields that the form would send, with the pressed button, as its server function reads them.
fn fields(event: &SubmitEvent) -> Option<String> {
    let form: HtmlFormElement = event.target()?.dyn_into().ok()?;
    let data: JsValue = FormData::new_with_form(&form).ok()?.into();
    let fields = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    let button = event.submitter().and_then(|button| button.dyn_into::<HtmlButtonElement>().ok());
    if let Some(button) = button.filter(|button| !button.name().is_empty()) {
        fields.append(&button.name(), &button.value());
    }
    Some(fields.to_string().into())
}
