//! The port that an export is written to: an archive in Hubbub's own format.

use archive::Record;
use async_trait::async_trait;
use bytes::Bytes;

use crate::service::error::Fault;

/// An archive that is being written. First come all records, in the order of the format, and then the contents of the files
/// that they announce.
#[async_trait]
pub trait ArchiveSink: Send {
    /// Writes records.
    async fn records(&mut self, records: Vec<Record>) -> Result<(), Fault>;

    /// Begins a file under a path in the archive; its content follows.
    async fn begin_file(&mut self, path: String) -> Result<(), Fault>;

    /// Appends to the file that was begun last.
    async fn append(&mut self, content: Bytes) -> Result<(), Fault>;
}
