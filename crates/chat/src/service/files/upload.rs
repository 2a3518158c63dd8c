//! Uploads: a stream of bytes becomes a blob, and then a file.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use wire::{Person, Refusal};

use super::content_type::{ContentType, HEAD_BYTES};
use super::{images, quota};
use crate::auth::caller::Caller;
use crate::auth::network::Network;
use crate::chat::Chat;
use crate::ports::blobs::{BlobId, BlobKey, ByteSource, BytesSource, StoredBlob};
use crate::ports::store::{ApplicationConfig, FileQuota, StoredFile};
use crate::service::error::Error;

/// A file that somebody wants to upload, before its content is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUpload {
    /// The name that the sender gives it. It is made [safe](crate::names::file_name).
    pub name: String,
    /// The size that the sender declares.
    pub bytes: DeclaredBytes,
    /// The sender's own name for the upload, which makes a retry the same file; none for a new one.
    pub key: Option<String>,
}

/// The size of an upload before it is read, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclaredBytes {
    /// The size of the file.
    Exactly(u64),
    /// The size of the rest of a form with the file, which may have other files.
    AtMost(u64),
}

/// A file that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// The file.
    pub file: StoredFile,
    /// True if it was uploaded before, under the same key.
    pub duplicate: bool,
}

/// A content that is received as a whole. No file names its blob yet.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) blob: BlobKey,
    pub(super) content: StoredBlob,
    pub(super) kind: ContentType,
    /// The most bytes of a file.
    pub(super) most: u64,
}

/// Uploading files.
impl Chat {
    /// Stores a file of the caller, which a message of theirs can take within a day. Its size, the quotas and the room on
    /// the disk are checked before anything is read from `content`. A picture is decoded and encoded anew.
    ///
    /// A content that is received as a whole becomes a file, also if this is dropped while that goes on. If it is dropped
    /// before, nothing is left.
    ///
    /// # Errors
    /// [`Refusal::SignInNeeded`], [`Refusal::OutsideScope`], [`Refusal::FileEmpty`], [`Refusal::BodyTooLarge`],
    /// [`Refusal::TooFast`], [`Refusal::TooManyUploads`], [`Refusal::DiskLow`], [`Refusal::UserFilesFull`],
    /// [`Refusal::ApplicationFilesFull`], [`Refusal::ImageBad`], [`Refusal::SendIdTaken`] if another file was uploaded
    /// under the key, and those of the source.
    pub async fn upload(
        self: &Arc<Self>,
        caller: &Caller,
        new: NewUpload,
        content: &mut dyn ByteSource,
    ) -> Result<Uploaded, Error> {
        let me = caller.scoped_actor()?;
        if caller.grant.as_ref().is_some_and(|grant| !grant.scope.may_write()) {
            return Err(Refusal::OutsideScope.into());
        }
        self.take_action(caller, me.id)?;
        let config = self.application_config(caller).await?;
        let most = quota::file_bytes(&self.limits.files, &config);
        let declared = new.bytes.within(most)?;
        // A program uploads for many users, from one place.
        let network = caller.from.filter(|_| caller.api_token.is_none()).map(Network::of);
        let permit = self.uploads.begin(caller.key(me.id), network)?;
        self.has_disk(declared).await?;
        let quota = quota::quota(&self.limits.files, &config);
        let is_repeat = match &new.key {
            Some(key) => self.reader(caller).file_by_key(me.id, key).await?.is_some(),
            None => false,
        };
        // A repeat takes no more room than it has.
        if !is_repeat {
            self.has_room(caller, me, declared, quota).await?;
        }
        let received = self.receive(caller, content, most).await?;
        // Nothing is awaited in between: from here on the blob has an owner.
        let (chat, caller) = (Arc::clone(self), caller.clone());
        self.finishing
            .run(async move {
                let _permit = permit;
                chat.finish_upload(&caller, new, received, quota, images::reencode).await
            })
            .await
    }

    /// Stores a file of an archive for its author, within the quotas and without the limits of rate. The same key is the
    /// same file.
    ///
    /// # Errors
    /// Those of [`Chat::upload`] but [`Refusal::TooFast`] and [`Refusal::TooManyUploads`].
    pub(in crate::service) async fn upload_imported(
        &self,
        author: &Caller,
        new: NewUpload,
        content: Bytes,
    ) -> Result<Uploaded, Error> {
        let me = author.scoped_actor()?;
        let config = self.application_config(author).await?;
        let declared = new.bytes.within(quota::file_bytes(&self.limits.files, &config))?;
        self.has_disk(declared).await?;
        let quota = quota::quota(&self.limits.files, &config);
        self.has_room(author, me, declared, quota).await?;
        let received = self.receive(author, &mut BytesSource::new(content), declared).await?;
        self.finish_upload(author, new, received, quota, images::imported).await
    }

    /// Returns the most bytes that a file of the caller may have; of an application that does not exist, the default.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn file_bytes(&self, caller: &Caller) -> Result<u64, Error> {
        let application = self.application_by_id(caller.application).await?;
        let config = application.map(|application| application.config).unwrap_or_default();
        Ok(quota::file_bytes(&self.limits.files, &config))
    }

    /// Returns the settings of the caller's application.
    async fn application_config(&self, caller: &Caller) -> Result<ApplicationConfig, Error> {
        let application = self.application_by_id(caller.application).await?;
        Ok(application.ok_or(Refusal::NotFound)?.config)
    }

    /// Checks the room on the disk.
    async fn has_disk(&self, bytes: u64) -> Result<(), Error> {
        let free = self.blobs.free_bytes().await?;
        if free.is_some_and(|free| free.saturating_sub(bytes) < self.limits.files.floor_bytes) {
            return Err(Refusal::DiskLow.into());
        }
        Ok(())
    }

    /// Checks the quotas. The commit checks them again.
    async fn has_room(
        &self,
        caller: &Caller,
        me: &Person,
        bytes: u64,
        quota: FileQuota,
    ) -> Result<(), Error> {
        let reader = self.reader(caller);
        if reader.file_usage(Some(me.id)).await?.bytes.saturating_add(bytes) > quota.user {
            return Err(Refusal::UserFilesFull { max: quota.user }.into());
        }
        if reader.file_usage(None).await?.bytes.saturating_add(bytes) > quota.application {
            return Err(Refusal::ApplicationFilesFull { max: quota.application }.into());
        }
        Ok(())
    }

    /// Reads a content into a blob.
    async fn receive(
        &self,
        caller: &Caller,
        content: &mut dyn ByteSource,
        most: u64,
    ) -> Result<Received, Error> {
        let mut content = Headed::read(content).await?;
        if content.head.is_empty() {
            return Err(Refusal::FileEmpty.into());
        }
        let kind = ContentType::of(&content.head);
        let blob = self.new_blob(caller);
        let content = self.blobs.put(blob, &mut content, most).await?;
        Ok(Received { blob, content, kind, most })
    }

    /// Returns a key that no blob has.
    pub(super) fn new_blob(&self, caller: &Caller) -> BlobKey {
        BlobKey { application: caller.application, id: BlobId(self.random()) }
    }
}

impl DeclaredBytes {
    /// Returns the most bytes that the upload takes, of a file that may have so many.
    fn within(self, most: u64) -> Result<u64, Refusal> {
        match self {
            Self::Exactly(0) => Err(Refusal::FileEmpty),
            Self::Exactly(bytes) if bytes > most => {
                Err(Refusal::BodyTooLarge { max: usize::try_from(most).unwrap_or(usize::MAX) })
            }
            Self::Exactly(bytes) => Ok(bytes),
            Self::AtMost(bytes) => Ok(bytes.min(most)),
        }
    }
}

/// A source whose first bytes were read to recognise it.
struct Headed<'a> {
    head: Bytes,
    is_head_sent: bool,
    rest: &'a mut dyn ByteSource,
}

impl<'a> Headed<'a> {
    async fn read(rest: &'a mut dyn ByteSource) -> Result<Self, Error> {
        let mut head = Vec::new();
        while head.len() < HEAD_BYTES {
            match rest.next().await? {
                Some(chunk) => head.extend_from_slice(&chunk),
                None => break,
            }
        }
        Ok(Self { head: head.into(), is_head_sent: false, rest })
    }
}

#[async_trait]
impl ByteSource for Headed<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if !std::mem::replace(&mut self.is_head_sent, true) && !self.head.is_empty() {
            return Ok(Some(self.head.clone()));
        }
        self.rest.next().await
    }
}
