//! The job of an import: reads the archive in batches, writes each, and keeps its place after each.

use std::fs::File;
use std::io::{Seek, Write};

use archive::{ArchiveError, Format};
use wire::{ApplicationId, Timestamp};

use super::importer::Importer;
use super::reader::{ArchiveReader, blocking};
use super::state::ImportState;
use crate::chat::Chat;
use crate::ports::store::{Checked, Job, JobEnd, JobWrite, LeaseId};
use crate::service::error::{Error, Fault};

/// The time for which the state is kept after the end, in milliseconds.
const KEPT_MS: i64 = 14 * 24 * 60 * 60 * 1_000;
/// The most attempts without an end: a fault that stays, or an end of the process.
const ATTEMPTS: u32 = 10;

/// The reason why an attempt has ended before the end of the archive.
enum Stopped {
    /// The import is cancelled, or another worker has it.
    Lost,
    /// The archive is no longer what was checked.
    Archive(ArchiveError),
    Service(Error),
}

/// Running imports.
impl Chat {
    /// Imports the archive of a job, from where the attempt before has ended.
    ///
    /// # Errors
    /// [`Error::Fault`]: then the job is retried.
    pub(crate) async fn run_import(&self, lease: LeaseId, job: &Job) -> Result<JobEnd, Error> {
        let mut state = ImportState::of(&job.arguments)?;
        if let Some(ended) = state.ended_at {
            let until = Timestamp(ended.0 + KEPT_MS);
            let is_over = until <= self.monotonic.now();
            return Ok(if is_over { JobEnd::Done } else { JobEnd::Again { run_at: until } });
        }
        let failed = if job.attempt > ATTEMPTS {
            Some(format!("it did not end in {ATTEMPTS} attempts; the log of the server says why"))
        } else {
            match self.import(lease, job, &mut state).await {
                Ok(()) => None,
                Err(Stopped::Lost) => return Ok(JobEnd::Done),
                Err(Stopped::Archive(error)) => Some(error.to_string()),
                Err(Stopped::Service(Error::Refusal(refusal))) => Some(refusal.code().to_owned()),
                Err(Stopped::Service(fault)) => return Err(fault),
            }
        };
        let now = self.monotonic.now();
        (state.failed, state.ended_at) = (failed, Some(now));
        if self.keep_import(lease, job, &state).await? == Checked::Stale {
            return Ok(JobEnd::Done);
        }
        if let Some(blob) = state.blob_key(job.application) {
            self.blobs.delete(blob).await?;
        }
        let (format, messages) = (&state.format, state.done.messages);
        tracing::info!(import.format = format, import.messages = messages, "import ended");
        Ok(JobEnd::Again { run_at: Timestamp(now.0 + KEPT_MS) })
    }

    async fn import(&self, lease: LeaseId, job: &Job, state: &mut ImportState) -> Result<(), Stopped> {
        let format: Format = state.format.parse()?;
        let file = self.unpacked_import(job.application, state).await?;
        let mut reader = ArchiveReader::open(file, format).await??;
        let mut importer = Importer::new(self, job.application, format).await?;
        let (mut position, begun) = (0, state.position);
        loop {
            let (rest, batch) = reader.batch().await??;
            reader = rest;
            if batch.is_empty() {
                return Ok(());
            }
            for record in batch {
                position += 1;
                if position <= begun {
                    importer.pass(record);
                } else {
                    reader = importer.record(record, reader, state).await?;
                }
            }
            if position > begun {
                importer.settle(state).await?;
                state.position = position;
                if self.keep_import(lease, job, state).await? == Checked::Stale {
                    return Err(Stopped::Lost);
                }
            }
        }
    }

    /// Keeps the state of an import; stale if it was cancelled, or another worker has it.
    async fn keep_import(&self, lease: LeaseId, job: &Job, state: &ImportState) -> Result<Checked, Error> {
        let (id, attempt, arguments) = (job.id, job.attempt, state.arguments());
        let keep = JobWrite::SetArguments { id, lease, attempt, arguments };
        self.commit_in(ApplicationId::SERVER, keep).await
    }

    /// Copies the archive into a file without a name, in which it can be read from any place.
    async fn unpacked_import(
        &self,
        application: ApplicationId,
        state: &ImportState,
    ) -> Result<File, Stopped> {
        let io = |error: std::io::Error| Fault::new("import", error);
        let blob = match state.blob_key(application) {
            Some(key) => self.blobs.get(key, None).await?,
            None => None,
        };
        let Some(blob) = blob else {
            // After a restore from a backup, which has no files.
            let problem = "the copy of the archive is gone; start the import again".into();
            return Err(Stopped::Archive(ArchiveError { file: None, line: None, problem }));
        };
        let mut content = blob.content;
        let mut file = tempfile::tempfile().map_err(io)?;
        while let Some(chunk) = content.next().await? {
            file = blocking(move || file.write_all(&chunk).map(|()| file)).await?.map_err(io)?;
        }
        file.rewind().map_err(io)?;
        Ok(file)
    }
}

impl From<ArchiveError> for Stopped {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(error)
    }
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Service(error)
    }
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Service(fault.into())
    }
}
