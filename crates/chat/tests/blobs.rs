//! Blobs in memory pass the contract.

use std::sync::Arc;

use chat::{BlobId, BlobKey, Blobs, BytesSource, Error, MemoryBlobs, SystemClock};
use wire::{ApplicationId, Refusal};

fn fresh() -> Arc<dyn Blobs> {
    Arc::new(MemoryBlobs::default())
}

chat::blobs_contract!(fresh);

#[tokio::test]
async fn blobs_in_memory_take_no_more_than_they_may() {
    let blobs = MemoryBlobs::new(100, Arc::new(SystemClock));
    let key = |last| BlobKey { application: ApplicationId(1), id: BlobId([last; 16]) };
    let sixty = || BytesSource::new(vec![1; 60].into());
    blobs.put(key(1), &mut sixty(), 60).await.unwrap();
    let refused = blobs.put(key(2), &mut sixty(), 60).await;
    assert_eq!(refused, Err(Error::Refusal(Refusal::DiskLow)));
    blobs.delete(key(1)).await.unwrap();
    blobs.put(key(2), &mut sixty(), 60).await.unwrap();
}
