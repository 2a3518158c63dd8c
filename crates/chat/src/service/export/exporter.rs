//! Writing an application to an archive.

use std::sync::Arc;

use archive::{Header, Record};
use wire::{ApplicationId, PublicId};

use super::files::ExportedFile;
use super::names::Names;
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::ArchiveSink;
use crate::ports::store::{Application, StoreReader};
use crate::service::error::{Error, Fault};
use crate::service::import::ImportCounts;

/// The records that are written at once.
const BATCH: usize = 200;
/// The most parts that are named as left out; all are counted.
const NAMED: usize = 100;

/// The contents of a finished export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// The parts that are in the archive.
    pub counts: ImportCounts,
    /// The number of parts that are left out.
    pub left_out: u64,
    /// The first of them: places and reasons, in English, for the operator.
    pub reasons: Vec<(String, String)>,
}

/// One export.
pub(super) struct Exporter<'a> {
    pub(super) chat: &'a Chat,
    pub(super) application: ApplicationId,
    /// The application as it is when the export begins.
    pub(super) reader: Arc<dyn StoreReader>,
    pub(super) names: Names,
    pub(super) exported: Exported,
    /// The files that are announced, in the order of their numbers.
    pub(super) files: Vec<ExportedFile>,
    sink: &'a mut dyn ArchiveSink,
    batch: Vec<Record>,
}

impl Chat {
    /// Writes an application to an archive: its users, conversations, messages and files, as they are at the beginning. One
    /// export is made at a time; others wait for it. After an error the archive is to be thrown away.
    ///
    /// # Errors
    /// [`Refusal::NotOperator`](wire::Refusal::NotOperator), [`Refusal::NotFound`](wire::Refusal::NotFound) if there is no
    /// such application; [`Error::Fault`].
    pub async fn export(
        &self,
        caller: &Caller,
        application: Option<PublicId>,
        sink: &mut dyn ArchiveSink,
    ) -> Result<Exported, Error> {
        let application = self.operated_application(caller, application).await?;
        let _turn = self.exporting.lock().await;
        let (id, owner) = (application.id, application.author().id);
        let snapshot = self.store.snapshot(id).await?;
        let mut exporter = Exporter {
            chat: self,
            application: id,
            names: Names::read(&*snapshot, owner).await?,
            reader: snapshot,
            exported: Exported::default(),
            files: Vec::new(),
            sink,
            batch: Vec::new(),
        };
        exporter.write(&application).await?;
        let Exporter { sink, files, exported, reader, .. } = exporter;
        // The store need not keep the state of the beginning any longer: the contents of files never change.
        drop(reader);
        for (number, file) in (1..).zip(files) {
            file.write(number, self, id, sink).await?;
        }
        tracing::info!(export.messages = exported.counts.messages, "export ended");
        Ok(exported)
    }
}

impl Exporter<'_> {
    async fn write(&mut self, application: &Application) -> Result<(), Error> {
        let header = Header {
            application: application.title.as_str().to_owned(),
            exported_at: self.chat.clock.now().0,
            version: archive::own::VERSION,
        };
        self.record(Record::Header(header)).await?;
        // At once: what cannot be written is known before everything is read.
        self.flush().await?;
        let pictures = self.users().await?;
        for (id, conversation) in self.names.conversations(&*self.reader).await? {
            self.conversation(id, conversation).await?;
        }
        self.flush().await?;
        self.pictures(pictures).await
    }

    /// Writes a record, sooner or later.
    pub(super) async fn record(&mut self, record: Record) -> Result<(), Fault> {
        self.batch.push(record);
        if self.batch.len() >= BATCH { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        self.sink.records(std::mem::take(&mut self.batch)).await
    }

    /// Writes a content of a file that is in memory.
    pub(super) async fn file(&mut self, path: String, content: bytes::Bytes) -> Result<(), Fault> {
        self.sink.begin_file(path).await?;
        self.sink.append(content).await
    }

    pub(super) fn leave_out(&mut self, place: String, reason: &str) {
        self.exported.left_out += 1;
        if self.exported.reasons.len() < NAMED {
            self.exported.reasons.push((place, reason.to_owned()));
        }
    }
}
