//! The page for a refused form whose own page is gone.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::Plain;
use crate::returned::{Returned, page_path};
use crate::site::provide_head;
use crate::text;

/// Renders a refused form whose page no longer has it: the session has ended, or the group is gone. The text that was
/// typed is here to be copied.
#[component]
pub fn ReturnedPage() -> impl IntoView {
    provide_head();
    let returned = expect_context::<Returned>();
    let words: Vec<_> = returned
        .words()
        .into_iter()
        .map(|words| view! { <textarea readonly rows="6" dir="auto" aria-label=text::TYPED>{words}</textarea> })
        .collect();
    view! {
        <Title text=text::NOT_DONE/>
        <Plain>
            <h1>{text::NOT_DONE}</h1>
            <p class="refusal" role="alert">{returned.sentence().to_owned()}</p>
            <div class="card form">
                {(!words.is_empty()).then(|| view! { <p class="hint">{text::TYPED_HINT}</p> })}
                {words}
                <p><a class="button button-primary" href=page_path()>{text::BACK_THERE}</a></p>
            </div>
        </Plain>
    }
}
