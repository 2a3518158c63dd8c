//! The command `hubbub export`: writes an application to an archive, by the running server or without one.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use archive::Record;
use archive::own::Writer;
use async_trait::async_trait;
use bytes::Bytes;
use chat::{ArchiveSink, Caller, Chat, Exported, Fault};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;
use wire::PublicId;

use super::backup::{check_data, counted};
use super::control::{self, Reply, Request};
use super::import::{counts, service};
use crate::config::{Config, ConfigError};
use crate::open::{self, Opened};

/// Writes an application, or without an id that of the pages, to a new file; returns a sentence that confirms it. Also works
/// while a server is running.
///
/// # Errors
/// The reason that there is no export; no file is left then.
pub async fn export(
    config: &Config,
    file: &Path,
    application: Option<PublicId>,
) -> Result<String, ConfigError> {
    check_data(config)?;
    // The server's working directory may be another one.
    let file = std::path::absolute(file).map_err(|error| failed(file, &error))?;
    let request = Request::Export { file: file.clone(), application };
    match control::ask(config, &request).await {
        Some(reply) => match reply? {
            Reply::Exported(text) => Ok(text),
            Reply::Wrong(wrong) => Err(ConfigError(wrong)),
            other => Err(ConfigError(format!("the server answered something else: {other:?}"))),
        },
        None => {
            let Opened { chat, files: _files } = open::open(config).await?;
            let exported = carry_out(&chat, file, application).await;
            let closed = chat.shut_down().await;
            let exported = exported?;
            closed.map_err(|no| ConfigError(format!("the data could not be closed: {no:?}")))?;
            Ok(exported)
        }
    }
}

/// Carries out the command.
pub(super) async fn carry_out(
    chat: &Chat,
    file: PathBuf,
    application: Option<PublicId>,
) -> Result<String, ConfigError> {
    let mut writer = ArchiveFile::create(file).await?;
    let exported = chat.export(&Caller::operator(), application, &mut writer).await.map_err(service)?;
    let file = writer.finish().await?;
    Ok(confirmed(&file, &exported))
}

fn confirmed(file: &Path, exported: &Exported) -> String {
    let mut text = format!("The export is in {}: {}.", file.display(), counts(&exported.counts));
    if exported.left_out > 0 {
        let _ = write!(text, " Left out: {}.", counted(exported.left_out, "part", "parts"));
    }
    for (place, reason) in &exported.reasons {
        let _ = write!(text, "\n  {place}: {reason}");
    }
    text
}

fn failed(file: &Path, error: &dyn std::fmt::Display) -> ConfigError {
    ConfigError(format!("{}: {error}", file.display()))
}

/// A new archive. It has its name only when it is whole: until then it is a temporary file beside it, which goes if the
/// export fails. Only its owner can read it.
struct ArchiveFile {
    path: PathBuf,
    /// None while a thread has it, and after a failure.
    writer: Option<Writer<BufWriter<NamedTempFile>>>,
}

impl ArchiveFile {
    async fn create(path: PathBuf) -> Result<Self, ConfigError> {
        if path.symlink_metadata().is_ok() {
            return Err(failed(&path, &"there is such a file already; give another name"));
        }
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        let made = spawn_blocking(move || {
            let file = NamedTempFile::with_prefix_in(".hubbub-export-", folder)?;
            Writer::new(BufWriter::new(file))
        });
        let writer = made.await.map_err(|error| failed(&path, &error))?;
        let writer = writer.map_err(|error| failed(&path, &error))?;
        Ok(Self { path, writer: Some(writer) })
    }

    /// Writes in a thread that may wait for a disk.
    async fn write(
        &mut self,
        write: impl FnOnce(&mut Writer<BufWriter<NamedTempFile>>) -> io::Result<()> + Send + 'static,
    ) -> Result<(), Fault> {
        let fault = |error: &dyn std::fmt::Display| Fault::new("export", error);
        let Some(mut writer) = self.writer.take() else {
            return Err(fault(&"the archive could not be written"));
        };
        let written = spawn_blocking(move || write(&mut writer).map(|()| writer));
        let written = written.await.map_err(|error| fault(&error))?;
        let shown = self.path.display();
        self.writer = Some(written.map_err(|error| fault(&format!("{shown}: {error}")))?);
        Ok(())
    }

    /// Ends the archive and gives it its name; returns it.
    async fn finish(self) -> Result<PathBuf, ConfigError> {
        let Self { path, writer } = self;
        let Some(writer) = writer else { return Err(failed(&path, &"the archive could not be written")) };
        let target = path.clone();
        let named = spawn_blocking(move || {
            let file = writer.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.as_file().sync_all()?;
            file.persist_noclobber(&target).map_err(|error| error.error)?;
            // So that the name survives a power cut, too.
            File::open(target.parent().unwrap_or(Path::new("/")))?.sync_all()
        });
        let named = named.await.map_err(|error| failed(&path, &error))?;
        named.map_err(|error| failed(&path, &error))?;
        Ok(path)
    }
}

#[async_trait]
impl ArchiveSink for ArchiveFile {
    async fn records(&mut self, records: Vec<Record>) -> Result<(), Fault> {
        self.write(move |writer| records.iter().try_for_each(|record| writer.record(record))).await
    }

    async fn begin_file(&mut self, path: String) -> Result<(), Fault> {
        self.write(move |writer| writer.begin_file(&path)).await
    }

    async fn append(&mut self, content: Bytes) -> Result<(), Fault> {
        self.write(move |writer| writer.append(&content)).await
    }
}
