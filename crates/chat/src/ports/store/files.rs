//! Files in the store: the facts about what was uploaded. The contents are blobs.

use wire::{Attachment, FileId, Seq, Timestamp, Topic, UserId};

use super::NewJob;
use crate::ports::blobs::BlobId;

/// A file as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its id in its application.
    pub id: FileId,
    /// The uploader: a user, or the author of what the application itself does.
    pub owner: UserId,
    /// The owner's own name for the upload, which makes a retry the same file.
    pub upload_key: Option<String>,
    /// The name under which a reader saves it.
    pub name: String,
    /// The media type that its content shows.
    pub media_type: String,
    /// The size of its blob in bytes.
    pub bytes: u64,
    /// The SHA-256 of its blob.
    pub sha256: [u8; 32],
    /// The width and the height of a picture, in pixels.
    pub size: Option<(u32, u32)>,
    /// The blob with its content.
    pub blob: BlobId,
    /// The small picture of a picture, once there is one.
    pub thumbnail: Option<Thumbnail>,
    /// The message that has it, or had it: its log and its Seq there.
    pub place: Option<(Topic, Seq)>,
    /// Its state.
    pub state: FileState,
    /// The time at which it was uploaded.
    pub at: Timestamp,
}

/// The small picture of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// The blob with its content.
    pub blob: BlobId,
    /// Its media type.
    pub media_type: String,
    /// The SHA-256 of its blob.
    pub sha256: [u8; 32],
}

/// The state of a file. Only what is written in this order follows each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileState {
    /// No message has it.
    Uploaded,
    /// A message has it.
    Attached,
    /// The message that had it is deleted or no longer kept.
    Detached,
    /// Its blobs are being removed; nobody can read it.
    Removing,
}

/// The most bytes of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileQuota {
    /// For one owner.
    pub user: u64,
    /// For the application.
    pub application: u64,
}

/// The number and size of some files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileUsage {
    /// The number of files.
    pub files: u64,
    /// The bytes of their blobs, without those of thumbnails.
    pub bytes: u64,
}

/// A change of files of the application of the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileWrite {
    /// Add a file whose blob is stored, with a job that follows from it.
    Add {
        /// The file: it is [`FileState::Uploaded`], with an id that no file has.
        file: Box<StoredFile>,
        /// The bytes that files may have with it.
        quota: FileQuota,
        /// The job that makes its thumbnail, if it gets one.
        job: Option<NewJob>,
    },
    /// Give a file its thumbnail. [`FileOutcome::Stale`] if there is no such file, or it has one.
    SetThumbnail {
        /// The file.
        file: FileId,
        /// The thumbnail, whose blob is stored.
        thumbnail: Thumbnail,
    },
    /// Begin to remove a file that no message has. [`FileOutcome::Stale`] otherwise.
    Discard {
        /// The file.
        file: FileId,
    },
    /// Begin to remove files that are left over, a number of each kind.
    Expire {
        /// Files that were uploaded before this time and that no message has.
        uploaded_before: Timestamp,
        /// Files whose messages were gone at this time.
        detached_before: Timestamp,
        /// The present time: files are known to be detached since then, unless they were known before.
        now: Timestamp,
        /// The most files of each kind.
        limit: usize,
    },
    /// Forget files that are [`FileState::Removing`], whose blobs are gone.
    Forget {
        /// The files. Others are passed over.
        files: Vec<FileId>,
    },
}

/// The outcome of a [`FileWrite`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileOutcome {
    /// It is done.
    Done,
    /// The state that it needs is gone. Nothing was written.
    Stale,
    /// The owner has a file of this upload key. Nothing was written.
    Repeated(FileId),
    /// The files of the owner would have more bytes than they may. Nothing was written.
    UserFull,
    /// The files of the application would have more bytes than they may. Nothing was written.
    ApplicationFull,
}

impl StoredFile {
    /// Returns it as an attachment.
    #[must_use]
    pub fn attachment(&self, alt: String) -> Attachment {
        let Self { id, name, media_type, bytes, size, .. } = self;
        Attachment {
            id: *id,
            name: name.clone(),
            media_type: media_type.clone(),
            bytes: *bytes,
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
            alt,
        }
    }

    /// Returns the blobs of the file.
    pub fn blobs(&self) -> impl Iterator<Item = BlobId> + use<> {
        std::iter::once(self.blob).chain(self.thumbnail.as_ref().map(|thumbnail| thumbnail.blob))
    }
}

impl FileState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Uploaded, Self::Attached, Self::Detached, Self::Removing];

    /// Returns the name that the store has.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Attached => "attached",
            Self::Detached => "detached",
            Self::Removing => "removing",
        }
    }

    /// Returns the state with a name; none if there is none.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}
