//! Reading an archive off the async threads, in batches.

use std::fs::File;

use archive::{Archive, ArchiveError, FileContent, Format, Record};
use tokio::task::spawn_blocking;

use super::state::ImportCounts;
use crate::service::error::Fault;

/// About the most records of a batch.
const BATCH: usize = 200;

/// An archive, its next record, and the number of records before that.
pub(super) struct ArchiveReader {
    archive: Archive,
    next: Option<Record>,
}

impl ArchiveReader {
    /// Opens an archive.
    pub(super) async fn open(file: File, format: Format) -> Result<Result<Self, ArchiveError>, Fault> {
        blocking(move || {
            let mut archive = Archive::read(file, format)?;
            let next = archive.next_record()?;
            Ok(Self { archive, next })
        })
        .await
    }

    /// Returns the next records; none at the end. A conversation is not torn from its members, nor a file from its
    /// message, so an import can go on after any batch.
    pub(super) async fn batch(mut self) -> Result<Result<(Self, Vec<Record>), ArchiveError>, Fault> {
        blocking(move || {
            let (mut batch, mut has_file, mut is_conversation) = (Vec::new(), false, false);
            while let Some(record) = self.next.take() {
                let is_member = matches!(record, Record::Member(_));
                let is_whole = !(has_file || is_conversation && is_member);
                if batch.len() >= BATCH && is_whole {
                    self.next = Some(record);
                    break;
                }
                match &record {
                    Record::File(_) => has_file = true,
                    Record::Entry(_) => has_file = false,
                    _ => {}
                }
                is_conversation = is_member || matches!(record, Record::Conversation(_));
                batch.push(record);
                self.next = self.archive.next_record()?;
            }
            Ok((self, batch))
        })
        .await
    }

    /// Reads a file of the archive; none if it has more bytes.
    pub(super) async fn file(
        mut self,
        path: String,
        most: u64,
    ) -> Result<(Self, Result<Option<Vec<u8>>, ArchiveError>), Fault> {
        blocking(move || {
            let content = self.archive.read_file(&path, most);
            (self, content)
        })
        .await
    }
}

/// Reads an archive from its beginning to its end, and counts its parts.
pub(super) async fn check(file: File, format: Format) -> Result<Result<ImportCounts, ArchiveError>, Fault> {
    blocking(move || {
        let mut counts = ImportCounts::default();
        for record in Archive::read(file, format)? {
            match record? {
                Record::User(_) => counts.users += 1,
                Record::Conversation(_) => counts.conversations += 1,
                Record::Entry(_) => counts.messages += 1,
                Record::File(file) => {
                    counts.files += u64::from(matches!(file.content, FileContent::Here { .. }))
                }
                Record::Header(_) | Record::Member(_) | Record::LeftOut(_) => {}
            }
        }
        Ok(counts)
    })
    .await
}

/// Runs work that reads files.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    spawn_blocking(work).await.map_err(|error| Fault::new("import", error))
}
