//! The page of search results: the search form with its filters, and the hits.

use std::fmt::Write;

use chat::search::{Excerpt, InvalidQuery};
use chat::{SearchHit, SearchPage as Part};
use http::StatusCode;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use wire::{ConversationSummary, Person};

use super::sheet::{Sheet, asked, no_page};
use crate::clock::use_zone;
use crate::i18n::{Sentence, Texts, use_texts};
use crate::page_queries::{SearchData, SearchForm, SearchResult, searched};
use crate::server_fns::context::set_status;

/// Renders the messages that the address asks for, and the form to ask for others.
#[component]
pub(super) fn SearchPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let field = |name: &str| query.get(name).unwrap_or_default();
    let form = SearchForm {
        words: field("q"),
        conversation: field("in"),
        author: field("by"),
        from: field("from"),
        to: field("to"),
        cursor: asked("cursor"),
    };
    let data = searched(form.clone(), use_zone().get_untracked());
    view! {
        <Suspense>
            {Suspend::new(async move {
                match data.await {
                    Ok(data) => view! { <Found data form/> }.into_any(),
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Found(data: SearchData, form: SearchForm) -> impl IntoView {
    let t = use_texts();
    let SearchData { me, conversations, result } = data;
    let result = match result {
        SearchResult::Nothing => hint(t.search_hint()),
        SearchResult::Invalid(InvalidQuery::Empty) => refused(t.search_empty().into()),
        SearchResult::Invalid(InvalidQuery::TooLong) => refused(t.search_long().into()),
        SearchResult::Over => refused(t.search_over().into()),
        SearchResult::NobodyCalled => {
            view! { <p class="hint" role="status">{t.nobody_called(form.author.as_str()).view()}</p> }
                .into_any()
        }
        SearchResult::Refused(failure) => {
            set_status(StatusCode::TOO_MANY_REQUESTS);
            refused(t.refusal(&failure.refused))
        }
        SearchResult::Found(page) => view! { <Hits page me form=form.clone()/> }.into_any(),
    };
    view! {
        <Sheet title=t.search_messages().into() back="/".into() back_to=t.back_home().into() searches=true>
            <section class="card"><Fields form conversations/></section>
            {result}
        </Sheet>
    }
}

fn hint(says: &'static str) -> AnyView {
    view! { <p class="hint" role="status">{says}</p> }.into_any()
}

fn refused(says: String) -> AnyView {
    view! { <p class="refusal" role="alert">{says}</p> }.into_any()
}

/// Renders the form; its filters are open if there are any.
#[component]
fn Fields(form: SearchForm, conversations: Vec<ConversationSummary>) -> impl IntoView {
    let t = use_texts();
    let SearchForm { words, conversation, author, from, to, .. } = form;
    let is_filtered = [&conversation, &author, &from, &to].into_iter().any(|field| !field.is_empty());
    let is_listed = conversations.iter().any(|what| what.topic().as_str() == conversation);
    // One that is not among the newest.
    let other = (!conversation.is_empty() && !is_listed)
        .then(|| view! { <option value=conversation.clone() selected>{t.search_direct()}</option> });
    let options = conversations.into_iter().map(|what| {
        let topic = what.topic().to_string();
        let selected = topic == conversation;
        view! { <option value=topic selected=selected>{what.title().to_owned()}</option> }
    });
    let options: Vec<_> = options.collect();
    let is_empty = words.is_empty();
    view! {
        <form class="search" role="search" action="/search">
            <label for="find">{t.search_words()}</label>
            <input id="find" name="q" type="search" dir="auto" maxlength="200" autofocus=is_empty value=words/>
            <button class="button button-primary">{t.search()}</button>
            <details class="search-filters" open=is_filtered>
                <summary>{t.search_filters()}</summary>
                <div class="search-fields">
                    <label for="in">{t.search_in()}</label>
                    <select id="in" name="in">
                        <option value="">{t.search_everywhere()}</option>
                        {other}
                        {options}
                    </select>
                    <label for="by">{t.search_by()}</label>
                    <input id="by" name="by" dir="auto" autocomplete="off" placeholder=t.search_by_hint() value=author/>
                    <label for="from">{t.search_since()}</label>
                    <input id="from" name="from" type="date" value=from/>
                    <label for="to">{t.search_until()}</label>
                    <input id="to" name="to" type="date" value=to/>
                </div>
            </details>
        </form>
    }
}

/// Renders the hits, and the link to older ones.
#[component]
fn Hits(page: Part, me: Person, form: SearchForm) -> impl IntoView {
    let t = use_texts();
    let Part { hits, next, is_partial } = page;
    let none = match (hits.is_empty(), &next) {
        (false, _) => None,
        (true, None) => Some(hint(t.no_hits())),
        (true, Some(_)) => Some(hint(t.no_hits_yet())),
    };
    let hits: Vec<_> = hits.into_iter().map(|hit| view! { <Hit hit me=me.clone()/> }).collect();
    let list = (!hits.is_empty()).then(|| view! { <ol class="hit" aria-label=t.hits()>{hits}</ol> });
    let older = next.map(|next| {
        view! { <p><a class="button" rel="next" href=address(&form, &next)>{t.older_hits()}</a></p> }
    });
    view! {
        {is_partial.then(|| hint(t.search_partial()))}
        {none}
        {list}
        {older}
    }
}

/// Renders a hit as a link to the message in its conversation.
#[component]
fn Hit(hit: SearchHit, me: Person) -> impl IntoView {
    let t = use_texts();
    let SearchHit { what, seq, author, is_bot, at, excerpt: Excerpt(pieces) } = hit;
    let zone = use_zone().get_untracked();
    let piece = |(piece, is_hit): (String, bool)| {
        if is_hit { view! { <mark class="hit-mark">{piece}</mark> }.into_any() } else { piece.into_any() }
    };
    let pieces: Vec<_> = pieces.into_iter().map(piece).collect();
    view! {
        <li>
            <a class="hit-link" href=format!("{}?at={seq}#m{seq}", what.path())>
                <span class="hit-head">
                    <strong>{hit_of(t, &author, &what, &me).view()}</strong>
                    {is_bot.then(|| view! { <span class="tag tag-bot">{t.bot()}</span> })}
                    <time datetime=at.to_string()>{t.moment(&zone, at)}</time>
                </span>
                <span class="hit-text" dir="auto">{pieces}</span>
            </a>
        </li>
    }
}

/// Returns the heading of a hit: its author and its conversation.
fn hit_of(t: Texts, author: &Person, what: &ConversationSummary, me: &Person) -> Sentence {
    match what {
        ConversationSummary::Group(group) => t.hit_in_group(author, &group.name),
        ConversationSummary::Direct { with, .. } if author.id == me.id => t.hit_by_viewer(with),
        ConversationSummary::Direct { .. } => t.hit_to_viewer(author),
    }
}

/// Returns the address of the next page of a search.
fn address(form: &SearchForm, next: &str) -> String {
    let mut address = String::from("/search?");
    let SearchForm { words, conversation, author, from, to, .. } = form;
    for (name, value) in [("q", words), ("in", conversation), ("by", author), ("from", from), ("to", to)] {
        if !value.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(address, "{name}={}&", leptos_router::location::Url::escape(value));
        }
    }
    address + "cursor=" + next
}
