//! Decoding pictures of messages: one at a time, since each may take much memory.

use bytes::Bytes;

use crate::chat::Chat;
use crate::ports::blobs::BlobKey;
use crate::service::error::{Error, Fault};

impl Chat {
    /// Runs work on a picture when it has its turn, with the whole blob in memory. The turn ends with the work, also if
    /// nobody waits for it any more.
    pub(super) async fn with_image<T: Send + 'static>(
        &self,
        blob: BlobKey,
        work: impl FnOnce(&[u8]) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.images.turn().await?;
        let file = self.read_blob(blob).await?;
        turn.run(move || work(&file)).await
    }

    /// Reads a whole blob into memory.
    async fn read_blob(&self, key: BlobKey) -> Result<Bytes, Error> {
        let missing = || Fault::new("files", format!("the blob {} is missing", key.id));
        let mut opened = self.blobs.get(key, None).await?.ok_or_else(missing)?;
        let mut all = Vec::with_capacity(usize::try_from(opened.bytes).unwrap_or_default());
        while let Some(chunk) = opened.content.next().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }
}
