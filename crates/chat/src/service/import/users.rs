//! Making the users of an archive: each is a user without an account, under a key of the archive.

use archive::{FileContent, User};
use wire::limits::{BIO_CHARS, PERSON_NAME_CHARS};
use wire::{ApplicationId, Person, PersonName, Refusal, UserId};

use super::ids::key;
use super::importer::Importer;
use super::reader::ArchiveReader;
use super::state::ImportState;
use crate::chat::Chat;
use crate::names;
use crate::ports::store::{AccountKey, Login, PutUser, PutUserOutcome, UserWrite};
use crate::service::application_room::Limited;
use crate::service::avatar_images;
use crate::service::error::Error;

/// The most names that are tried for a user whose name belongs to an account.
const NAMES: u32 = 100;
/// The most bytes of a picture of a user.
const PICTURE_BYTES: u64 = 1024 * 1024;

impl Importer<'_> {
    /// Makes a user with their picture, if the archive's id names none yet.
    pub(super) async fn user(
        &mut self,
        user: &User,
        reader: ArchiveReader,
        state: &mut ImportState,
    ) -> Result<ArchiveReader, Error> {
        self.make_user(user, state).await?;
        match &user.picture {
            Some(FileContent::Here { path, .. }) => self.picture(user, path.clone(), reader, state).await,
            _ => Ok(reader),
        }
    }

    /// Gives a user their picture, if they have none.
    async fn picture(
        &mut self,
        user: &User,
        path: String,
        reader: ArchiveReader,
        state: &mut ImportState,
    ) -> Result<ArchiveReader, Error> {
        let (chat, application) = (self.chat, self.application);
        let Some(person) = self.people.person(chat, &user.id).await? else { return Ok(reader) };
        let profile = chat.store.reader(application).profile(person.id).await?;
        if profile.is_none_or(|profile| profile.has_picture) {
            return Ok(reader);
        }
        let (reader, content) = reader.file(path, PICTURE_BYTES).await?;
        let picture = match content {
            Ok(Some(content)) => chat.pictures.run(move || avatar_images::imported(content)).await?,
            Ok(None) | Err(_) => Err(Refusal::PictureBad),
        };
        match picture {
            Ok(picture) => {
                let write = UserWrite::SetAvatar { user: person.id, picture: Some(picture) };
                chat.commit_in(application, write).await?;
            }
            Err(refusal) => state.leave_out(&format!("the picture of {}", user.name), refusal.code()),
        }
        Ok(reader)
    }

    async fn make_user(&mut self, user: &User, state: &mut ImportState) -> Result<(), Error> {
        self.people.note(user);
        let Some(key) = key(self.format.as_str(), &user.id) else {
            state.leave_out(&user.id, "a user with an id that cannot be a key");
            return Ok(());
        };
        let (chat, application) = (self.chat, self.application);
        if let Some(found) = chat.store.reader(application).user_by_key(&key).await? {
            self.people.keep(&user.id, Some(found.person));
            state.done.users += 1;
            return Ok(());
        }
        let room = match chat.take_room(application, Limited::Users).await {
            Ok(room) => room,
            Err(Error::Refusal(refusal)) => {
                state.leave_out(&user.id, refusal.code());
                self.people.keep(&user.id, None);
                return Ok(());
            }
            Err(fault) => return Err(fault),
        };
        let person = Person {
            id: UserId::from_bytes(chat.random()),
            name: chat.free_name(application, &user.name).await?,
        };
        let bio: String = user.bio.chars().take(BIO_CHARS).collect();
        let bio = Some(bio).filter(|bio| !bio.is_empty()).and_then(|bio| names::description(&bio).ok());
        let at = chat.monotonic.now();
        let put = PutUser { key, person, bio, version: None, sign_up: None, at };
        if let PutUserOutcome::Put { user: keyed, created } = chat.commit_in(application, put).await? {
            if created {
                room.used();
            }
            self.people.keep(&user.id, Some(keyed.person));
            state.done.users += 1;
        }
        Ok(())
    }
}

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
