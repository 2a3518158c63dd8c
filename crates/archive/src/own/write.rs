//! Writing Hubbub's own format.

use std::fmt;
use std::io::{self, Read, Seek, Write};

use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::DATA;
use crate::Record;

/// Writes an archive: first all records, then the contents of their files.
pub struct Writer<W: Write + Seek> {
    zip: ZipWriter<W>,
}

impl<W: Write + Seek> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl<W: Write + Seek> Writer<W> {
    /// Begins an archive.
    ///
    /// # Errors
    /// Those of the target.
    pub fn new(target: W) -> io::Result<Self> {
        let mut zip = ZipWriter::new(target);
        zip.start_file(DATA, options())?;
        Ok(Self { zip })
    }

    /// Writes a record. They come in the order of the format: see the module.
    ///
    /// # Errors
    /// Those of the target, and [`io::ErrorKind::InvalidInput`] for a record that the format does not have.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        let value = serde_json::to_value(record)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let mut line = String::new();
        canonical(&value, &mut line);
        line.push('\n');
        self.zip.write_all(line.as_bytes())
    }

    /// Writes the content of a file under its [path](super::path), after all records.
    ///
    /// # Errors
    /// Those of the target and of the content.
    pub fn file(&mut self, path: &str, content: &mut dyn Read) -> io::Result<()> {
        self.begin_file(path)?;
        io::copy(content, &mut self.zip).map(|_| ())
    }

    /// Begins a file under its [path](super::path); its content follows by [`Writer::append`].
    ///
    /// # Errors
    /// Those of the target.
    pub fn begin_file(&mut self, path: &str) -> io::Result<()> {
        self.zip.start_file(path, options())?;
        Ok(())
    }

    /// Appends to the file that was begun last.
    ///
    /// # Errors
    /// Those of the target.
    pub fn append(&mut self, content: &[u8]) -> io::Result<()> {
        self.zip.write_all(content)
    }

    /// Ends the archive, and returns the target.
    ///
    /// # Errors
    /// Those of the target.
    pub fn finish(self) -> io::Result<W> {
        Ok(self.zip.finish()?)
    }
}

/// Every entry has the same time, so that equal contents give equal archives. Nothing is packed: most files are already, and
/// messages of one letter would be packed more tightly than [`RATIO`](crate::limits::RATIO) allows.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::DEFAULT.compression_method(CompressionMethod::Stored).large_file(true)
}

/// Writes a JSON value with the keys of its objects sorted, whatever order maps of this build keep.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            list(out, ['{', '}'], fields, |(key, value), out| {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
            });
        }
        Value::Array(items) => list(out, ['[', ']'], items, canonical),
        other => out.push_str(&other.to_string()),
    }
}

fn list<T>(
    out: &mut String,
    [begin, end]: [char; 2],
    items: impl IntoIterator<Item = T>,
    write: impl Fn(T, &mut String),
) {
    out.push(begin);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(end);
}
