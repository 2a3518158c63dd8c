//! Names of incoming webhooks: the slug by which URLs of the API name one.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use wire::limits::HOOK_NAME_BYTES;
use wire::{Expected, Refusal};

/// The name of an incoming webhook, unique in its group: 1 to 40 lower-case letters of ASCII, digits and hyphens, with
/// a letter or a digit at both ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HookName(Box<str>);

/// The name for a display name that has no letter or digit of ASCII.
const UNNAMED: &str = "webhook";

impl HookName {
    /// Checks a text.
    ///
    /// # Errors
    /// [`Refusal::FieldWrong`].
    pub fn new(text: &str) -> Result<Self, Refusal> {
        let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fits = (1..=HOOK_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_allowed);
        if !fits || text.starts_with('-') || text.ends_with('-') {
            return Err(Refusal::FieldWrong { field: "name".into(), wants: Expected::HookName });
        }
        Ok(Self(text.into()))
    }

    /// Returns a name like a display name that none of `taken` is: its letters and digits, and a number if need be.
    #[must_use]
    pub fn like(display_name: &str, taken: &[&Self]) -> Self {
        let letters = display_name.nfkd().filter(|c| c.is_ascii() || c.is_alphanumeric());
        let folded: String = letters.map(|c| c.to_ascii_lowercase()).collect();
        let words = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let mut slug = words.collect::<Vec<_>>().join("-");
        slug.truncate(HOOK_NAME_BYTES);
        let slug = Some(slug.trim_end_matches('-')).filter(|slug| !slug.is_empty()).unwrap_or(UNNAMED);
        let numbered = (2..).map(|number: usize| {
            let end = format!("-{number}");
            let start = &slug[..slug.len().min(HOOK_NAME_BYTES - end.len())];
            Self(format!("{}{end}", start.trim_end_matches('-')).into())
        });
        let mut names = std::iter::once(Self(slug.into())).chain(numbered);
        names.find(|name| !taken.contains(&name)).unwrap_or_else(|| Self(UNNAMED.into()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HookName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_slug_and_nothing_else() {
        for name in ["a", "7", "grafana", "ci-2", "a--b", "x".repeat(40).as_str()] {
            assert_eq!(HookName::new(name).unwrap().as_str(), name);
        }
        for bad in ["", "-", "-a", "a-", "A", "a b", "a/b", "é", "a.b", "x".repeat(41).as_str()] {
            assert!(HookName::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_display_name_gives_a_name_that_is_free() {
        let mut taken = Vec::new();
        for (display_name, name) in [
            ("Grafana", "grafana"),
            ("grafana!", "grafana-2"),
            ("  GRAFANA  ", "grafana-3"),
            ("Build & Deploy (main)", "build-deploy-main"),
            ("Café Zoë", "cafe-zoe"),
            ("茶", "webhook"),
            ("🫖", "webhook-2"),
            (&"long ".repeat(20), "long-long-long-long-long-long-long-long"),
            (&"x".repeat(90), &"x".repeat(40)),
            (&"x".repeat(80), &format!("{}-2", "x".repeat(38))),
        ] {
            let found = HookName::like(display_name, &taken.iter().collect::<Vec<_>>());
            assert_eq!(found.as_str(), name);
            assert_eq!(HookName::new(name), Ok(found.clone()));
            taken.push(found);
        }
    }
}
