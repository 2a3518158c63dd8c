//! The users of an export, with their names, descriptions and pictures.

use archive::{FileContent, Record, User};
use wire::UserId;

use super::exporter::Exporter;
use crate::service::error::Error;

/// The picture of a user, whose content follows the records.
pub(super) struct Picture {
    user: UserId,
    path: String,
}

impl Exporter<'_> {
    /// Writes the users; returns their pictures.
    pub(super) async fn users(&mut self) -> Result<Vec<Picture>, Error> {
        let mut pictures = Vec::new();
        for (id, user) in self.names.users() {
            let Some(profile) = self.reader.profile(user).await? else { continue };
            let mut picture = None;
            if let Some(content) = self.reader.picture(user).await?.filter(|_| profile.has_picture) {
                let path = archive::own::path(&format!("picture-{}", pictures.len() + 1));
                picture = Some(FileContent::Here { bytes: content.len() as u64, path: path.clone() });
                pictures.push(Picture { user, path });
            }
            let (name, bio) = (profile.person.name.to_string(), profile.bio.as_str().to_owned());
            self.record(Record::User(User { bio, id, name, picture, ..User::default() })).await?;
            self.exported.counts.users += 1;
        }
        Ok(pictures)
    }

    /// Writes the contents of pictures.
    pub(super) async fn pictures(&mut self, pictures: Vec<Picture>) -> Result<(), Error> {
        for Picture { user, path } in pictures {
            // The reader sees what it has seen before.
            if let Some(content) = self.reader.picture(user).await? {
                self.file(path, content).await?;
            }
        }
        Ok(())
    }
}
