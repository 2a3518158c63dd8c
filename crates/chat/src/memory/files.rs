//! Files of an application in memory.

use std::collections::BTreeMap;

use wire::{FileId, Refusal, Seq, Timestamp, Topic, UserId};

use crate::ports::blobs::BlobId;
use crate::ports::store::{FileOutcome, FileQuota, FileState, FileUsage, FileWrite, Sender, StoredFile};

/// The files of an application.
#[derive(Clone, Default)]
pub(super) struct MemoryFiles {
    files: BTreeMap<FileId, StoredFile>,
    /// The times since which files are known to be detached.
    detached: BTreeMap<FileId, Timestamp>,
}

impl MemoryFiles {
    pub(super) fn write(&mut self, write: FileWrite) -> FileOutcome {
        match write {
            FileWrite::Add { file, quota, job: _ } => return self.add(*file, quota),
            FileWrite::SetThumbnail { file, thumbnail } => match self.files.get_mut(&file) {
                Some(file) if file.thumbnail.is_none() => file.thumbnail = Some(thumbnail),
                _ => return FileOutcome::Stale,
            },
            FileWrite::Discard { file } => match self.files.get_mut(&file) {
                Some(file) if file.state == FileState::Uploaded => file.state = FileState::Removing,
                _ => return FileOutcome::Stale,
            },
            FileWrite::Expire { uploaded_before, detached_before, now, limit } => {
                self.expire(uploaded_before, detached_before, now, limit);
            }
            FileWrite::Forget { files } => {
                for file in files {
                    if self.files.get(&file).is_some_and(|file| file.state == FileState::Removing) {
                        self.files.remove(&file);
                        self.detached.remove(&file);
                    }
                }
            }
        }
        FileOutcome::Done
    }

    fn add(&mut self, file: StoredFile, quota: FileQuota) -> FileOutcome {
        if let Some(key) = &file.upload_key
            && let Some(found) = self.by_key(file.owner, key)
        {
            return FileOutcome::Repeated(found.id);
        }
        if self.usage(Some(file.owner)).bytes.saturating_add(file.bytes) > quota.user {
            return FileOutcome::UserFull;
        }
        if self.usage(None).bytes.saturating_add(file.bytes) > quota.application {
            return FileOutcome::ApplicationFull;
        }
        self.files.insert(file.id, file);
        FileOutcome::Done
    }

    fn expire(
        &mut self,
        uploaded_before: Timestamp,
        detached_before: Timestamp,
        now: Timestamp,
        limit: usize,
    ) {
        let orphans: Vec<FileId> = self
            .files
            .values()
            .filter(|file| file.state == FileState::Uploaded && file.at < uploaded_before)
            .map(|file| file.id)
            .take(limit)
            .collect();
        let mut gone = orphans;
        let over = self.detached.iter().filter(|(_, since)| **since < detached_before);
        gone.extend(over.map(|(id, _)| *id).take(limit));
        for id in gone {
            if let Some(file) = self.files.get_mut(&id) {
                file.state = FileState::Removing;
            }
        }
        let detached = self.files.values().filter(|file| file.state == FileState::Detached);
        let new: Vec<FileId> =
            detached.map(|file| file.id).filter(|id| !self.detached.contains_key(id)).take(limit).collect();
        self.detached.extend(new.into_iter().map(|id| (id, now)));
    }

    /// Refuses files that a message of a sender cannot take.
    pub(super) fn check(&self, sender: Sender, files: &[FileId]) -> Result<(), Refusal> {
        for id in files {
            let is_free = self
                .files
                .get(id)
                .is_some_and(|file| file.state == FileState::Uploaded && sender == Sender::User(file.owner));
            if !is_free {
                return Err(Refusal::AttachmentMissing { file: id.to_string() });
            }
        }
        Ok(())
    }

    /// Gives files that were checked to a message.
    pub(super) fn attach(&mut self, topic: &Topic, seq: Seq, files: &[FileId]) {
        for id in files {
            if let Some(file) = self.files.get_mut(id) {
                (file.state, file.place) = (FileState::Attached, Some((topic.clone(), seq)));
            }
        }
    }

    /// Takes the files of a message away from it.
    pub(super) fn detach(&mut self, topic: &Topic, seq: Seq) {
        for file in self.files.values_mut() {
            let is_here = file.place.as_ref().is_some_and(|place| place.0 == *topic && place.1 == seq);
            if is_here && file.state == FileState::Attached {
                file.state = FileState::Detached;
            }
        }
    }

    pub(super) fn one(&self, file: FileId) -> Option<StoredFile> {
        self.files.get(&file).cloned()
    }

    pub(super) fn by_key(&self, owner: UserId, key: &str) -> Option<StoredFile> {
        let mut files = self.files.values();
        files.find(|file| file.owner == owner && file.upload_key.as_deref() == Some(key)).cloned()
    }

    pub(super) fn after(&self, after: Option<FileId>, limit: usize) -> Vec<StoredFile> {
        let later = self.files.values().filter(|file| after.is_none_or(|after| file.id > after));
        later.take(limit).cloned().collect()
    }

    pub(super) fn to_remove(&self, limit: usize) -> Vec<StoredFile> {
        let removing = self.files.values().filter(|file| file.state == FileState::Removing);
        removing.take(limit).cloned().collect()
    }

    pub(super) fn usage(&self, owner: Option<UserId>) -> FileUsage {
        let of = self.files.values().filter(|file| owner.is_none_or(|owner| file.owner == owner));
        of.fold(FileUsage::default(), |FileUsage { files, bytes }, file| FileUsage {
            files: files + 1,
            bytes: bytes + file.bytes,
        })
    }

    pub(super) fn known(&self, blobs: &[BlobId]) -> Vec<BlobId> {
        let named: Vec<BlobId> = self.files.values().flat_map(StoredFile::blobs).collect();
        blobs.iter().copied().filter(|blob| named.contains(blob)).collect()
    }
}
