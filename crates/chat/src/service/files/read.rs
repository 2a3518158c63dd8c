//! Reading files: those who may read the message that has a file may read the file.

use std::ops::Range as ByteRange;

use wire::{Event, FileId, Refusal, Seq};

use super::content_type::is_inline;
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::blobs::{BlobId, BlobKey, OpenBlob};
use crate::ports::store::{FileState, Range, StoredFile, event_of};
use crate::service::error::{Error, Fault};

/// The seconds for which a thumbnail is shown without asking again: a page has many, and shows them each time that it is
/// opened.
const THUMBNAIL_KEPT_S: u32 = 5 * 60;

/// A file, or its thumbnail, that a caller may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadableFile {
    /// The name under which a reader saves it.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// True if a browser may show or play it in a page; otherwise it is only saved.
    pub is_inline: bool,
    /// A tag that is the same as long as the content is.
    pub tag: String,
    /// The seconds for which a cache of the reader's own may show it without asking again. Asking takes the time of an
    /// answer without content; not asking shows it to one who may no longer read it.
    pub kept_s: u32,
    key: BlobKey,
}

/// Reading files.
impl Chat {
    /// Returns a file that the caller may read: one of a message that they may read, as it is now, or one of their own
    /// that no message has yet.
    ///
    /// # Errors
    /// [`Refusal::SignInNeeded`]; [`Refusal::NotFound`] if there is no such file, or the caller may not read it.
    pub async fn file(&self, caller: &Caller, file: FileId) -> Result<StoredFile, Error> {
        let me = caller.scoped_actor()?;
        let file = self.reader(caller).file(file).await?.ok_or(Refusal::NotFound)?;
        let may_read = match (&file.state, &file.place) {
            (FileState::Uploaded, _) => caller.owner().is_some() || file.owner == me.id,
            (FileState::Attached, Some((topic, seq))) => {
                let before = Seq(seq.0.saturating_sub(1));
                let range = Range { after: Some(before), limit: 1, ..Range::default() };
                let entries = match self.history(caller, topic, range).await {
                    Ok(page) => page.entries,
                    Err(Error::Refusal(refusal)) if is_passing(&refusal) => return Err(refusal.into()),
                    // To those who may not read it, a file is as absent as any other.
                    Err(Error::Refusal(_)) => Vec::new(),
                    Err(fault) => return Err(fault),
                };
                entries.iter().any(|entry| {
                    entry.seq == *seq
                        && matches!(
                            event_of(&entry.data),
                            Event::Message { attachments, .. } if attachments.iter().any(|one| one.id == file.id)
                        )
                })
            }
            (FileState::Attached | FileState::Detached | FileState::Removing, _) => false,
        };
        if may_read { Ok(file) } else { Err(Refusal::NotFound.into()) }
    }

    /// Returns the content of a file that the caller may read.
    ///
    /// # Errors
    /// Those of [`Chat::file`].
    pub async fn file_content(&self, caller: &Caller, file: FileId) -> Result<ReadableFile, Error> {
        let StoredFile { name, media_type, sha256, blob, .. } = self.file(caller, file).await?;
        Ok(ReadableFile::new(caller, name, media_type, &sha256, blob))
    }

    /// Returns the thumbnail of a picture that the caller may read; the picture itself as long as it has none.
    ///
    /// # Errors
    /// Those of [`Chat::file`], and [`Refusal::NotFound`] if it is no picture.
    pub async fn file_thumbnail(&self, caller: &Caller, file: FileId) -> Result<ReadableFile, Error> {
        let file = self.file(caller, file).await?;
        file.size.ok_or(Refusal::NotFound)?;
        let StoredFile { name, media_type, sha256, blob, thumbnail, .. } = file;
        Ok(match thumbnail {
            Some(small) => {
                let small = ReadableFile::new(caller, name, small.media_type, &small.sha256, small.blob);
                ReadableFile { kept_s: THUMBNAIL_KEPT_S, ..small }
            }
            None => ReadableFile::new(caller, name, media_type, &sha256, blob),
        })
    }

    /// Opens the content of a file, or a range of its bytes.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it was removed meanwhile, or its blob is missing.
    pub async fn open_content(
        &self,
        file: &ReadableFile,
        range: Option<ByteRange<u64>>,
    ) -> Result<OpenBlob, Error> {
        match self.blobs.get(file.key, range).await? {
            Some(opened) => Ok(opened),
            None => {
                // In the log, as the folder may lack what the store names.
                drop(Fault::new("files", format!("the blob {} is missing", file.key.id)));
                Err(Refusal::NotFound.into())
            }
        }
    }
}

/// Returns the ETag value of a content: the first half of its hash is enough to tell versions apart.
fn tag_of(sha256: &[u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(&sha256[..16])
}

/// Returns true for refusals that say nothing about the file.
const fn is_passing(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::SignInNeeded | Refusal::Unavailable | Refusal::TooFast { .. })
}

impl ReadableFile {
    fn new(caller: &Caller, name: String, media_type: String, sha256: &[u8; 32], blob: BlobId) -> Self {
        let key = BlobKey { application: caller.application, id: blob };
        let is_inline = is_inline(&media_type);
        Self { name, media_type, is_inline, tag: tag_of(sha256), kept_s: 0, key }
    }
}
