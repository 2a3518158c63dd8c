//! Refused forms that come back in the response, with the reason and the values typed into them. None of this is ever
//! in an address: a link from elsewhere cannot put words into the page.

use wire::Refused;

/// A refused form that comes back to its sender; the server provides it to the one page that answers it.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct Returned {
    action: String,
    refused: Refused,
    fields: std::sync::Arc<[(String, String)]>,
    shown: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

/// The path and query of the page being rendered, for forms that come back to it; the server provides it.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug)]
pub struct PagePath(pub String);

/// A link, a secret or a result that is shown once, in the response to the form that created it; the server provides it.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, Default)]
pub struct ShownOnce {
    text: std::sync::Arc<std::sync::OnceLock<String>>,
    test: std::sync::Arc<std::sync::OnceLock<chat::WebhookTest>>,
}

/// Fields that never come back.
#[cfg(feature = "ssr")]
const SECRETS: [&str; 4] = ["password", "old", "new", "token"];

/// Fields with words of the user's own; the others are ids and choices.
#[cfg(feature = "ssr")]
const WORDS: [&str; 5] = ["text", "bio", "name", "description", "emoji"];

#[cfg(feature = "ssr")]
impl Returned {
    /// Creates a form that was sent to `action` and refused. Passwords and tokens are dropped.
    #[must_use]
    pub fn new(action: &str, refused: Refused, fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let fields = fields.into_iter().filter(|(name, _)| !SECRETS.contains(&name.as_str())).collect();
        Self { action: action.into(), refused, fields, shown: std::sync::Arc::default() }
    }

    /// Returns true once a page has shown the form with its reason.
    #[must_use]
    pub fn was_shown(&self) -> bool {
        self.shown.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Returns the path of the server function that refused.
    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    /// Returns the refusal.
    pub(crate) const fn refused(&self) -> &Refused {
        &self.refused
    }

    /// Records that a page shows the reason.
    pub(crate) fn mark_shown(&self) {
        self.shown.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    fn of(action: &str) -> Option<Self> {
        leptos::prelude::use_context::<Self>().filter(|returned| returned.action == action)
    }

    /// Returns the typed texts, for a page that no longer has the form.
    pub(crate) fn words(&self) -> Vec<String> {
        let fields = self.fields.iter();
        let typed = fields.filter(|(name, value)| WORDS.contains(&name.as_str()) && !value.trim().is_empty());
        typed.map(|(_, value)| value.clone()).collect()
    }
}

#[cfg(feature = "ssr")]
impl ShownOnce {
    /// Sets the text shown in the response to this form. Only the first one counts.
    pub(crate) fn set(&self, text: String) {
        let _ = self.text.set(text);
    }

    /// Sets the result of a test of a webhook. Only the first one counts.
    pub(crate) fn set_test(&self, test: chat::WebhookTest) {
        let _ = self.test.set(test);
    }

    /// Returns the text, if there is one.
    #[must_use]
    pub fn get(&self) -> Option<String> {
        self.text.get().cloned()
    }

    /// Returns the result of a test, if there is one.
    pub(crate) fn test(&self) -> Option<chat::WebhookTest> {
        self.test.get().cloned()
    }

    /// Returns true if there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.get().is_none() && self.test.get().is_none()
    }
}

/// Returns the refusal of the form to `action`, if it came back.
#[cfg(feature = "ssr")]
pub(crate) fn refused(action: &str) -> Option<Refused> {
    Returned::of(action).map(|returned| returned.refused)
}

/// Records that the page shows the reason for which the form to `action` came back, if it did.
pub(crate) fn mark_shown(action: &str) {
    #[cfg(feature = "ssr")]
    if let Some(returned) = Returned::of(action) {
        returned.mark_shown();
    }
    #[cfg(not(feature = "ssr"))]
    let _ = action;
}

/// Returns the refusal of the form to `action`, if it came back: the server puts it on the page's body, as JSON. It is
/// removed once the page has hydrated, so that the same form on a later page does not show it again.
#[cfg(not(feature = "ssr"))]
pub(crate) fn refused(action: &str) -> Option<Refused> {
    let body = leptos::prelude::window().document()?.body()?;
    if body.get_attribute("data-refused-form")? != action {
        return None;
    }
    let refused = body.get_attribute("data-refused")?;
    leptos::task::spawn_local(async move {
        // An error would mean that it was removed already.
        let _ = body.remove_attribute("data-refused-form");
    });
    serde_json::from_slice(refused.as_bytes()).ok()
}

/// Returns the values of one field of the form to `action`, if it came back. Only server rendering needs them: a form
/// keeps its values when it is hydrated.
pub(crate) fn typed_all(action: &str, field: &str) -> Option<Vec<String>> {
    #[cfg(feature = "ssr")]
    {
        let returned = Returned::of(action)?;
        let values = returned.fields.iter().filter(|(name, _)| name == field).map(|(_, value)| value.clone());
        Some(values.collect())
    }
    #[cfg(not(feature = "ssr"))]
    {
        let _ = (action, field);
        None
    }
}

/// Returns the value of a field of the form to `action`, if the form came back.
pub(crate) fn typed(action: &str, field: &str) -> Option<String> {
    typed_all(action, field)?.pop()
}

/// Escapes a text for a `<textarea>`: HTML drops a line break at its beginning.
pub(crate) fn in_textarea(text: String) -> String {
    if cfg!(feature = "ssr") && text.starts_with('\n') { format!("\n{text}") } else { text }
}

/// Returns the path and query of the page being rendered; the start page if it is not known, and in a browser, where
/// forms stay on their page.
pub(crate) fn page_path() -> String {
    #[cfg(feature = "ssr")]
    if let Some(PagePath(path)) = leptos::prelude::use_context() {
        return path;
    }
    "/".into()
}
