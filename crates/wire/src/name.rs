//! Names and descriptions: their lengths and characters.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use crate::limits::{DESCRIPTION_CHARS, GROUP_NAME_CHARS, PERSON_NAME_CHARS};
use crate::refusal::Refusal;

macro_rules! checked_name {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks a name; white space around it goes, white space within it becomes one space.
            ///
            /// # Errors
            /// [`Refusal::NameEmpty`], [`Refusal::NameTooLong`] or [`Refusal::NameHasControls`].
            pub fn new(text: &str) -> Result<Self, Refusal> {
                tidy(text, $max).map(Self)
            }

            /// The name as people see it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::new(&text).map_err(|refusal| de::Error::custom(refusal.code()))
            }
        }
    };
}

checked_name! {
    /// A display name: 1 to 40 characters. Not unique: the id tells people apart.
    PersonName, PERSON_NAME_CHARS
}
checked_name! {
    /// A group's name: 1 to 80 characters.
    GroupName, GROUP_NAME_CHARS
}
checked_name! {
    /// An application's title: 1 to 80 characters.
    ApplicationTitle, GROUP_NAME_CHARS
}

/// A group's description: up to 500 characters, perhaps none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Description(Box<str>);

impl Description {
    /// Checks a text as a name is checked, except that it may be empty.
    ///
    /// # Errors
    /// [`Refusal::NameTooLong`] or [`Refusal::NameHasControls`].
    pub fn new(text: &str) -> Result<Self, Refusal> {
        match tidy(text, DESCRIPTION_CHARS) {
            Err(Refusal::NameEmpty) => Ok(Self::default()),
            tidied => tidied.map(Self),
        }
    }

    /// The text as people see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Description {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Description {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(|refusal| de::Error::custom(refusal.code()))
    }
}

fn tidy(text: &str, max: usize) -> Result<Box<str>, Refusal> {
    // An honest name never needs so much room, and the words below are collected before they are counted.
    if text.len() > max * 16 {
        return Err(Refusal::NameTooLong { max });
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let name = words.join(" ");
    if name.chars().any(|c| c.is_control() || steers_direction(c)) {
        return Err(Refusal::NameHasControls);
    }
    if name.chars().all(|c| c == ' ' || shows_nothing(c)) {
        return Err(Refusal::NameEmpty);
    }
    if name.chars().count() > max {
        return Err(Refusal::NameTooLong { max });
    }
    Ok(name.into())
}

/// Bidirectional controls (Unicode UAX 9, table 2): with them a name can pretend to be another one, or turn
/// the text around it.
const fn steers_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters without ink. The joiners among them are part of honest names and emoji, so they may stand in a
/// name, but no name is made of them alone.
const fn shows_nothing(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}' | '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2028}'..='\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{2800}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_letters_and_loses_its_spare_spaces() {
        for (given, kept) in
            [("ann", "ann"), ("  Ann \t Lee ", "Ann Lee"), ("Zoë 👩‍💻", "Zoë 👩‍💻"), ("سارا", "سارا")]
        {
            assert_eq!(PersonName::new(given).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn a_name_of_nothing_is_refused() {
        for bad in ["", "   ", "\u{200b}", "\u{200d}\u{fe0f} \u{3164}"] {
            assert_eq!(PersonName::new(bad), Err(Refusal::NameEmpty), "{bad:?}");
        }
    }

    #[test]
    fn a_name_that_turns_its_surroundings_is_refused() {
        for bad in ["ann\u{202e}nimda", "\u{2066}ann", "an\u{7}n", "ann\u{200f}"] {
            assert_eq!(PersonName::new(bad), Err(Refusal::NameHasControls), "{bad:?}");
        }
    }

    #[test]
    fn a_name_is_counted_in_characters() {
        assert!(PersonName::new(&"é".repeat(PERSON_NAME_CHARS)).is_ok());
        for long in [PERSON_NAME_CHARS + 1, 300, 100_000] {
            let refused = PersonName::new(&"é".repeat(long));
            assert_eq!(refused, Err(Refusal::NameTooLong { max: PERSON_NAME_CHARS }));
        }
        assert!(GroupName::new(&"x".repeat(GROUP_NAME_CHARS)).is_ok());
    }
}
