//! Starting, watching and cancelling an import.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;

use archive::{ArchiveError, Format};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::spawn_blocking;
use wire::{ApplicationId, PublicId, Refusal};

use super::ids::JOB_KEY;
use super::reader::{blocking, check};
use super::state::{ImportCounts, ImportState};
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::blobs::{BlobId, BlobKey, ByteSource, CHUNK_BYTES};
use crate::ports::store::{Application, ApplicationKey, Checked, FoundJob, JobKind, JobWrite, NewJob};
use crate::service::error::{Error, Fault};
use crate::service::permissions::may_operate;

/// An import that the operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRequest {
    /// The format of the archive.
    pub format: Format,
    /// The application into which it goes; none for that of the pages.
    pub application: Option<PublicId>,
    /// The archive, a file that the server can read.
    pub file: PathBuf,
}

/// The reason why an import does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportError {
    /// The archive is wrong; nothing was written.
    Archive(ArchiveError),
    /// Another import of the application goes on.
    Running,
    /// The call was refused, or has failed.
    Service(Error),
}

impl Chat {
    /// Checks an archive from its beginning to its end, keeps a copy of it, and adds the job that imports it. The result of
    /// an earlier import is forgotten.
    ///
    /// # Errors
    /// [`ImportError::Archive`], [`ImportError::Running`]; [`Refusal::NotOperator`], [`Refusal::NotFound`] if there is no
    /// such application.
    pub async fn start_import(
        &self,
        caller: &Caller,
        request: ImportRequest,
    ) -> Result<ImportState, ImportError> {
        let application = self.operated_application(caller, request.application).await?.id;
        self.ended_import(application).await?;
        let ImportRequest { format, file: path, .. } = request;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let opened =
            blocking(move || File::open(path).and_then(|file| Ok((file.try_clone()?, file)))).await?;
        let (archive, copied) = opened.map_err(|error| unreadable(&error))?;
        let total = check(archive, format).await?.map_err(ImportError::Archive)?;
        let blob = BlobKey { application, id: BlobId(self.random()) };
        let mut source = FileSource::of(copied).map_err(|error| unreadable(&error))?;
        self.blobs.put(blob, &mut source, archive::limits::ARCHIVE_BYTES).await?;
        let state = ImportState {
            format: format.as_str().into(),
            file,
            blob: blob.id.to_string(),
            total,
            done: ImportCounts::default(),
            position: 0,
            left_out: 0,
            reasons: Vec::new(),
            ended_at: None,
            failed: None,
        };
        let added = self.add_import(application, &state).await;
        if !matches!(added, Ok(())) {
            self.blobs.delete(blob).await?;
        }
        added.map(|()| state)
    }

    /// Adds the job, in place of one that has ended.
    async fn add_import(&self, application: ApplicationId, state: &ImportState) -> Result<(), ImportError> {
        if let Some(ended) = self.ended_import(application).await? {
            self.commit_in(ApplicationId::SERVER, JobWrite::Remove { id: ended.id }).await?;
        }
        let job = NewJob {
            application,
            kind: JobKind::Import,
            lane: JOB_KEY.into(),
            key: Some(JOB_KEY.into()),
            arguments: state.arguments(),
            run_at: self.monotonic.now(),
        };
        self.commit_in(ApplicationId::SERVER, JobWrite::Add(vec![job])).await?;
        // Another one may have been added meanwhile.
        match self.import_job(application).await? {
            Some((_, found)) if found.blob == state.blob => Ok(()),
            _ => Err(ImportError::Running),
        }
    }

    /// Returns the state of the import of an application, also for two weeks after its end.
    ///
    /// # Errors
    /// [`Refusal::NotOperator`], [`Refusal::NotFound`] if there is no such application.
    pub async fn import_state(
        &self,
        caller: &Caller,
        application: Option<PublicId>,
    ) -> Result<Option<ImportState>, Error> {
        let application = self.operated_application(caller, application).await?.id;
        Ok(self.import_job(application).await?.map(|(_, state)| state))
    }

    /// Ends the import of an application; what it has written stays, and another one goes on where it ended. Returns false
    /// if none goes on.
    ///
    /// # Errors
    /// Those of [`Chat::import_state`].
    pub async fn cancel_import(&self, caller: &Caller, application: Option<PublicId>) -> Result<bool, Error> {
        let application = self.operated_application(caller, application).await?.id;
        let Some((job, state)) = self.import_job(application).await?.filter(|(_, state)| state.is_running())
        else {
            return Ok(false);
        };
        if self.commit_in(ApplicationId::SERVER, JobWrite::Remove { id: job.id }).await? == Checked::Stale {
            return Ok(false);
        }
        if let Some(blob) = state.blob_key(application) {
            self.blobs.delete(blob).await?;
        }
        Ok(true)
    }

    /// Returns the blob of the archive of an import that goes on, which no file names.
    pub(in crate::service) async fn archive_of_import(
        &self,
        application: ApplicationId,
    ) -> Result<Option<BlobId>, Error> {
        Ok(self.import_job(application).await?.and_then(|(_, state)| state.archive()))
    }

    /// Returns the application that the operator imports into, or exports.
    pub(in crate::service) async fn operated_application(
        &self,
        caller: &Caller,
        application: Option<PublicId>,
    ) -> Result<Application, Error> {
        may_operate(caller)?;
        let key = application.map_or(ApplicationKey::Id(ApplicationId::BUILT_IN), ApplicationKey::Public);
        let found = self.store.application(key).await?.filter(Application::is_alive);
        Ok(found.ok_or(Refusal::NotFound)?)
    }

    /// Returns the import of an application that has ended, if there was one; refuses if one goes on.
    async fn ended_import(&self, application: ApplicationId) -> Result<Option<FoundJob>, ImportError> {
        match self.import_job(application).await? {
            Some((_, state)) if state.is_running() => Err(ImportError::Running),
            found => Ok(found.map(|(job, _)| job)),
        }
    }

    async fn import_job(&self, application: ApplicationId) -> Result<Option<(FoundJob, ImportState)>, Error> {
        let Some(job) = self.store.reader(application).job(JobKind::Import, JOB_KEY).await? else {
            return Ok(None);
        };
        let state = ImportState::of(&job.arguments)?;
        Ok(Some((job, state)))
    }
}

fn unreadable(error: &std::io::Error) -> ImportError {
    let problem = format!("the server cannot read it: {error}");
    ImportError::Archive(ArchiveError { file: None, line: None, problem })
}

/// A file as a source of bytes.
struct FileSource(Option<File>);

impl FileSource {
    fn of(mut file: File) -> std::io::Result<Self> {
        use std::io::Seek;

        file.rewind()?;
        Ok(Self(Some(file)))
    }
}

#[async_trait]
impl ByteSource for FileSource {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        use std::io::Read;

        let Some(mut file) = self.0.take() else { return Ok(None) };
        let read = spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK_BYTES];
            let length = file.read(&mut chunk)?;
            chunk.truncate(length);
            Ok::<_, std::io::Error>((file, chunk))
        });
        let fault = |error: &dyn fmt::Display| Fault::new("import", error);
        let (file, chunk) = read.await.map_err(|error| fault(&error))?.map_err(|error| fault(&error))?;
        if chunk.is_empty() {
            return Ok(None);
        }
        self.0 = Some(file);
        Ok(Some(chunk.into()))
    }
}

impl<E: Into<Error>> From<E> for ImportError {
    fn from(error: E) -> Self {
        Self::Service(error.into())
    }
}
