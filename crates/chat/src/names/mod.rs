//! Names and passwords at the boundary: one normal form, no invisible characters, and one login for all look-alikes.
//!
//! Only the server has the Unicode tables for it; `wire` has the checks that need none.

mod external_key;
mod file_name;
mod hook_name;
mod invisible;
mod login;

use unicode_normalization::UnicodeNormalization;
use wire::limits::{BIO_CHARS, GROUP_NAME_CHARS, PASSWORD_CHARS, PERSON_NAME_CHARS};
use wire::{Description, GroupName, PersonName, Refusal};

pub use external_key::ExternalKey;
pub use file_name::{file_name, with_extension};
pub use hook_name::HookName;
pub use login::Login;

/// Parses the name of a person, in normal form C.
///
/// # Errors
/// Those of [`PersonName::new`], and [`Refusal::NameHasControls`] for invisible characters that join nothing.
pub fn person_name(text: &str) -> Result<PersonName, Refusal> {
    let name = PersonName::new(&nfc(text, PERSON_NAME_CHARS)?)?;
    invisible::check(name.as_str())?;
    Ok(name)
}

/// Parses the name of a group, as [`person_name`].
///
/// # Errors
/// Those of [`GroupName::new`], and [`Refusal::NameHasControls`] for invisible characters that join nothing.
pub fn group_name(text: &str) -> Result<GroupName, Refusal> {
    let name = GroupName::new(&nfc(text, GROUP_NAME_CHARS)?)?;
    invisible::check(name.as_str())?;
    Ok(name)
}

/// Parses a description, in normal form C.
///
/// # Errors
/// Those of [`Description::new`].
pub fn description(text: &str) -> Result<Description, Refusal> {
    Description::new(&nfc(text, BIO_CHARS)?)
}

/// Returns a password as it is hashed: the `OpaqueString` profile of RFC 8265, normal form C with every space an ASCII
/// space.
///
/// # Errors
/// [`Refusal::PasswordLength`].
pub(crate) fn password(text: &str) -> Result<String, Refusal> {
    if text.len() > PASSWORD_CHARS.end() * MOST_BYTES {
        return Err(Refusal::PasswordLength);
    }
    let space = |c: char| if c.is_whitespace() && !c.is_ascii() { ' ' } else { c };
    let password: String = text.chars().map(space).nfc().collect();
    if PASSWORD_CHARS.contains(&password.chars().count()) {
        Ok(password)
    } else {
        Err(Refusal::PasswordLength)
    }
}

/// The most bytes per character of a text; a longer one is refused before it is normalised. The characters that people
/// type need fewer.
const MOST_BYTES: usize = 16;

fn nfc(text: &str, max: usize) -> Result<String, Refusal> {
    if text.len() > max * MOST_BYTES {
        return Err(Refusal::NameTooLong { max });
    }
    Ok(text.nfc().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_or_password_is_the_same_however_its_accents_are_typed() {
        for (composed, decomposed) in
            [("Zoë", "Zoe\u{308}"), ("Nguyễn", "Nguye\u{302}\u{303}n"), ("한국어", "한국어")]
        {
            assert_eq!(person_name(decomposed), person_name(composed));
            assert_eq!(person_name(decomposed).unwrap().as_str(), composed);
            assert_eq!(group_name(decomposed).unwrap().as_str(), composed);
            assert_eq!(description(decomposed).unwrap().as_str(), composed);
            let password = |name: &str| super::password(&format!("{name} and tea"));
            assert_eq!(password(decomposed), password(composed));
        }
        assert_eq!(password("correct\u{a0}horse\u{3000}battery"), Ok("correct horse battery".into()));
    }

    #[test]
    fn a_password_is_counted_in_characters_after_it_is_normalised() {
        assert!(password(&"e\u{301}".repeat(128)).is_ok());
        assert!(password(&"👩🏽".repeat(60)).is_ok());
        for wrong in ["short", &"é".repeat(129), &"x".repeat(100_000)] {
            assert_eq!(password(wrong), Err(Refusal::PasswordLength));
        }
    }
}
