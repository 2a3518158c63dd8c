//! The sheet of a server-only page: heading, link back, search box, the query of its address, the link to the rest of a long list.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::components::SearchBox;
use crate::failure::Failure;
use crate::i18n::{Sentence, use_texts};
use crate::pages::{Broken, NotFound};
use crate::returned::Returned;
use crate::server_fns::context::caller;

/// Renders a page with a heading, a link back and several parts.
#[component]
pub(super) fn Sheet(
    title: Sentence,
    /// The address of the link back.
    back: String,
    /// The label of the link back.
    back_to: Sentence,
    /// True on a page that searches messages itself.
    #[prop(optional)]
    searches: bool,
    children: Children,
) -> impl IntoView {
    let t = use_texts();
    let children = children();
    let has_box = !searches && caller().signed_in().is_some();
    // Forms of one button have no space of their own for it.
    let refused = use_context::<Returned>().filter(|returned| !returned.was_shown()).map(|returned| {
        returned.mark_shown();
        view! { <p class="refusal" role="alert">{t.refusal(returned.refused())}</p> }
    });
    view! {
        <Title text=title.clone().plain()/>
        <header class="header form-page-head">
            <a class="button-icon" href=back aria-label=back_to.plain()>
                <svg aria-hidden="true"><use href="/icons.svg#back"></use></svg>
            </a>
            <h1>{title.view()}</h1>
            {has_box.then(|| view! { <SearchBox/> })}
        </header>
        <main class="form-page" id="main">{refused} {children}</main>
    }
}

/// Renders the link to the next page of a long list.
#[component]
pub(super) fn ShowMore(
    /// True if there is a next page.
    more: bool,
    /// The address of the next page, without the position at which it begins.
    address: String,
    /// The position at which the next page begins.
    after: Option<String>,
) -> impl IntoView {
    let t = use_texts();
    after.filter(|_| more).map(|after| {
        view! { <p><a class="button button-small" href=format!("{address}{after}")>{t.show_more()}</a></p> }
    })
}

/// Returns a value from the query of the address.
pub(super) fn asked<T: std::str::FromStr>(name: &str) -> Option<T> {
    use_query_map().get_untracked().get(name)?.parse().ok()
}

/// Renders a page that could not be loaded: not found, or broken.
pub(super) fn no_page(failure: Failure) -> AnyView {
    if failure.is_not_found() {
        view! { <NotFound/> }.into_any()
    } else {
        view! { <Broken failure/> }.into_any()
    }
}
