//! Blobs in a folder pass the contract, and leave nothing half-written.

use std::fs;
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};

use blobs::FolderBlobs;
use chat::testing::SeededChance;
use chat::{BlobId, BlobKey, Blobs, BytesSource};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use wire::{ApplicationId, Epoch};

/// A place in a folder that goes with the process.
fn fresh() -> Arc<dyn Blobs> {
    let folder = TempDir::new().unwrap().keep();
    Arc::new(FolderBlobs::open(&folder.join("blobs"), &SeededChance::new(1)).unwrap())
}

chat::blobs_contract!(fresh);

fn key() -> BlobKey {
    BlobKey { application: ApplicationId(3), id: BlobId([0xab; 16]) }
}

#[tokio::test]
async fn a_blob_is_one_file_in_its_place_that_only_its_owner_reads() {
    let folder = TempDir::new().unwrap();
    let blobs = FolderBlobs::open(folder.path(), &SeededChance::new(1)).unwrap();
    blobs.put(key(), &mut BytesSource::new("tea".into()), 10).await.unwrap();
    let file = folder.path().join("3/ab").join("ab".repeat(16));
    assert_eq!(fs::read_to_string(&file).unwrap(), "tea");
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let above = fs::metadata(file.parent().unwrap()).unwrap();
        assert_eq!(above.permissions().mode() & 0o777, 0o700);
    }
    assert!(blobs.free_bytes().await.unwrap().is_some_and(|free| free > 0));
}

/// Wakes a test.
#[derive(Default)]
struct Woken(Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// Polls an upload so many times, and drops it: while its last step waits or runs, or after that was run. Returns true
/// if it ended by then.
async fn ends_within(blobs: &FolderBlobs, polls: usize, is_run: bool) -> bool {
    let mut content = BytesSource::new(vec![1; 300_000].into());
    let mut storing = Some(Box::pin(blobs.put(key(), &mut content, 300_000)));
    let woken = Arc::new(Woken::default());
    for left in (0..polls).rev() {
        let (go, wait) = mpsc::channel::<()>();
        let busy = spawn_blocking(move || wait.recv().is_err());
        let upload = storing.as_mut().unwrap();
        let waker = Waker::from(Arc::clone(&woken));
        let is_done = upload.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        if is_done || left == 0 && !is_run {
            storing = None;
        }
        drop(go);
        assert!(busy.await.unwrap());
        // One thread does everything that waits for the disk, in order: what was begun before has ended.
        spawn_blocking(|| ()).await.unwrap();
        if is_done {
            return true;
        }
        if storing.is_some() {
            woken.0.notified().await;
        }
    }
    false
}

#[test]
fn an_upload_that_is_dropped_at_any_step_leaves_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    for is_run in [false, true] {
        runtime.block_on(async {
            let folder = TempDir::new().unwrap();
            let blobs = FolderBlobs::open(folder.path(), &SeededChance::new(1)).unwrap();
            let mut polls = 1;
            while !ends_within(&blobs, polls, is_run).await {
                let at = format!("{polls} polls, run: {is_run}");
                assert_eq!(blobs.list(None, 10).await.unwrap(), [], "{at}");
                assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0, "{at}");
                polls += 1;
            }
            assert_eq!(polls, 5, "it is created, written twice, and put in its place");
            assert_eq!(blobs.list(None, 10).await.unwrap().len(), 1);
        });
    }
}

#[tokio::test]
async fn what_lies_in_the_folder_beside_blobs_is_passed_over() {
    let folder = TempDir::new().unwrap();
    let blobs = FolderBlobs::open(folder.path(), &SeededChance::new(1)).unwrap();
    blobs.put(key(), &mut BytesSource::new("tea".into()), 10).await.unwrap();
    for stray in ["notes.txt", "3/ab/short", "3/zz", "lost+found", "03", "5"] {
        fs::write(folder.path().join(stray), "x").unwrap();
    }
    let listed = blobs.list(None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|blob| blob.key).collect::<Vec<_>>(), [key()]);
}

#[test]
fn an_upload_that_ended_with_its_process_a_day_ago_is_removed() {
    let folder = TempDir::new().unwrap();
    drop(FolderBlobs::open(folder.path(), &SeededChance::new(1)).unwrap());
    let (old, new) = (folder.path().join("tmp/1-old"), folder.path().join("tmp/1-new"));
    fs::write(&old, "half").unwrap();
    fs::write(&new, "half").unwrap();
    let written = fs::metadata(&old).unwrap().modified().unwrap();
    let two_days = std::time::Duration::from_secs(2 * 24 * 60 * 60);
    fs::File::options().write(true).open(&old).unwrap().set_modified(written - two_days).unwrap();
    drop(FolderBlobs::open(folder.path(), &SeededChance::new(2)).unwrap());
    assert!(!old.exists() && new.exists());
}

#[test]
fn a_folder_keeps_its_identity_wherever_it_is() {
    let folder = TempDir::new().unwrap();
    let first = FolderBlobs::open(&folder.path().join("one"), &SeededChance::new(1)).unwrap();
    let again = FolderBlobs::open(&folder.path().join("one"), &SeededChance::new(2)).unwrap();
    assert_eq!(first.identity(), again.identity());
    fs::rename(folder.path().join("one"), folder.path().join("two")).unwrap();
    let moved = FolderBlobs::open(&folder.path().join("two"), &SeededChance::new(3)).unwrap();
    assert_eq!(moved.identity(), first.identity());
    let other = FolderBlobs::open(&folder.path().join("three"), &SeededChance::new(4)).unwrap();
    assert_ne!(other.identity(), first.identity());
    fs::write(folder.path().join("three/folder.id"), "nonsense").unwrap();
    let refused = FolderBlobs::open(&folder.path().join("three"), &SeededChance::new(5)).unwrap_err();
    assert!(refused.contains("folder.id has no 32 hexadecimal digits"), "{refused}");
}

#[tokio::test]
async fn a_folder_belongs_to_the_data_that_claimed_it_until_its_operator_says_otherwise() {
    let folder = TempDir::new().unwrap();
    let open = || FolderBlobs::open(folder.path(), &SeededChance::new(1)).unwrap();
    let (first, copy) = (Epoch(7), Epoch(0xffff_0000_0000_0001));
    let (one, other) = (open(), open());
    assert!(one.belong_to(first).await.unwrap());
    assert!(!other.belong_to(copy).await.unwrap(), "a copy of the data removes nothing");
    assert!(other.belong_to(first).await.unwrap() && open().belong_to(first).await.unwrap());
    fs::remove_file(folder.path().join("folder.epoch")).unwrap();
    assert!(one.belong_to(copy).await.unwrap() && !one.belong_to(first).await.unwrap());
    fs::write(folder.path().join("folder.epoch"), "soon").unwrap();
    assert!(one.belong_to(copy).await.is_err());
    assert_eq!(one.list(None, 10).await.unwrap().len(), 0, "its own files are no blobs");
}
