//! Reading a blob, a chunk at a time.

use std::fs::File;
use std::io::Read;

use async_trait::async_trait;
use bytes::Bytes;
use chat::{ByteSource, CHUNK_BYTES, Error, Fault};
use tokio::task::spawn_blocking;

/// A range of a blob that is being read.
pub(crate) struct Reading {
    /// The open file, but while a chunk of it is read.
    file: Option<File>,
    /// The remaining bytes.
    left: u64,
}

impl Reading {
    /// Creates the source of so many bytes of a file from its present place on.
    pub(crate) const fn new(file: File, left: u64) -> Self {
        Self { file: Some(file), left }
    }
}

#[async_trait]
impl ByteSource for Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(CHUNK_BYTES);
        let Some(mut file) = self.file.take().filter(|_| most > 0) else { return Ok(None) };
        let read = spawn_blocking(move || {
            let mut chunk = vec![0; most];
            file.read_exact(&mut chunk).map(|()| (file, chunk))
        });
        let read = read.await.map_err(|error| Fault::new("blobs", error))?;
        let (file, chunk) =
            read.map_err(|error| Fault::new("blobs", format!("a file cannot be read: {error}")))?;
        self.left -= chunk.len() as u64;
        self.file = Some(file);
        Ok(Some(chunk.into()))
    }
}
