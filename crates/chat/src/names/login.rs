//! Logins, the look-alike keys of names: accounts sign in with them.

use unicode_normalization::UnicodeNormalization;
use wire::Refusal;

use super::invisible::is_ignorable;
use super::person_name;

/// The name that an account signs in with, as keys that are unique among accounts: skeletons of UTS 39 without case.
///
/// `Mark`, `MARK`, full-width `Ｍａｒｋ` and `Mаrk` with a Cyrillic letter have a key in common and so are one login: no
/// account can look like another. A letter may look like one letter as a capital and like another one as a small
/// letter (Greek Ν and ν), so there is a key for the name as it is typed, and for it in capitals and in small letters.
/// A skeleton is for comparing only; people see the [`PersonName`](wire::PersonName).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Login {
    /// The key of the name in small letters.
    key: Box<str>,
    /// Other keys, if they differ.
    others: Vec<Box<str>>,
}

impl Login {
    /// Creates the login of a person with this name.
    ///
    /// # Errors
    /// Those of [`person_name`].
    pub fn new(name: &str) -> Result<Self, Refusal> {
        let name = person_name(name)?;
        let visible: String = name.as_str().chars().filter(|c| !is_ignorable(*c)).nfkc().collect();
        // Marks that stand alone, such as ﹰ, are a space and the mark in this form.
        let visible = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        let key = skeleton(&fold(&visible));
        let mut others = vec![skeleton(&fold(&visible).to_uppercase()), skeleton(&visible)];
        others.dedup();
        others.retain(|other| *other != key);
        Ok(Self { key, others })
    }

    /// Returns the first of the keys: the same for every case and normal form of a name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.key
    }

    /// Returns all keys. Logins that have one in common look alike.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.key).chain(&self.others).map(|key| &**key)
    }

    /// Returns true if the names of both look alike.
    #[must_use]
    pub fn looks_like(&self, other: &Self) -> bool {
        self.keys().any(|key| other.keys().any(|theirs| theirs == key))
    }
}

/// Returns the skeleton of a text (UTS 39), without case.
fn skeleton(text: &str) -> Box<str> {
    // Look-alikes of capitals become letters whose small forms have look-alikes of their own.
    let mapped = map(&fold(&map(text)));
    // "I" looks like "l" and is an "i": without case the three are one letter, and a dot above makes no difference.
    let one = |c| if matches!(c, 'i' | 'ı' | '1' | '|') { 'l' } else { c };
    fold(&mapped).nfd().filter(|c| *c != DOT_ABOVE).map(one).collect()
}

fn map(text: &str) -> String {
    unicode_security::skeleton(text).collect()
}

const DOT_ABOVE: char = '\u{307}';

/// Returns the text without case. Twice to small letters, since a few, such as ẞ, have several steps.
fn fold(text: &str) -> String {
    text.to_lowercase().to_uppercase().to_lowercase().nfkc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn login(name: &str) -> Login {
        Login::new(name).unwrap()
    }

    #[test]
    fn names_that_look_alike_are_one_login() {
        for (one, other) in [
            ("Mark", "MARK"),
            ("Mark", "Mаrk"),
            ("Mark", "Ｍａｒｋ"),
            ("Mark", "𝐌𝐚𝐫𝐤"),
            ("Mark", "Маrk"),
            ("vik", "νik"),
            ("Mvrk", "Мνrk"),
            ("paypal", "раураl"),
            ("Ilya", "ilya"),
            ("Ilya", "llya"),
            ("Ilya", "1lya"),
            ("Bob", "B0b"),
            ("modern", "modem"),
            ("İpek", "ipek"),
            ("straße", "STRASSE"),
            ("straße", "STRAẞE"),
            ("ﬁona", "Fiona"),
            ("Ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
            ("Zoe\u{308}", "ZOË"),
            ("می\u{200c}خواهم", "میخواهم"),
            ("葛\u{e0100}城", "葛城"),
            ("Ann  Lee", "ann\u{3000}lee"),
            ("\u{fe70}", " \u{64b}"),
            ("ann\u{fe70}", "Ann \u{64b}"),
        ] {
            assert!(login(one).looks_like(&login(other)), "{one} {other}");
        }
        for (one, other) in
            [("ann", "anna"), ("Zoë", "Zoe"), ("山田", "田山"), ("داود", "سارا"), ("Ann Lee", "AnnLee")]
        {
            assert!(!login(one).looks_like(&login(other)), "{one} {other}");
        }
    }

    /// Returns the same name in other characters.
    fn disguised(name: &str, how: &[u8]) -> String {
        let disguise = |(c, how): (char, &u8)| match (how % 4, c) {
            (0, 'a') => 'а',
            (0, 'c') => 'с',
            (0, 'e') => 'е',
            (0, 'o') => '0',
            (0, 'p') => 'р',
            (0, 'x') => 'х',
            (0, 'y') => 'у',
            (0, 'l') => 'I',
            (1, 'a'..='z') => char::from_u32(c as u32 + 0xfee0).unwrap(),
            (2, 'k') => 'К',
            (2, 'm') => 'М',
            (2, 't') => 'Т',
            (2, 'h') => 'Н',
            (2, c) => c.to_ascii_uppercase(),
            (_, c) => c,
        };
        name.chars().zip(how.iter().cycle()).map(disguise).collect()
    }

    proptest! {
        #[test]
        fn no_disguise_makes_another_login(name in "[a-z]{1,30}", how in prop::collection::vec(any::<u8>(), 30)) {
            prop_assert!(login(&name).looks_like(&login(&disguised(&name, &how))));
        }

        #[test]
        fn case_and_normal_form_make_no_other_login(name in "[\\p{L}\\p{M}\\p{N} ]{1,12}") {
            let Ok(login) = Login::new(&name) else { return Ok(()) };
            let others = [
                name.nfd().collect::<String>(),
                name.nfc().collect(),
                name.nfkc().collect(),
                name.nfkd().collect(),
                name.to_lowercase(),
                name.to_uppercase(),
            ];
            for other in others {
                if let Ok(other) = Login::new(&other) {
                    prop_assert!(login.looks_like(&other));
                    prop_assert_eq!(login.as_str(), other.as_str());
                }
            }
        }
    }
}
