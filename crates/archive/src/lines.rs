//! Lines of JSON Lines, each of a bounded length.

use std::io::{BufRead, BufReader, Read};

use crate::ArchiveError;
use crate::limits::LINE_BYTES;

/// Reads lines one after the other.
pub(crate) struct Lines<R> {
    file: String,
    reader: BufReader<R>,
    line: Vec<u8>,
    number: u64,
    offset: u64,
}

/// The place of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its number, from 1.
    pub number: u64,
    /// The bytes before it.
    pub offset: u64,
}

impl<R: Read> Lines<R> {
    /// Creates a reader of the lines of a file, by whose name errors call it.
    pub(crate) fn new(file: &str, reader: R) -> Self {
        let reader = BufReader::with_capacity(64 * 1024, reader);
        Self { file: file.to_owned(), reader, line: Vec::new(), number: 0, offset: 0 }
    }

    /// Returns the next line that is not empty, with its place; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(Place, &[u8])>, ArchiveError> {
        loop {
            self.line.clear();
            let place = Place { number: self.number + 1, offset: self.offset };
            let mut reader = self.reader.by_ref().take(LINE_BYTES as u64 + 2);
            let read = reader.read_until(b'\n', &mut self.line).map_err(|error| ArchiveError {
                line: Some(place.number),
                ..ArchiveError::reading(&self.file, &error)
            })?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.offset += read as u64;
            let end = self.line.trim_ascii_end().len();
            self.line.truncate(end);
            if end > LINE_BYTES {
                return Err(ArchiveError::at(
                    &self.file,
                    place.number,
                    format!("is longer than {LINE_BYTES} bytes"),
                ));
            }
            if end > 0 {
                // The borrow checker does not see that the loop ends here.
                return Ok(Some((place, &self.line[..])));
            }
        }
    }
}
