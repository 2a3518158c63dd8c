//! Thumbnails, which a job makes after the upload.

use image::ImageFormat;
use sha2::{Digest, Sha256};
use wire::{ApplicationId, FileId, Json};

use super::images;
use crate::chat::Chat;
use crate::ports::blobs::{BlobId, BlobKey, BytesSource};
use crate::ports::store::{FileOutcome, FileState, FileWrite, Thumbnail};
use crate::service::error::{Error, Fault};

/// The most bytes of a thumbnail: it has at most so many pixels, of four bytes each.
const MOST: u64 = 4 * images::THUMBNAIL_SIDE as u64 * images::THUMBNAIL_SIDE as u64 + 64 * 1_024;

impl Chat {
    /// Makes the thumbnail of a picture. One that has it, or is gone, needs none.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub(crate) async fn make_thumbnail(
        &self,
        application: ApplicationId,
        arguments: &Json,
    ) -> Result<(), Error> {
        let id: FileId = serde_json::from_str(arguments.as_str())
            .map_err(|error| Fault::new("jobs", format!("a thumbnail of no file: {error}")))?;
        let Some(file) = self.store.reader(application).file(id).await? else { return Ok(()) };
        let format = ImageFormat::from_mime_type(&file.media_type);
        let Some(format) = format.filter(|_| file.thumbnail.is_none() && file.state != FileState::Removing)
        else {
            return Ok(());
        };
        let blob = BlobKey { application, id: file.blob };
        let small = self.with_image(blob, move |content| images::thumbnail(content, format)).await??;
        let Some(small) = small else { return Ok(()) };
        let key = BlobKey { application, id: BlobId(self.random()) };
        let sha256 = Sha256::digest(&small.content).into();
        self.blobs.put(key, &mut BytesSource::new(small.content), MOST).await?;
        let media_type = small.format.to_mime_type().to_owned();
        let thumbnail = Thumbnail { blob: key.id, media_type, sha256 };
        let set = FileWrite::SetThumbnail { file: id, thumbnail };
        if self.commit_in_background(application, set).await? != FileOutcome::Done {
            self.blobs.delete(key).await?;
        }
        Ok(())
    }
}
