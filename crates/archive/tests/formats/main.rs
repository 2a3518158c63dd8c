//! Archives of all formats, written by the tests: none has data of real people.

mod hostile;
mod mattermost;
mod own;
mod slack;

use std::io::Write;

use archive::{Archive, ArchiveError, Format, Record};
use tempfile::NamedTempFile;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Writes a ZIP file with these paths and contents.
fn zipped<P: AsRef<str>, C: AsRef<[u8]>>(entries: &[(P, C)]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    let mut zip = ZipWriter::new(&mut file);
    for (path, content) in entries {
        zip.start_file(path.as_ref(), SimpleFileOptions::DEFAULT).unwrap();
        zip.write_all(content.as_ref()).unwrap();
    }
    zip.finish().unwrap();
    file
}

fn written(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

fn records(file: &NamedTempFile, format: Format) -> Result<Vec<Record>, ArchiveError> {
    Archive::open(file.path(), format)?.collect()
}

fn problem(file: &NamedTempFile, format: Format) -> String {
    records(file, format).expect_err("the archive is wrong").to_string()
}
