//! Archives in memory.

use std::io::{Cursor, Read, Write};
use std::sync::Arc;

use archive::Record;
use archive::own::Writer;
use async_trait::async_trait;
use bytes::Bytes;
use chat::{ArchiveSink, Fault};
use tempfile::NamedTempFile;
use tokio::sync::{Mutex, Notify};

/// An archive that is written to memory.
pub struct MemorySink(Option<Writer<Cursor<Vec<u8>>>>);

/// An archive that is whole.
pub struct Archived(Vec<u8>);

impl Default for MemorySink {
    fn default() -> Self {
        Self(Some(Writer::new(Cursor::new(Vec::new())).unwrap()))
    }
}

impl MemorySink {
    fn writer(&mut self) -> &mut Writer<Cursor<Vec<u8>>> {
        self.0.as_mut().unwrap()
    }

    pub fn archived(&mut self) -> Archived {
        Archived(self.0.take().unwrap().finish().unwrap().into_inner())
    }
}

#[async_trait]
impl ArchiveSink for MemorySink {
    async fn records(&mut self, records: Vec<Record>) -> Result<(), Fault> {
        records.iter().for_each(|record| self.writer().record(record).unwrap());
        Ok(())
    }

    async fn begin_file(&mut self, path: String) -> Result<(), Fault> {
        self.writer().begin_file(&path).unwrap();
        Ok(())
    }

    async fn append(&mut self, content: Bytes) -> Result<(), Fault> {
        self.writer().append(&content).unwrap();
        Ok(())
    }
}

impl Archived {
    fn zip(&self) -> zip::ZipArchive<Cursor<&[u8]>> {
        zip::ZipArchive::new(Cursor::new(&self.0[..])).unwrap()
    }

    /// Returns the records, one a line.
    pub fn lines(&self) -> Vec<String> {
        let mut text = String::new();
        self.zip().by_name("data.jsonl").unwrap().read_to_string(&mut text).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Returns the paths and the contents of files.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut zip = self.zip();
        let read = |index| {
            let mut file = zip.by_index(index).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().unwrap().into_owned(), content)
        };
        (0..self.zip().len()).map(read).filter(|(name, _)| name != "data.jsonl").collect()
    }

    pub fn to_file(&self) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(&self.0).unwrap();
        file
    }
}

/// An archive whose first records wait until they may go on.
#[derive(Clone, Default)]
pub struct Paused {
    sink: Arc<Mutex<MemorySink>>,
    begun: Arc<Notify>,
    goes_on: Arc<Notify>,
    has_begun: bool,
}

impl Paused {
    pub async fn until_begun(&self) {
        self.begun.notified().await;
    }

    pub fn go_on(&self) {
        self.goes_on.notify_one();
    }

    pub fn archived(&self) -> Archived {
        self.sink.try_lock().unwrap().archived()
    }
}

#[async_trait]
impl ArchiveSink for Paused {
    async fn records(&mut self, records: Vec<Record>) -> Result<(), Fault> {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.begun.notify_one();
            self.goes_on.notified().await;
        }
        self.sink.lock().await.records(records).await
    }

    async fn begin_file(&mut self, path: String) -> Result<(), Fault> {
        self.sink.lock().await.begin_file(path).await
    }

    async fn append(&mut self, content: Bytes) -> Result<(), Fault> {
        self.sink.lock().await.append(content).await
    }
}
