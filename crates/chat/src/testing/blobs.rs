//! The contract of [`Blobs`](crate::Blobs), as cases that every implementation passes.

#![expect(missing_docs, reason = "the name of a case is its sentence")]

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use wire::{ApplicationId, Refusal};

use crate::ports::blobs::{BlobId, BlobKey, Blobs, ByteSource, BytesSource, CHUNK_BYTES, StoredBlob};
use crate::service::error::Error;

/// Makes a test of each case of the contract of [`Blobs`](crate::Blobs). Takes a factory of empty places.
///
/// The crate that calls it needs tokio with `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! blobs_contract {
    ($fresh:expr) => {
        $crate::blobs_contract! { $fresh;
            what_is_stored_is_read_as_it_was
            a_range_of_a_blob_is_read_alone
            a_blob_that_is_too_large_or_breaks_off_leaves_nothing
            a_key_is_stored_once
            the_same_id_in_another_application_is_another_blob
            a_deleted_blob_is_gone_and_may_be_deleted_again
            all_blobs_are_listed_in_parts
            blobs_that_are_stored_at_once_do_not_mix;
        }
    };
    ($fresh:expr; $($case:ident)*;) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::blobs::$case($fresh).await;
            }
        )*
    };
}

/// A factory of empty places.
pub trait Fresh: Fn() -> Arc<dyn Blobs> {}

impl<F: Fn() -> Arc<dyn Blobs>> Fresh for F {}

/// A source that ends with a refusal, or with none.
struct Pieces(VecDeque<Bytes>, Option<Refusal>);

#[async_trait]
impl ByteSource for Pieces {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        match (self.0.pop_front(), self.1.clone()) {
            (Some(piece), _) => Ok(Some(piece)),
            (None, Some(refusal)) => Err(refusal.into()),
            (None, None) => Ok(None),
        }
    }
}

const LIMIT: u64 = 1_000_000;

fn key(application: u32, first: u8, last: u8) -> BlobKey {
    let mut id = [first; 16];
    id[15] = last;
    BlobKey { application: ApplicationId(application), id: BlobId(id) }
}

/// Bytes without a period that a chunk could hide.
fn content(bytes: usize) -> Bytes {
    (0..bytes).map(|at| u8::try_from(at * at % 251).unwrap()).collect()
}

async fn put(blobs: &dyn Blobs, key: BlobKey, content: &Bytes) -> StoredBlob {
    blobs.put(key, &mut BytesSource::new(content.clone()), LIMIT).await.unwrap()
}

async fn read(blobs: &dyn Blobs, key: BlobKey, range: Option<std::ops::Range<u64>>) -> Option<(u64, Bytes)> {
    let mut opened = blobs.get(key, range).await.unwrap()?;
    let mut all = Vec::new();
    while let Some(chunk) = opened.content.next().await.unwrap() {
        assert!(!chunk.is_empty() && chunk.len() <= CHUNK_BYTES);
        all.extend_from_slice(&chunk);
    }
    Some((opened.bytes, all.into()))
}

pub async fn what_is_stored_is_read_as_it_was(fresh: impl Fresh) {
    let blobs = fresh();
    for (number, bytes) in [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 300_000].into_iter().enumerate() {
        let (key, content) = (key(1, 7, u8::try_from(number).unwrap()), content(bytes));
        let pieces = content.chunks(7_001).map(Bytes::copy_from_slice).collect();
        let stored = blobs.put(key, &mut Pieces(pieces, None), LIMIT).await.unwrap();
        let size = u64::try_from(bytes).unwrap();
        assert_eq!(stored, StoredBlob { bytes: size, sha256: Sha256::digest(&content).into() });
        assert_eq!(read(&*blobs, key, None).await, Some((size, content)));
    }
    assert_eq!(read(&*blobs, key(1, 8, 0), None).await, None);
}

pub async fn a_range_of_a_blob_is_read_alone(fresh: impl Fresh) {
    let (blobs, key, content) = (fresh(), key(1, 7, 0), content(200_000));
    put(&*blobs, key, &content).await;
    for (start, end) in
        [(0, 1), (0, 200_000), (65_530, 65_540), (199_999, 200_000), (5, 5), (150_000, 900_000)]
    {
        let expected = content.slice(start..end.min(200_000));
        let range = u64::try_from(start).unwrap()..u64::try_from(end).unwrap();
        assert_eq!(read(&*blobs, key, Some(range)).await, Some((200_000, expected)), "{start}..{end}");
    }
    assert_eq!(read(&*blobs, key, Some(200_000..200_001)).await, Some((200_000, Bytes::new())));
    assert_eq!(read(&*blobs, key, Some(u64::MAX - 1..u64::MAX)).await, Some((200_000, Bytes::new())));
}

pub async fn a_blob_that_is_too_large_or_breaks_off_leaves_nothing(fresh: impl Fresh) {
    let (blobs, key) = (fresh(), key(1, 7, 0));
    let refused = blobs.put(key, &mut BytesSource::new(content(1_001)), 1_000).await;
    assert_eq!(refused, Err(Error::Refusal(Refusal::BodyTooLarge { max: 1_000 })));
    let mut broken = Pieces([content(500)].into(), Some(Refusal::RequestSlow));
    assert_eq!(blobs.put(key, &mut broken, LIMIT).await, Err(Error::Refusal(Refusal::RequestSlow)));
    assert_eq!(read(&*blobs, key, None).await, None);
    assert_eq!(blobs.list(None, 10).await.unwrap(), []);
    let exact = content(1_000);
    let stored = blobs.put(key, &mut BytesSource::new(exact.clone()), 1_000).await.unwrap();
    assert_eq!(stored.bytes, 1_000);
    assert_eq!(read(&*blobs, key, None).await, Some((1_000, exact)));
}

pub async fn a_key_is_stored_once(fresh: impl Fresh) {
    let (blobs, key, first) = (fresh(), key(1, 7, 0), content(10));
    put(&*blobs, key, &first).await;
    let again = blobs.put(key, &mut BytesSource::new(content(20)), LIMIT).await;
    assert!(matches!(again, Err(Error::Fault(_))), "{again:?}");
    assert_eq!(read(&*blobs, key, None).await, Some((10, first)));
}

pub async fn the_same_id_in_another_application_is_another_blob(fresh: impl Fresh) {
    let (blobs, one, other) = (fresh(), key(1, 7, 0), key(2, 7, 0));
    put(&*blobs, one, &content(10)).await;
    assert_eq!(read(&*blobs, other, None).await, None);
    put(&*blobs, other, &content(20)).await;
    blobs.delete(one).await.unwrap();
    assert_eq!(read(&*blobs, one, None).await, None);
    assert_eq!(read(&*blobs, other, None).await, Some((20, content(20))));
}

pub async fn a_deleted_blob_is_gone_and_may_be_deleted_again(fresh: impl Fresh) {
    let (blobs, key) = (fresh(), key(1, 7, 0));
    put(&*blobs, key, &content(200_000)).await;
    let mut open = blobs.get(key, None).await.unwrap().unwrap();
    open.content.next().await.unwrap().unwrap();
    blobs.delete(key).await.unwrap();
    blobs.delete(key).await.unwrap();
    assert_eq!(read(&*blobs, key, None).await, None);
    assert_eq!(blobs.list(None, 10).await.unwrap(), []);
    assert!(open.content.next().await.unwrap().is_some(), "who has it open reads on");
}

pub async fn all_blobs_are_listed_in_parts(fresh: impl Fresh) {
    let blobs = fresh();
    let mut keys = Vec::new();
    for (application, first, last) in [(2, 0, 9), (1, 255, 1), (10, 3, 3), (1, 0, 0), (1, 255, 0), (2, 0, 8)]
    {
        let key = key(application, first, last);
        put(&*blobs, key, &content(usize::from(last))).await;
        keys.push(key);
    }
    keys.sort_unstable();
    for limit in [1, 2, 4, 100] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let part = blobs.list(after, limit).await.unwrap();
            assert!(part.len() <= limit);
            let Some(last) = part.last() else { break };
            after = Some(last.key);
            listed.extend(part);
        }
        assert_eq!(listed.iter().map(|blob| blob.key).collect::<Vec<_>>(), keys, "{limit} at a time");
        assert!(listed.iter().all(|blob| blob.bytes == u64::from(blob.key.id.0[15]) && blob.at.0 > 0));
    }
}

pub async fn blobs_that_are_stored_at_once_do_not_mix(fresh: impl Fresh) {
    let blobs = fresh();
    let storing: Vec<_> = (0..8)
        .map(|number: u8| {
            let blobs = Arc::clone(&blobs);
            tokio::spawn(async move {
                let content: Bytes = vec![number; 100_000 + usize::from(number)].into();
                put(&*blobs, key(1, 7, number), &content).await;
            })
        })
        .collect();
    for task in storing {
        task.await.unwrap();
    }
    for number in 0..8_u8 {
        let (bytes, content) = read(&*blobs, key(1, 7, number), None).await.unwrap();
        assert_eq!(bytes, 100_000 + u64::from(number));
        assert!(content.iter().all(|byte| *byte == number));
    }
}
