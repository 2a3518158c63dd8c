//! The contents of the files of an export, which follow the records.

use wire::ApplicationId;

use crate::chat::Chat;
use crate::ports::ArchiveSink;
use crate::ports::blobs::{BlobId, BlobKey};
use crate::service::error::{Error, Fault};

/// A file that the records have announced.
pub(super) struct ExportedFile {
    pub(super) blob: BlobId,
    pub(super) bytes: u64,
}

impl ExportedFile {
    /// Writes the content.
    pub(super) async fn write(
        &self,
        number: usize,
        chat: &Chat,
        application: ApplicationId,
        sink: &mut dyn ArchiveSink,
    ) -> Result<(), Error> {
        let gone = || Fault::new("export", "a file was removed while it was exported; export again");
        let key = BlobKey { application, id: self.blob };
        let mut content = chat.blobs.get(key, None).await?.ok_or_else(gone)?.content;
        sink.begin_file(archive::own::path(&number.to_string())).await?;
        let mut written = 0;
        while let Some(chunk) = content.next().await? {
            written += chunk.len() as u64;
            sink.append(chunk).await?;
        }
        if written == self.bytes { Ok(()) } else { Err(gone().into()) }
    }
}
