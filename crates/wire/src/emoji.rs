use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use crate::limits::EMOJI_BYTES;
use crate::refusal::Refusal;

/// One emoji, as people react with it: up to 40 bytes of characters that are neither letters nor spaces.
/// Which pictures a device has for it is the device's affair.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Emoji(Box<str>);

impl Emoji {
    /// Checks a text.
    ///
    /// # Errors
    /// [`Refusal::EmojiBad`].
    pub fn new(text: &str) -> Result<Self, Refusal> {
        // A keycap begins with a digit; everything else of an emoji is beyond ASCII.
        let beyond = |c: char| !c.is_ascii() && !c.is_alphanumeric() && !c.is_whitespace() && !c.is_control();
        let keycap = |c: char| c.is_ascii_digit() || matches!(c, '#' | '*');
        // Joiners and variation selectors show nothing by themselves; direction marks have no place here.
        let joins = |c: char| matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
        let steers = |c: char| c < '\u{203c}' || matches!(c, '\u{2066}'..='\u{2069}');
        let shows = |c: char| beyond(c) && !joins(c) && !steers(c) || c == '\u{20e3}';
        let fits = text.len() <= EMOJI_BYTES && text.chars().any(shows);
        if fits && text.chars().all(|c| shows(c) || joins(c) || keycap(c) || matches!(c, '©' | '®')) {
            Ok(Self(text.into()))
        } else {
            Err(Refusal::EmojiBad)
        }
    }

    /// The emoji as people see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Emoji {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Emoji {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(|refusal| de::Error::custom(refusal.sentence()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_a_picture_and_no_word() {
        for good in ["👍", "❤️", "👩‍💻", "🇮🇹", "1️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "✅"]
        {
            assert!(Emoji::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "ok👍", "👍 👍", "12", "日本", "\u{202e}👍", "\u{200d}", &"👍".repeat(11)]
        {
            assert_eq!(Emoji::new(bad), Err(Refusal::EmojiBad), "{bad}");
        }
    }
}
