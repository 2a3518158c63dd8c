//! The kinds of page: hydrated, server-only, and that of a returned form.

/// The kind of page in a document's body.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// A hydrated page.
    Hydrated,
    /// A server-only page, sent without the app's script.
    ServerOnly,
    /// The page of a refused form whose own page no longer has it.
    Returned,
}

/// Returns true if the page at this path is hydrated in a browser: all others are server-only.
#[must_use]
pub fn is_hydrated(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let id = path.strip_prefix("/g/").or_else(|| path.strip_prefix("/d/"));
    path == "/" || id.is_some_and(|id| !id.contains('/'))
}
