//! The end of uploads: a content that was received becomes a file, or leaves nothing.

use image::ImageFormat;
use wire::{FileId, Json, Refusal};

use super::content_type::ContentType;
use super::images::{self, Picture};
use super::upload::{NewUpload, Received, Uploaded};
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::names;
use crate::ports::blobs::{BlobId, BlobKey, BytesSource, StoredBlob};
use crate::ports::store::{FileOutcome, FileQuota, FileState, FileWrite, JobKind, NewJob, StoredFile};
use crate::service::error::Error;

/// A content as it is kept, before there is a file.
struct Stored {
    blob: BlobId,
    content: StoredBlob,
    kind: ContentType,
    /// The width and the height of a picture.
    size: Option<(u32, u32)>,
}

/// A function that encodes a picture anew.
pub(super) type Encode = fn(&[u8], ImageFormat) -> Result<Picture, Refusal>;

/// Finishing uploads.
impl Chat {
    /// Makes a file of a content that was received; `encode` encodes a picture. Its caller may have gone; the node owns the task.
    pub(super) async fn finish_upload(
        &self,
        caller: &Caller,
        new: NewUpload,
        received: Received,
        quota: FileQuota,
        encode: Encode,
    ) -> Result<Uploaded, Error> {
        let Received { blob, content, kind, most } = received;
        let stored = match kind {
            ContentType::Image(format) => {
                let encoded = self.store_picture(caller, blob, format, most, encode).await;
                // The original goes in any case. If a fault leaves it there, the sweep of blobs removes it.
                let _ = self.blobs.delete(blob).await;
                encoded?
            }
            _ => Stored { blob: blob.id, content, kind, size: None },
        };
        let blob = BlobKey { application: caller.application, id: stored.blob };
        let added = self.add_file(caller, new, stored, quota).await;
        // After a fault nobody knows whether the file was committed: the sweep removes the blob if it was not.
        if matches!(&added, Ok(Uploaded { duplicate: true, .. }) | Err(Error::Refusal(_))) {
            self.blobs.delete(blob).await?;
        }
        added
    }

    /// Stores a picture that was encoded anew.
    async fn store_picture(
        &self,
        caller: &Caller,
        original: BlobKey,
        format: ImageFormat,
        most: u64,
        encode: Encode,
    ) -> Result<Stored, Error> {
        let picture = self.with_image(original, move |file| encode(file, format)).await??;
        let blob = self.new_blob(caller);
        // Encoded anew, a picture may be somewhat larger than it was.
        let (mut source, most) = (BytesSource::new(picture.content), most.saturating_mul(4));
        let content = self.blobs.put(blob, &mut source, most).await.map_err(|error| match error {
            Error::Refusal(Refusal::BodyTooLarge { .. }) => Refusal::ImageBad.into(),
            other => other,
        })?;
        let size = Some((picture.width, picture.height));
        Ok(Stored { blob: blob.id, content, kind: ContentType::Image(picture.format), size })
    }

    async fn add_file(
        &self,
        caller: &Caller,
        new: NewUpload,
        stored: Stored,
        quota: FileQuota,
    ) -> Result<Uploaded, Error> {
        let Stored { blob, content: StoredBlob { bytes, sha256 }, kind, size } = stored;
        let id = FileId::from_bytes(self.random());
        let file = StoredFile {
            id,
            owner: caller.scoped_actor()?.id,
            upload_key: new.key,
            name: named(&new.name, kind),
            media_type: kind.media_type().to_owned(),
            bytes,
            sha256,
            size,
            blob,
            thumbnail: None,
            place: None,
            state: FileState::Uploaded,
            at: self.clock.now(),
        };
        let side = images::THUMBNAIL_SIDE;
        let is_large = size.is_some_and(|(width, height)| width > side || height > side);
        let job = is_large.then(|| NewJob {
            application: caller.application,
            kind: JobKind::Thumbnail,
            lane: format!("thumbnail/{id}"),
            key: None,
            arguments: Json::of(&id),
            run_at: self.monotonic.now(),
        });
        let refused =
            match self.commit(caller, FileWrite::Add { file: Box::new(file.clone()), quota, job }).await? {
                FileOutcome::Done => return Ok(Uploaded { file, duplicate: false }),
                FileOutcome::Repeated(earlier) => {
                    let earlier = self.reader(caller).file(earlier).await?.ok_or(Refusal::NotFound)?;
                    return repeated(earlier, &file);
                }
                FileOutcome::UserFull => Refusal::UserFilesFull { max: quota.user },
                FileOutcome::ApplicationFull => Refusal::ApplicationFilesFull { max: quota.application },
                FileOutcome::Stale => Refusal::Unavailable,
            };
        Err(refused.into())
    }
}

/// Returns the file that was uploaded under the key before, if it is the same: its name, and its content as it is kept. A
/// picture is encoded alike each time.
fn repeated(earlier: StoredFile, file: &StoredFile) -> Result<Uploaded, Error> {
    if earlier.name == file.name && earlier.sha256 == file.sha256 {
        Ok(Uploaded { file: earlier, duplicate: true })
    } else {
        Err(Refusal::SendIdTaken.into())
    }
}

/// Returns the name of a file. A picture of another format than it was gets another extension.
fn named(given: &str, kind: ContentType) -> String {
    let name = names::file_name(given);
    let ContentType::Image(format) = kind else { return name };
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
    let is_right = extension.is_some_and(|extension| format.extensions_str().contains(&extension.as_str()));
    let usual = format.extensions_str().first().copied().unwrap_or_default();
    if is_right { name } else { names::with_extension(&name, usual) }
}
