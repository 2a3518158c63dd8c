//! The end of files: by their owner, with their message, or because nobody has used them.

use std::collections::HashSet;

use wire::{ApplicationId, FileId, Refusal, Timestamp};

use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::blobs::{BlobId, BlobKey, ListedBlob};
use crate::ports::store::{FileOutcome, FileState, FileWrite, StoredFile};
use crate::service::error::Error;

/// The time for which a file waits for a message, and a blob for its file, in milliseconds.
const ORPHAN_MS: i64 = 24 * 60 * 60 * 1_000;
/// The time for which a file outlives its message, in milliseconds.
const DETACHED_MS: i64 = 7 * ORPHAN_MS;
/// The most files, or blobs, that are looked at in one step.
const STEP: usize = 200;
/// The number of applications that are read at once.
const APPLICATIONS: usize = 100;

/// Removing files.
impl Chat {
    /// Removes a file of the caller that no message has.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], also for files of others; [`Refusal::FileAttached`].
    pub async fn discard_file(&self, caller: &Caller, file: FileId) -> Result<(), Error> {
        let me = caller.scoped_actor()?;
        if caller.grant.as_ref().is_some_and(|grant| !grant.scope.may_write()) {
            return Err(Refusal::OutsideScope.into());
        }
        let found = self.reader(caller).file(file).await?;
        let found = found
            .filter(|file| caller.owner().is_some() || file.owner == me.id)
            .filter(|file| matches!(file.state, FileState::Uploaded | FileState::Attached));
        let found = found.ok_or(Refusal::NotFound)?;
        self.take_action(caller, me.id)?;
        match self.commit(caller, FileWrite::Discard { file }).await? {
            FileOutcome::Done => self.remove_blobs(caller.application, vec![found]).await,
            _ => Err(Refusal::FileAttached.into()),
        }
    }

    /// Removes the blobs of files that nobody can read any more, and then the files.
    async fn remove_blobs(&self, application: ApplicationId, files: Vec<StoredFile>) -> Result<(), Error> {
        if self.owns_blobs().await? {
            for blob in files.iter().flat_map(StoredFile::blobs) {
                self.blobs.delete(BlobKey { application, id: blob }).await?;
            }
        }
        let files = files.into_iter().map(|file| file.id).collect();
        self.commit_in_background(application, FileWrite::Forget { files }).await.map(|_| ())
    }

    /// Removes files of all applications that no message has taken within a day, and those whose message has been gone
    /// for a week.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub(crate) async fn sweep_files(&self) -> Result<(), Error> {
        let mut after = ApplicationId::SERVER;
        loop {
            let part = self.store.applications(after, APPLICATIONS).await?;
            let Some(last) = part.last() else { return Ok(()) };
            after = last.id;
            // The files of a deleted one go with its other data, and their blobs by the sweep of blobs.
            for application in part.iter().filter(|application| application.is_alive()) {
                self.sweep_files_of(application.id).await?;
            }
        }
    }

    async fn sweep_files_of(&self, application: ApplicationId) -> Result<(), Error> {
        let now = self.session_clock.now();
        let expire = FileWrite::Expire {
            uploaded_before: Timestamp(now.0 - ORPHAN_MS),
            detached_before: Timestamp(now.0 - DETACHED_MS),
            now,
            limit: STEP,
        };
        loop {
            self.commit_in_background(application, expire.clone()).await?;
            let files = self.store.reader(application).files_to_remove(STEP).await?;
            if files.is_empty() {
                return Ok(());
            }
            self.remove_blobs(application, files).await?;
        }
    }

    /// Removes blobs that no file names: those of uploads that were broken off, and those of deleted applications.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub(crate) async fn sweep_blobs(&self) -> Result<(), Error> {
        if !self.owns_blobs().await? {
            return Ok(());
        }
        let before = Timestamp(self.clock.now().0 - ORPHAN_MS);
        let mut after = None;
        loop {
            let part = self.blobs.list(after, STEP).await?;
            let Some(last) = part.last() else { return Ok(()) };
            after = Some(last.key);
            for of_application in part.chunk_by(|one, other| one.key.application == other.key.application) {
                self.sweep_blobs_of(of_application, before).await?;
            }
        }
    }

    /// Returns true if blobs may be removed: not if other data, of which this is a copy, may name them.
    async fn owns_blobs(&self) -> Result<bool, Error> {
        let owns = self.blobs.belong_to(self.store.epoch()).await?;
        if !owns {
            tracing::warn!(
                "the files are not removed from their folder: it belongs to the data of which this is a copy, or that was \
                 restored; if no other server uses the folder, remove its file folder.epoch"
            );
        }
        Ok(owns)
    }

    /// Removes those of some blobs of an application that no file names.
    async fn sweep_blobs_of(&self, blobs: &[ListedBlob], before: Timestamp) -> Result<(), Error> {
        let Some(ListedBlob { key: BlobKey { application, .. }, .. }) = blobs.first() else { return Ok(()) };
        // A newer one may be of an upload that is not committed yet.
        let old: Vec<BlobId> = blobs.iter().filter(|blob| blob.at < before).map(|blob| blob.key.id).collect();
        let known = self.store.reader(*application).known_blobs(&old).await?;
        let mut known: HashSet<BlobId> = known.into_iter().collect();
        known.extend(self.archive_of_import(*application).await?);
        for id in old.into_iter().filter(|id| !known.contains(id)) {
            self.blobs.delete(BlobKey { application: *application, id }).await?;
        }
        Ok(())
    }
}
