//! The port for blobs: the contents of files, apart from the facts about them.

use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use wire::{ApplicationId, Epoch, Timestamp};

use crate::service::error::{Error, Fault};

/// The bytes that a [`ByteSource`] gives at once, at most.
pub const CHUNK_BYTES: usize = 64 * 1_024;

/// The name of a blob in its application: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub [u8; 16]);

/// The name of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobKey {
    /// The application to which it belongs.
    pub application: ApplicationId,
    /// Its name there.
    pub id: BlobId,
}

/// A blob that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBlob {
    /// The size in bytes.
    pub bytes: u64,
    /// The SHA-256 of the content.
    pub sha256: [u8; 32],
}

/// A blob in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedBlob {
    /// Its name.
    pub key: BlobKey,
    /// The size in bytes.
    pub bytes: u64,
    /// The time at which it was stored, by the clock of its place.
    pub at: Timestamp,
}

/// A stream of bytes: the body of an upload, or a blob that is read.
#[async_trait]
pub trait ByteSource: Send {
    /// Returns the next bytes, at most [`CHUNK_BYTES`] of a blob; none at the end.
    ///
    /// # Errors
    /// [`Error::Refusal`] if the sender stops or is too slow; [`Error::Fault`] if they cannot be read.
    async fn next(&mut self) -> Result<Option<Bytes>, Error>;
}

/// A blob that is being read.
pub struct OpenBlob {
    /// The size of the whole blob in bytes.
    pub bytes: u64,
    /// The bytes of the range.
    pub content: Box<dyn ByteSource>,
}

/// The port that keeps blobs. One suite, `chat::testing::blobs`, holds every implementation to this contract.
///
/// - **Whole or absent.** A blob is readable only when all of it is stored. An upload that ends early leaves nothing that
///   any method finds, also if the future of `put` is dropped: what it has begun is undone, if need be a moment later.
/// - **Durable.** When `put` answers, the blob survives a kill of the process and a power cut, if the implementation
///   keeps anything at all. Facts that name it are committed after that.
/// - **Immutable.** A key is stored once. What is read under it is always the same.
/// - **Isolated.** The same id in another application is another blob.
/// - **Bounded.** A put or a read holds a few chunks in memory, however large the blob is.
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Stores a blob under a key that none has.
    ///
    /// # Errors
    /// [`Refusal::BodyTooLarge`](wire::Refusal::BodyTooLarge) if it has more bytes than `limit`, and then nothing is
    /// stored; those of the source; [`Error::Fault`].
    async fn put(&self, key: BlobKey, content: &mut dyn ByteSource, limit: u64) -> Result<StoredBlob, Error>;

    /// Opens a blob, or a range of its bytes, which is cut to its end; none if there is no such blob.
    async fn get(&self, key: BlobKey, range: Option<Range<u64>>) -> Result<Option<OpenBlob>, Fault>;

    /// Returns true if what is kept belongs to the data with this epoch; it does if nothing has claimed it before. Data that
    /// was copied or restored has another epoch: it reads the blobs that it names, and must not remove any, because the
    /// other data may need them.
    async fn belong_to(&self, epoch: Epoch) -> Result<bool, Fault>;

    /// Removes a blob. One that is absent is removed already. A reader that has it open may read on.
    async fn delete(&self, key: BlobKey) -> Result<(), Fault>;

    /// Returns the blobs after a key, by application and id, up to a limit.
    async fn list(&self, after: Option<BlobKey>, limit: usize) -> Result<Vec<ListedBlob>, Fault>;

    /// Returns the bytes that are free at its place; none if that is unknown or of no matter.
    async fn free_bytes(&self) -> Result<Option<u64>, Fault>;
}

impl BlobId {
    /// Parses 32 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().map(Self).ok()
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

/// Bytes in memory as a source.
#[derive(Debug)]
pub struct BytesSource(Bytes);

impl BytesSource {
    /// Creates a source of these bytes.
    #[must_use]
    pub const fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

#[async_trait]
impl ByteSource for BytesSource {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if self.0.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.0.split_to(self.0.len().min(CHUNK_BYTES))))
    }
}
