//! Search of messages: one tokenizer and one definition of a match for all stores, and the indexer that keeps the
//! index of the store up to date.
//!
//! An index finds candidates by [`terms`]; the service checks each candidate against the entry as it is now, by
//! [`SearchQuery::matches`]. So an index may return too much, never too little, and all stores find the same.

mod cursor;
mod dates;
mod excerpt;
mod fold;
mod indexer;
mod matches;
mod message;
mod progress;
mod query;
mod runs;
mod terms;
mod text;

pub(crate) use cursor::{CURSOR_BAD, SearchCursor};
pub use excerpt::Excerpt;
#[cfg(feature = "testing")]
pub(crate) use indexer::index_next;
pub use message::SearchedMessage;
pub use progress::IndexProgress;
pub use query::{InvalidQuery, QUERY_CHARS, SearchQuery};
pub use terms::{
    Clause, TERMS_VERSION, Term, application_prefixes, clauses, conversation_terms, copies_term, terms,
};
pub use text::searched_text;
