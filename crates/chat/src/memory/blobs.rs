//! Blobs in memory, for `--store memory` and for tests.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use wire::{Epoch, Refusal, Timestamp};

use crate::ports::blobs::{BlobKey, Blobs, ByteSource, BytesSource, ListedBlob, OpenBlob, StoredBlob};
use crate::ports::clock::{Clock, SystemClock};
use crate::service::error::{Error, Fault};

/// Blobs for the life of the process, up to a number of bytes in all.
pub struct MemoryBlobs {
    most: u64,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    blobs: BTreeMap<BlobKey, (Bytes, Timestamp)>,
    /// The bytes of blobs, and of those that are being stored.
    used: u64,
}

/// The bytes of a blob that is being stored; given back when this is dropped before.
struct Reserved<'a> {
    blobs: &'a MemoryBlobs,
    bytes: u64,
}

impl Reserved<'_> {
    /// Reserves more bytes.
    fn grow(&mut self, more: u64) -> Result<(), Refusal> {
        let mut state = self.blobs.state.lock();
        if state.used.saturating_add(more) > self.blobs.most {
            return Err(Refusal::DiskLow);
        }
        state.used += more;
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.blobs.state.lock().used -= self.bytes;
    }
}

impl MemoryBlobs {
    /// Creates an empty place for at most so many bytes.
    #[must_use]
    pub fn new(most: u64, clock: Arc<dyn Clock>) -> Self {
        Self { most, clock, state: Mutex::default() }
    }
}

impl Default for MemoryBlobs {
    /// 256 MiB, by the clock of the system.
    fn default() -> Self {
        Self::new(256 * 1_024 * 1_024, Arc::new(SystemClock))
    }
}

#[async_trait]
impl Blobs for MemoryBlobs {
    async fn belong_to(&self, _: Epoch) -> Result<bool, Fault> {
        // They end with the process, as the data does.
        Ok(true)
    }

    async fn put(&self, key: BlobKey, content: &mut dyn ByteSource, limit: u64) -> Result<StoredBlob, Error> {
        let mut reserved = Reserved { blobs: self, bytes: 0 };
        let mut gathered = BytesMut::new();
        while let Some(chunk) = content.next().await? {
            let bytes = (gathered.len() + chunk.len()) as u64;
            if bytes > limit {
                return Err(
                    Refusal::BodyTooLarge { max: usize::try_from(limit).unwrap_or(usize::MAX) }.into()
                );
            }
            reserved.grow(chunk.len() as u64)?;
            gathered.extend_from_slice(&chunk);
        }
        let content = gathered.freeze();
        let stored = StoredBlob { bytes: content.len() as u64, sha256: Sha256::digest(&content).into() };
        let mut state = self.state.lock();
        if state.blobs.contains_key(&key) {
            // The bytes are given back with the lock free.
            drop(state);
            return Err(Fault::new("blobs", format!("there is a blob {} already", key.id)).into());
        }
        state.blobs.insert(key, (content, self.clock.now()));
        // They are those of the blob now.
        reserved.bytes = 0;
        drop(state);
        Ok(stored)
    }

    async fn get(&self, key: BlobKey, range: Option<Range<u64>>) -> Result<Option<OpenBlob>, Fault> {
        let Some((content, _)) = self.state.lock().blobs.get(&key).cloned() else { return Ok(None) };
        let bytes = content.len() as u64;
        let at = |place: u64| usize::try_from(place.min(bytes)).unwrap_or(content.len());
        let range = range.map_or(0..content.len(), |range| at(range.start)..at(range.end));
        let content = if range.is_empty() { Bytes::new() } else { content.slice(range) };
        Ok(Some(OpenBlob { bytes, content: Box::new(BytesSource::new(content)) }))
    }

    async fn delete(&self, key: BlobKey) -> Result<(), Fault> {
        let mut state = self.state.lock();
        if let Some((content, _)) = state.blobs.remove(&key) {
            state.used -= content.len() as u64;
        }
        Ok(())
    }

    async fn list(&self, after: Option<BlobKey>, limit: usize) -> Result<Vec<ListedBlob>, Fault> {
        let state = self.state.lock();
        let later = state.blobs.iter().filter(|(key, _)| after.is_none_or(|after| **key > after));
        let listed =
            later.map(|(key, (content, at))| ListedBlob { key: *key, bytes: content.len() as u64, at: *at });
        Ok(listed.take(limit).collect())
    }

    async fn free_bytes(&self) -> Result<Option<u64>, Fault> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use wire::ApplicationId;

    use super::*;
    use crate::ports::blobs::BlobId;

    /// A source of one chunk, which goes on when it may.
    struct Chunk(Option<Bytes>, tokio::sync::oneshot::Receiver<()>);

    #[async_trait]
    impl ByteSource for Chunk {
        async fn next(&mut self) -> Result<Option<Bytes>, Error> {
            match self.0.take() {
                Some(chunk) => Ok(Some(chunk)),
                None => {
                    let _ = (&mut self.1).await;
                    Ok(None)
                }
            }
        }
    }

    #[tokio::test]
    async fn blobs_that_are_stored_at_once_stay_within_the_room() {
        let blobs = MemoryBlobs::new(100, Arc::new(SystemClock));
        let key = |number| BlobKey { application: ApplicationId(1), id: BlobId([number; 16]) };
        let sixty = || Bytes::from(vec![1; 60]);
        let (go, wait) = tokio::sync::oneshot::channel();
        let mut first = Chunk(Some(sixty()), wait);
        let mut storing = Box::pin(blobs.put(key(1), &mut first, 100));
        tokio::select! {
            biased;
            _ = &mut storing => panic!("it waits for its end"),
            () = std::future::ready(()) => {}
        }
        let second = blobs.put(key(2), &mut BytesSource::new(sixty()), 100).await;
        assert_eq!(second, Err(Refusal::DiskLow.into()), "the first has sixty");
        go.send(()).unwrap();
        storing.await.unwrap();
        assert!(blobs.put(key(2), &mut BytesSource::new(sixty()), 100).await.is_err());
        assert!(blobs.put(key(1), &mut BytesSource::new(Bytes::from_static(b"tea")), 100).await.is_err());
        blobs.delete(key(1)).await.unwrap();
        blobs.put(key(2), &mut BytesSource::new(sixty()), 100).await.unwrap();
        blobs.put(key(3), &mut BytesSource::new(Bytes::from(vec![1; 40])), 100).await.unwrap();
    }
}
