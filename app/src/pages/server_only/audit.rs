//! The audit log of a group.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use wire::{Entry, Page, Seq};

use super::sheet::{Sheet, no_page};
use crate::clock::use_zone;
use crate::i18n::{Sentence, Texts, use_texts};
use crate::page_queries::group_audit;

/// Renders the audit log of a group, for its admins and those of the application.
#[component]
pub(super) fn AuditPage() -> impl IntoView {
    let t = use_texts();
    let group = use_params_map().get_untracked().get("group").unwrap_or_default();
    let audit = group_audit(group.clone(), before());
    view! {
        <Suspense>
            {Suspend::new(async move {
                match audit.await {
                    Ok((name, page)) => {
                        let (back, back_to) = (format!("/g/{group}"), t.back_to(name.as_str()));
                        view! {
                            <Sheet title=t.audit_of(name.as_str()) back back_to>
                                <section class="card" id="audit">
                                    <AuditLog page says=Texts::group_event path=format!("/g/{group}/audit")/>
                                </section>
                            </Sheet>
                        }
                        .into_any()
                    }
                    Err(failure) => no_page(failure),
                }
            })}
        </Suspense>
    }
}

/// Returns the Seq before which the address asks for entries of an audit log.
pub(super) fn before() -> Option<Seq> {
    use_query_map().get_untracked().get("before").and_then(|before| before.parse().ok()).map(Seq)
}

/// Renders entries of an audit log, the newest first, with a link to earlier ones.
#[component]
pub(super) fn AuditLog<D: 'static>(
    page: Page<D>,
    /// Returns the sentence for an entry; entries without one are not shown.
    says: fn(Texts, &D) -> Option<Sentence>,
    /// The path of the page that shows it.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let t = use_texts();
    let earlier = page.entries.first().filter(|first| first.seq > page.begins).map(|first| {
        let address = format!("{path}?before={}#audit", first.seq);
        view! { <p><a class="button button-small" href=address>{t.older_entries()}</a></p> }
    });
    let zone = use_zone().get_untracked();
    let line = move |entry: Entry<D>| {
        let sentence = says(t, &entry.data)?;
        Some(view! {
            <li>
                <time datetime=entry.timestamp.to_string()>{t.moment(&zone, entry.timestamp)}</time>
                <span>{sentence.view()}</span>
            </li>
        })
    };
    let none = page.entries.is_empty().then(|| view! { <p class="hint">{t.no_entries()}</p> });
    let lines: Vec<_> = page.entries.into_iter().rev().filter_map(line).collect();
    view! { <ol class="audit">{lines}</ol> {none} {earlier} }
}
