//! The page for a refused form whose own page is gone.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::Plain;
use crate::i18n::use_texts;
use crate::returned::{Returned, page_path};
use crate::site::provide_head;

/// Renders a refused form whose page no longer has it: the session has ended, or the group is gone. The text that was
/// typed is here to be copied.
#[component]
pub fn ReturnedPage() -> impl IntoView {
    let t = use_texts();
    provide_head();
    let returned = expect_context::<Returned>();
    let words: Vec<_> = returned
        .words()
        .into_iter()
        .map(|words| view! { <textarea readonly rows="6" dir="auto" aria-label=t.your_text()>{words}</textarea> })
        .collect();
    view! {
        <Title text=t.did_not_work()/>
        <Plain>
            <h1>{t.did_not_work()}</h1>
            <p class="refusal" role="alert">{t.refusal(returned.refused())}</p>
            <div class="card form">
                {(!words.is_empty()).then(|| view! { <p class="hint">{t.your_text_hint()}</p> })}
                {words}
                <p><a class="button button-primary" href=page_path()>{t.go_back()}</a></p>
            </div>
        </Plain>
    }
}
