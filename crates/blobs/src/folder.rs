//! Blobs in a folder.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use chat::{BlobKey, Blobs, ByteSource, Error, Fault, ListedBlob, OpenBlob, RandomSource, StoredBlob};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;
use wire::{Epoch, Refusal};

use crate::identity::{identity, owner};
use crate::io_threads::IoThreads;
use crate::listing::list;
use crate::place::{self, UNFINISHED};
use crate::reading::Reading;

/// The age at which a file that was being written belongs to a process that has ended.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);
/// The number of bytes that are gathered for one step of an upload.
const GATHERED_BYTES: usize = 256 * 1_024;

/// Blobs in a folder, each a file. A blob is written apart, flushed, and renamed to its place, whose folder is flushed as
/// well. Several processes may use the folder, also over a network, if its file system renames and links atomically.
#[derive(Debug)]
pub struct FolderBlobs {
    root: PathBuf,
    identity: String,
    threads: IoThreads,
}

impl FolderBlobs {
    /// Opens a folder, and creates it if it is missing. Files of uploads that were broken off a day ago are removed.
    ///
    /// # Errors
    /// A sentence that names the folder and the reason.
    pub fn open(root: &Path, chance: &dyn RandomSource) -> Result<Self, String> {
        let opened = || {
            create_folder(&root.join(UNFINISHED))?;
            remove_abandoned(&root.join(UNFINISHED))?;
            identity(root, chance)
        };
        let identity = opened()
            .map_err(|error| format!("the folder of files, {}, cannot be used: {error}", root.display()))?;
        Ok(Self { root: root.to_owned(), identity, threads: IoThreads::start()? })
    }

    /// Returns the name of the folder that it keeps wherever it is mounted or copied: 32 hexadecimal digits.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Runs a step that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let root = self.root.clone();
        let done = spawn_blocking(move || step(&root)).await.map_err(|error| Fault::new("blobs", error))?;
        done.map_err(|error| Fault::new("blobs", format!("the folder of files cannot be used: {error}")))
    }
}

/// The name of a file while it is being written; removed when this is dropped.
struct Unfinished {
    path: PathBuf,
    /// None while a step writes.
    written: Option<Written>,
}

/// An open file, and the hash of what was written to it.
struct Written {
    file: File,
    bytes: u64,
    sha: Sha256,
}

/// A blob in its place whose `put` has not answered yet; removed when this is dropped before, because nobody knows of it.
struct Placed {
    path: PathBuf,
    is_known: bool,
}

impl Drop for Placed {
    fn drop(&mut self) {
        if !self.is_known {
            // One that stays is removed by the sweep of blobs.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // One that stays is removed at a start a day later.
        let _ = fs::remove_file(&self.path);
    }
}

impl Unfinished {
    fn create(path: PathBuf) -> io::Result<Self> {
        let file = create_file(&path)?;
        Ok(Self { path, written: Some(Written { file, bytes: 0, sha: Sha256::new() }) })
    }

    /// Appends chunks, off the threads of tokio, and empties them.
    async fn append(&mut self, chunks: &mut Vec<Bytes>, threads: &IoThreads) -> Result<(), Fault> {
        let (mut written, chunks) = (self.take()?, std::mem::take(chunks));
        let step = move || -> io::Result<Written> {
            let begin = written.bytes;
            for chunk in chunks {
                written.sha.update(&chunk);
                written.file.write_all(&chunk)?;
                written.bytes += chunk.len() as u64;
            }
            start_writeback(&written.file, begin);
            Ok(written)
        };
        self.written = Some(threads.run(step).await?.map_err(|error| Fault::new("blobs", error))?);
        Ok(())
    }

    fn take(&mut self) -> Result<Written, Fault> {
        self.written.take().ok_or_else(|| Fault::new("blobs", "the file is gone"))
    }
}

#[async_trait]
impl Blobs for FolderBlobs {
    async fn belong_to(&self, epoch: Epoch) -> Result<bool, Fault> {
        self.blocking(move |root| owner(root, epoch)).await.map(|owner| owner == epoch)
    }

    async fn put(&self, key: BlobKey, content: &mut dyn ByteSource, limit: u64) -> Result<StoredBlob, Error> {
        let path = self.root.join(UNFINISHED).join(format!("{}-{}", key.application, key.id));
        let mut unfinished = self.blocking(move |_| Unfinished::create(path)).await?;
        let (mut bytes, mut gathered, mut chunks) = (0, 0, Vec::new());
        while let Some(chunk) = content.next().await? {
            bytes += chunk.len() as u64;
            if bytes > limit {
                return Err(
                    Refusal::BodyTooLarge { max: usize::try_from(limit).unwrap_or(usize::MAX) }.into()
                );
            }
            gathered += chunk.len();
            chunks.push(chunk);
            if gathered >= GATHERED_BYTES {
                unfinished.append(&mut chunks, &self.threads).await?;
                gathered = 0;
            }
        }
        unfinished.append(&mut chunks, &self.threads).await?;
        let Written { file, sha, .. } = unfinished.take()?;
        let placed = self.blocking(move |root| {
            let unfinished = unfinished;
            file.sync_all()?;
            drop(file);
            let folder = place::folder(root, key);
            create_folder(&folder)?;
            let file = place::file(root, key);
            // A link fails if the name is taken; a rename would replace what is there.
            fs::hard_link(&unfinished.path, &file)?;
            let placed = Placed { path: file, is_known: false };
            sync_folder(&folder)?;
            Ok(placed)
        });
        let mut placed = placed.await?;
        placed.is_known = true;
        Ok(StoredBlob { bytes, sha256: sha.finalize().into() })
    }

    async fn get(&self, key: BlobKey, range: Option<Range<u64>>) -> Result<Option<OpenBlob>, Fault> {
        let opened = self.blocking(move |root| {
            let mut file = match File::open(place::file(root, key)) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let bytes = file.metadata()?.len();
            let range = range.unwrap_or(0..bytes);
            let (start, end) = (range.start.min(bytes), range.end.min(bytes));
            file.seek(SeekFrom::Start(start))?;
            let content = Reading::new(file, end.saturating_sub(start));
            Ok(Some(OpenBlob { bytes, content: Box::new(content) }))
        });
        opened.await
    }

    async fn delete(&self, key: BlobKey) -> Result<(), Fault> {
        self.blocking(move |root| match fs::remove_file(place::file(root, key)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }

    async fn list(&self, after: Option<BlobKey>, limit: usize) -> Result<Vec<ListedBlob>, Fault> {
        self.blocking(move |root| list(root, after, limit)).await
    }

    async fn free_bytes(&self) -> Result<Option<u64>, Fault> {
        self.blocking(free_bytes).await
    }
}

/// Removes files of uploads that ended with their process.
fn remove_abandoned(folder: &Path) -> io::Result<()> {
    let Some(before) = now().checked_sub(ABANDONED) else { return Ok(()) };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let removed = entry.metadata().and_then(|file| {
            if file.is_file() && file.modified()? < before { fs::remove_file(path) } else { Ok(()) }
        });
        match removed {
            // Another node has finished or removed it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "compared with the times of files, which are of the same clock"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Creates a folder that only its owner can read, with those above it, so that it survives a power cut.
fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_folder(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    folder.parent().map_or(Ok(()), sync_folder)
}

/// Creates a file that only its owner can read. What an earlier attempt has left under the name goes.
fn create_file(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Lets the system begin to write what stands in a file from a place on. Otherwise it would gather until the flush, and
/// a commit of messages meanwhile would wait for all of it. It is no more than a hint.
#[cfg(target_os = "linux")]
fn start_writeback(file: &File, from: u64) {
    // Pages that are not written yet are not dropped; their writing begins.
    let _ = rustix::fs::fadvise(file, from, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn start_writeback(_: &File, _: u64) {}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    // A path of one part has an empty parent.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
fn free_bytes(root: &Path) -> io::Result<Option<u64>> {
    let found = rustix::fs::statvfs(root)?;
    Ok(Some(found.f_bavail.saturating_mul(found.f_frsize)))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> io::Result<Option<u64>> {
    Ok(None)
}
