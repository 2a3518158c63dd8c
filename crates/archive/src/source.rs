//! The file of an archive: a ZIP file whose entries are checked before anything is read, or a file of JSON Lines.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};

use zip::ZipArchive;

use crate::ArchiveError;
use crate::limits::{
    ARCHIVE_BYTES, JSON_FILE_BYTES, PATH_BYTES, RATIO, RATIO_FLOOR_BYTES, ZIP_DIRECTORY_BYTES, ZIP_ENTRIES,
};

/// The file of an archive.
pub(crate) enum Source {
    /// A ZIP file whose paths and sizes are within the limits.
    Zip(Zip),
    /// A file of JSON Lines.
    Plain(fs::File),
}

/// A ZIP file whose paths and sizes are within the limits.
pub(crate) struct Zip {
    archive: ZipArchive<fs::File>,
    paths: Vec<String>,
    sizes: HashMap<String, u64>,
}

impl Source {
    /// Recognises a file by its beginning.
    pub(crate) fn open(mut file: fs::File) -> Result<Self, ArchiveError> {
        let reading = |error: io::Error| ArchiveError::new(format!("cannot be read: {error}"));
        let metadata = file.metadata().map_err(reading)?;
        if !metadata.is_file() {
            return Err(ArchiveError::new("is no file: give a ZIP file, or Mattermost's file of JSON Lines"));
        }
        if metadata.len() > ARCHIVE_BYTES {
            return Err(ArchiveError::new(format!("has more than {ARCHIVE_BYTES} bytes")));
        }
        let mut first = [0; 4];
        let read = file.read(&mut first).map_err(reading)?;
        file.rewind().map_err(reading)?;
        if read == 4 && (&first == b"PK\x03\x04" || &first == b"PK\x05\x06") {
            return Zip::open(file).map(Self::Zip);
        }
        if first.first() == Some(&b'{') {
            return Ok(Self::Plain(file));
        }
        Err(ArchiveError::new("is neither a ZIP file nor a file of JSON Lines"))
    }
}

impl Zip {
    fn open(mut file: fs::File) -> Result<Self, ArchiveError> {
        let broken =
            |error: &dyn std::fmt::Display| ArchiveError::new(format!("is no whole ZIP file: {error}"));
        let entries = entries(&mut file).map_err(|error| broken(&error))?;
        if entries > ZIP_ENTRIES {
            return Err(ArchiveError::new(format!("has {entries} entries, of at most {ZIP_ENTRIES}")));
        }
        let mut archive = ZipArchive::new(file).map_err(|error| broken(&error))?;
        if archive.len() as u64 != entries {
            return Err(ArchiveError::new("has two entries with the same path, or fewer than it says"));
        }
        let (mut paths, mut sizes, mut total) = (Vec::new(), HashMap::new(), 0_u64);
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(|error| broken(&error))?;
            let path = str::from_utf8(entry.name_raw())
                .map_err(|_| {
                    let shown = String::from_utf8_lossy(entry.name_raw());
                    ArchiveError::of(&shown, "has a path that is not UTF-8")
                })?
                .to_owned();
            check_path(&path)?;
            if entry.is_symlink() {
                return Err(ArchiveError::of(&path, "is a link; an archive has files and folders only"));
            }
            if entry.encrypted() {
                return Err(ArchiveError::of(&path, "is encrypted"));
            }
            let (size, packed) = (entry.size(), entry.compressed_size());
            if size > RATIO_FLOOR_BYTES && size / RATIO > packed {
                let problem = format!("would be more than {RATIO} times as large as it is packed");
                return Err(ArchiveError::of(&path, problem));
            }
            total = total.saturating_add(size);
            if total > ARCHIVE_BYTES {
                return Err(ArchiveError::new(format!(
                    "would have more than {ARCHIVE_BYTES} bytes unpacked"
                )));
            }
            if sizes.insert(path.clone(), size).is_some() {
                return Err(ArchiveError::of(&path, "is there twice"));
            }
            paths.push(path);
        }
        Ok(Self { archive, paths, sizes })
    }

    /// Returns the paths, in the order of the archive.
    pub(crate) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Returns true if there is a file with a path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.sizes.contains_key(path)
    }

    /// Returns the size of a file, as the archive declares it; none if there is no such file.
    pub(crate) fn size(&self, path: &str) -> Option<u64> {
        self.sizes.get(path).copied()
    }

    /// Reads a file as a stream, which fails if it is longer than it declares.
    pub(crate) fn reader(&mut self, path: &str) -> Result<impl Read + '_, ArchiveError> {
        let entry = self
            .archive
            .by_name(path)
            .map_err(|error| ArchiveError::of(path, format!("cannot be read: {error}")))?;
        Ok(Declared { left: entry.size(), inner: entry })
    }

    /// Reads a file of JSON as a whole.
    pub(crate) fn read_json_file(&mut self, path: &str) -> Result<Vec<u8>, ArchiveError> {
        let mut reader = self.reader(path)?.take(JSON_FILE_BYTES + 1);
        let mut content = Vec::new();
        reader.read_to_end(&mut content).map_err(|error| ArchiveError::reading(path, &error))?;
        drop(reader);
        if content.len() as u64 > JSON_FILE_BYTES {
            return Err(ArchiveError::of(path, format!("has more than {JSON_FILE_BYTES} bytes")));
        }
        Ok(content)
    }
}

/// A content of a declared length.
struct Declared<R> {
    left: u64,
    inner: R,
}

impl<R: Read> Read for Declared<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is longer than it declares"))?;
        Ok(read)
    }
}

/// Checks a path of an archive.
pub(crate) fn check_path(path: &str) -> Result<(), ArchiveError> {
    let climbs = path.split('/').any(|part| part == ".." || part == ".");
    let has_drive = path.as_bytes().get(1) == Some(&b':');
    let problem = if path.is_empty() || path.len() > PATH_BYTES {
        "has a path that is empty or too long"
    } else if path.starts_with('/') || has_drive || path.contains('\\') {
        "has an absolute path, or one of Windows; paths are relative, with `/`"
    } else if climbs || path.contains("//") {
        "has a path with `.`, `..` or an empty part"
    } else if path.chars().any(char::is_control) {
        "has a path with control characters"
    } else {
        return Ok(());
    };
    Err(ArchiveError::of(path, problem))
}

/// Returns the number of entries that the end of a ZIP file declares (APPNOTE 4.3.14 to 4.3.16), before anything of its
/// directory is read into memory.
fn entries(file: &mut fs::File) -> io::Result<u64> {
    const END: &[u8] = b"PK\x05\x06";
    const LOCATOR: &[u8] = b"PK\x06\x07";
    let length = file.seek(SeekFrom::End(0))?;
    let tail_length = length.min(22 + 20 + 65_535);
    file.seek(SeekFrom::Start(length - tail_length))?;
    let mut tail = Vec::new();
    (&mut *file).take(tail_length).read_to_end(&mut tail)?;
    file.rewind()?;
    let invalid = |problem| io::Error::new(io::ErrorKind::InvalidData, problem);
    let at = (0..tail.len().saturating_sub(21))
        .rev()
        .find(|&at| {
            let comment = usize::from(u16::from_le_bytes([tail[at + 20], tail[at + 21]]));
            tail[at..].starts_with(END) && at + 22 + comment == tail.len()
        })
        .ok_or_else(|| invalid("its end is missing"))?;
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let (mut count, mut bytes) = (number(&tail[at + 10..at + 12]), number(&tail[at + 12..at + 16]));
    if at >= 20 && tail[at - 20..].starts_with(LOCATOR) {
        let offset = number(&tail[at - 12..at - 4]);
        let mut end = [0; 56];
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut end)?;
        file.rewind()?;
        if !end.starts_with(b"PK\x06\x06") {
            return Err(invalid("its end is not where it says"));
        }
        (count, bytes) = (number(&end[32..40]), number(&end[40..48]));
    }
    if bytes > ZIP_DIRECTORY_BYTES {
        return Err(invalid("its directory is too large"));
    }
    Ok(count)
}
