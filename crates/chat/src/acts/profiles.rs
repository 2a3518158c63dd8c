use bytes::Bytes;
use wire::{Person, Refusal, UserId};

use crate::chat::Chat;
use crate::names;
use crate::no::No;
use crate::pictures;
use crate::store::{Profile, Write};

/// What people tell of themselves.
impl Chat {
    /// What somebody tells of themselves.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn profile(&self, user: UserId) -> Result<Profile, No> {
        Ok(self.store.profile(user).await?.ok_or(Refusal::NotFound)?)
    }

    /// The picture of somebody, a JPEG of 192 by 192; none if they have none.
    ///
    /// # Errors
    /// [`No::Fault`].
    pub async fn picture(&self, user: UserId) -> Result<Option<Bytes>, No> {
        Ok(self.store.picture(user).await?)
    }

    /// Somebody with an account tells something else of themselves.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`], and those of [`names::description`].
    pub async fn describe(&self, me: &Person, bio: &str) -> Result<(), No> {
        let bio = names::description(bio)?;
        self.may_tell(me).await?;
        self.commit(Write::Describe { user: me.id, bio }).await.map(|_| ())
    }

    /// Whether somebody may show a picture, asked before a file is read.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`].
    pub async fn may_portray(&self, me: &Person) -> Result<(), No> {
        self.account(me).await?.ok_or(Refusal::NoAccount)?;
        Ok(())
    }

    /// Somebody with an account has another picture, made of a file in whatever format; nothing of the file itself is
    /// kept.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`], [`Refusal::PictureBad`].
    pub async fn portray(&self, me: &Person, file: Bytes) -> Result<(), No> {
        self.may_tell(me).await?;
        let picture = self.pictures.work(move || pictures::portrait(&file)).await??;
        self.commit(Write::Portray { user: me.id, picture: Some(picture) }).await.map(|_| ())
    }

    /// Somebody has no picture any more.
    ///
    /// # Errors
    /// [`Refusal::NoAccount`].
    pub async fn take_picture_down(&self, me: &Person) -> Result<(), No> {
        self.may_tell(me).await?;
        self.commit(Write::Portray { user: me.id, picture: None }).await.map(|_| ())
    }

    async fn may_tell(&self, me: &Person) -> Result<(), No> {
        self.acts.take(me.id, self.steady.now())?;
        self.may_portray(me).await
    }
}
