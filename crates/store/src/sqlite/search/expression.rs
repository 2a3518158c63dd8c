//! The full-text expression of a search. Only terms of ours are in it, each in quotes: no typed text reaches the query
//! language.

use std::fmt::Write;

use chat::search::{Term, clauses};
use chat::search_index::CandidateRequest;

/// Returns the expression of a request; none if no message can match.
pub(super) fn expression(request: &CandidateRequest) -> Option<String> {
    let mut expression = String::new();
    for clause in clauses(request) {
        if clause.is_empty() {
            return None;
        }
        let and = if expression.is_empty() { "(" } else { ") AND (" };
        expression.push_str(and);
        for (place, Term { text, is_prefix }) in clause.iter().enumerate() {
            let or = if place > 0 { " OR " } else { "" };
            let star = if *is_prefix { "*" } else { "" };
            debug_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            // Writing to a String cannot fail.
            let _ = write!(expression, "{or}\"{text}\"{star}");
        }
    }
    expression.push(')');
    Some(expression)
}
