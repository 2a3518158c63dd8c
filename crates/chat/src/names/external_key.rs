//! External keys: an application's own names for its users and conversations.

use std::fmt;

use wire::Refusal;
use wire::limits::KEY_BYTES;

/// An application's own name for a user or a conversation, compared byte for byte. 1 to 128 bytes without control
/// characters. Names that begin with `id:` or `direct:` are the server's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalKey(Box<str>);

impl ExternalKey {
    /// Checks a text.
    ///
    /// # Errors
    /// [`Refusal::KeyBad`].
    pub fn new(text: &str) -> Result<Self, Refusal> {
        let fits = !text.is_empty() && text.len() <= KEY_BYTES && !text.chars().any(char::is_control);
        if !fits || text.starts_with("id:") || text.starts_with("direct:") {
            return Err(Refusal::KeyBad);
        }
        Ok(Self(text.into()))
    }

    /// Returns the text, as the application wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_any_short_text_that_is_not_a_name_of_the_server() {
        for key in ["42", "shop/customers/42", "%2F", "李雷", "a b", "ID:1", "x".repeat(128).as_str()] {
            assert_eq!(ExternalKey::new(key).unwrap().as_str(), key);
        }
        for bad in ["", "id:1", "direct:1-2", "a\nb", "\u{0}", "\u{85}", "x".repeat(129).as_str()] {
            assert_eq!(ExternalKey::new(bad), Err(Refusal::KeyBad), "{bad:?}");
        }
    }
}
