//! The search box of the top bar: a form that leads to the page of results, with and without the script.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlInputElement;

use crate::i18n::use_texts;

/// Renders the search box. On narrow screens only its button is there, unless it is wide.
#[component]
pub(crate) fn SearchBox(
    /// True if it has a line of its own.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let t = use_texts();
    view! {
        <form class="search-box" class:search-box-wide=wide role="search" action="/search" aria-label=t.search_messages()>
            <input
                name="q"
                type="search"
                dir="auto"
                maxlength="200"
                aria-label=t.search_messages()
                placeholder=t.search_messages()
            />
            <button class="button-icon" aria-label=t.search()>
                <svg aria-hidden="true"><use href="/icons.svg#search"></use></svg>
            </button>
        </form>
    }
}

/// Moves the focus to the search box; returns false if there is none in sight.
pub(super) fn focus_search_box() -> bool {
    let found = document().query_selector(".search-box input").ok().flatten();
    let field = found.and_then(|found| found.dyn_into::<HtmlInputElement>().ok());
    field.filter(|field| field.offset_parent().is_some()).is_some_and(|field| {
        field.select();
        field.focus().is_ok()
    })
}
