//! Profiles: descriptions and avatars of users.

use bytes::Bytes;
use wire::{Person, Refusal, UserId};

use crate::chat::Chat;
use crate::names;
use crate::ports::store::{Profile, Write};
use crate::service::avatar_images;
use crate::service::error::Error;

/// Profiles and avatars.
impl Chat {
    /// Returns a user's profile.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn profile(&self, user: UserId) -> Result<Profile, Error> {
        Ok(self.store.profile(user).await?.ok_or(Refusal::NotFound)?)
    }

    /// Returns the picture of a user, a JPEG of 192 by 192; none if they have none.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn avatar(&self, user: UserId) -> Result<Option<Bytes>, Error> {
        Ok(self.store.picture(user).await?)
    }

    /// Sets the description of a user with an account.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`], and those of [`names::description`].
    pub async fn set_bio(&self, me: &Person, bio: &str) -> Result<(), Error> {
        let bio = names::description(bio)?;
        self.may_tell(me).await?;
        self.commit(Write::Describe { user: me.id, bio }).await.map(|_| ())
    }

    /// Checks that a user may set a picture, before a file is read.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`].
    pub async fn may_set_avatar(&self, me: &Person) -> Result<(), Error> {
        self.account(me).await?.ok_or(Refusal::NoAccount)?;
        Ok(())
    }

    /// Sets the picture of a user with an account, made from a file of any supported format; nothing of the file
    /// itself is kept.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`], [`Refusal::PictureBad`].
    pub async fn set_avatar(&self, me: &Person, file: Bytes) -> Result<(), Error> {
        self.may_tell(me).await?;
        let picture = self.pictures.run(move || avatar_images::portrait(&file)).await??;
        self.commit(Write::Portray { user: me.id, picture: Some(picture) }).await.map(|_| ())
    }

    /// Removes the picture of a user.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`].
    pub async fn remove_avatar(&self, me: &Person) -> Result<(), Error> {
        self.may_tell(me).await?;
        self.commit(Write::Portray { user: me.id, picture: None }).await.map(|_| ())
    }

    async fn may_tell(&self, me: &Person) -> Result<(), Error> {
        self.action_rate.take(me.id, self.monotonic.now())?;
        self.may_set_avatar(me).await
    }
}
