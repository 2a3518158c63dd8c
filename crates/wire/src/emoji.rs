//! Emoji of reactions.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use crate::limits::EMOJI_BYTES;
use crate::refusal::Refusal;
use crate::visible::is_visible;

/// The emoji of a reaction, as it crosses the network: up to 40 bytes that could be an emoji. The server knows which
/// ones there are, and keeps each in one spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Emoji(Box<str>);

impl Emoji {
    /// Checks a text.
    ///
    /// # Errors
    /// [`Refusal::EmojiBad`].
    pub fn new(text: &str) -> Result<Self, Refusal> {
        // A keycap begins with a digit; everything else of an emoji is beyond ASCII. Joiners, variation selectors and
        // tags show nothing by themselves; direction marks have no place here.
        let keycap = |c: char| c.is_ascii_digit() || matches!(c, '#' | '*');
        let joins = |c: char| matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' | '\u{e0020}'..='\u{e007f}');
        let shows = |c: char| !c.is_ascii() && is_visible(c);
        let fits = text.len() <= EMOJI_BYTES && text.chars().any(shows);
        if fits && text.chars().all(|c| shows(c) || joins(c) || keycap(c)) {
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
        Self::new(&text).map_err(|refusal| de::Error::custom(refusal.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_is_a_picture_and_no_word() {
        for good in ["👍", "❤️", "👩‍💻", "🇮🇹", "1️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "✅", "©️", "ℹ"]
        {
            assert!(Emoji::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "ok👍", "👍 👍", "12", "\u{202e}👍", "\u{200d}", "\u{2800}", &"👍".repeat(11)]
        {
            assert_eq!(Emoji::new(bad), Err(Refusal::EmojiBad), "{bad}");
        }
    }
}
