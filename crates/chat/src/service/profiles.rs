//! Profiles: descriptions and avatars of users.

use bytes::Bytes;
use wire::{AppRole, Refusal, UserId};

use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::names;
use crate::ports::store::{Profile, UserWrite};
use crate::service::avatar_images;
use crate::service::error::Error;

/// Profiles and avatars.
impl Chat {
    /// Returns a user's profile, and their application role; no role for a guest.
    ///
    /// # Errors
    /// [`Refusal::SignInNeeded`], [`Refusal::NotFound`].
    pub async fn profile(&self, caller: &Caller, user: UserId) -> Result<(Profile, Option<AppRole>), Error> {
        caller.user()?;
        let profile = self.reader(caller).profile(user).await?.ok_or(Refusal::NotFound)?;
        Ok((profile, self.app_role(caller, user).await?))
    }

    /// Returns the picture of a user, a JPEG of 192 by 192; none if they have none.
    ///
    /// # Errors
    /// [`Refusal::SignInNeeded`].
    pub async fn avatar(&self, caller: &Caller, user: UserId) -> Result<Option<Bytes>, Error> {
        caller.user()?;
        Ok(self.reader(caller).picture(user).await?)
    }

    /// Sets the description of a user with an account.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`], and those of [`names::description`].
    pub async fn set_bio(&self, caller: &Caller, bio: &str) -> Result<(), Error> {
        let me = caller.user()?;
        let bio = names::description(bio)?;
        self.may_tell(caller).await?;
        self.commit(caller, UserWrite::SetBio { user: me.id, bio }).await.map(|_| ())
    }

    /// Checks that a user may set a picture, before a file is read.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`].
    pub async fn may_set_avatar(&self, caller: &Caller) -> Result<(), Error> {
        self.account(caller).await?.ok_or(Refusal::NoAccount)?;
        Ok(())
    }

    /// Sets the picture of a user with an account, made from a file of any supported format; nothing of the file
    /// itself is kept.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`], [`Refusal::PictureBad`].
    pub async fn set_avatar(&self, caller: &Caller, file: Bytes) -> Result<(), Error> {
        let me = caller.user()?;
        self.may_tell(caller).await?;
        let picture = self.pictures.run(move || avatar_images::portrait(&file)).await??;
        self.commit(caller, UserWrite::SetAvatar { user: me.id, picture: Some(picture) }).await.map(|_| ())
    }

    /// Removes the picture of a user.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`].
    pub async fn remove_avatar(&self, caller: &Caller) -> Result<(), Error> {
        let me = caller.user()?;
        self.may_tell(caller).await?;
        self.commit(caller, UserWrite::SetAvatar { user: me.id, picture: None }).await.map(|_| ())
    }

    async fn may_tell(&self, caller: &Caller) -> Result<(), Error> {
        self.action_rate.take(caller.key(caller.user()?.id), self.monotonic.now())?;
        self.may_set_avatar(caller).await
    }
}
