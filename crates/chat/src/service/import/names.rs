//! The names of users whom an archive names: free ones that follow the rules.

use wire::limits::PERSON_NAME_CHARS;
use wire::{ApplicationId, PersonName};

use crate::chat::Chat;
use crate::names;
use crate::ports::store::{AccountKey, Login};
use crate::service::error::Error;

/// The most names that are tried for a user whose name belongs to an account.
const NAMES: u32 = 100;

impl Chat {
    /// Returns a name that no account signs in with, nor one that looks like it: with a number if need be.
    pub(super) async fn free_name(
        &self,
        application: ApplicationId,
        name: &str,
    ) -> Result<PersonName, Error> {
        let name = person_name(name)?;
        let reader = self.store.reader(application);
        for number in 1..NAMES {
            let numbered = if number == 1 { name.clone() } else { with_number(&name, number)? };
            let Ok(login) = Login::new(numbered.as_str()) else { continue };
            if reader.account(AccountKey::Login(login)).await?.is_none() {
                return Ok(numbered);
            }
        }
        Ok(name)
    }
}

/// Returns a name as this server allows it: not too long, and without characters that show nothing.
pub(super) fn person_name(name: &str) -> Result<PersonName, Error> {
    let short = |text: &str| text.trim().chars().take(PERSON_NAME_CHARS).collect::<String>();
    let shown: String =
        name.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation() || *c == ' ').collect();
    let tried = [short(name), short(&shown)];
    let found = tried.iter().find_map(|name| names::person_name(name).ok());
    Ok(found.map_or_else(|| PersonName::new("User"), Ok)?)
}

fn with_number(name: &PersonName, number: u32) -> Result<PersonName, Error> {
    let number = format!(" {number}");
    let start: String = name.as_str().chars().take(PERSON_NAME_CHARS - number.len()).collect();
    Ok(PersonName::new(&format!("{}{number}", start.trim_end()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_an_archive_becomes_a_name() {
        for (name, becomes) in [
            ("ann", "ann"),
            ("美 🍵", "美 🍵"),
            ("نور", "نور"),
            ("", "User"),
            ("\u{202e}ben", "ben"),
            ("a\nb", "a b"),
            (&"x".repeat(50), &"x".repeat(40)),
        ] {
            assert_eq!(person_name(name).unwrap().as_str(), becomes, "{name:?}");
        }
        let long = PersonName::new(&"x".repeat(40)).unwrap();
        assert_eq!(with_number(&long, 12).unwrap().as_str(), format!("{} 12", "x".repeat(37)));
    }
}
