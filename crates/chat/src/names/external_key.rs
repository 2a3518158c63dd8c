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

    /// Returns the number that it is, in digits as a number is written; none above half the range, which no count
    /// reaches.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        let number: i64 = self.0.parse().ok()?;
        let is_written_so = (0..=i64::MAX / 2).contains(&number) && number.to_string() == *self.0;
        is_written_so.then_some(number)
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

    #[test]
    fn a_number_is_a_key_of_digits_without_anything_else() {
        let number = |key: &str| ExternalKey::new(key).unwrap().number();
        assert_eq!((number("0"), number("42")), (Some(0), Some(42)));
        for other in ["042", "+42", "-1", "4.2", "42 ", "٤٢", "9223372036854775807", "99999999999999999999"]
        {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
