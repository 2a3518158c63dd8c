//! Making the users of an archive: each is a user without an account, under a key of the archive.

use archive::{FileContent, User};
use wire::limits::BIO_CHARS;
use wire::{Person, Refusal, UserId};

use super::ids::key;
use super::importer::Importer;
use super::reader::ArchiveReader;
use super::state::ImportState;
use crate::names;
use crate::ports::store::{PutUser, PutUserOutcome, UserWrite};
use crate::service::application_room::Limited;
use crate::service::avatar_images;
use crate::service::error::Error;

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
