//! Errors of an archive, which say where it is wrong.

use std::{fmt, io};

/// The reason why an archive cannot be read, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveError {
    /// The file in the archive; none if the archive as a whole is wrong.
    pub file: Option<String>,
    /// The line in the file, from 1.
    pub line: Option<u64>,
    /// A clause in English that says what is wrong, and what would be right.
    pub problem: String,
}

impl ArchiveError {
    /// An error of the archive as a whole.
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { file: None, line: None, problem: problem.into() }
    }

    /// An error of a file.
    pub(crate) fn of(file: &str, problem: impl Into<String>) -> Self {
        Self { file: Some(printable(file)), line: None, problem: problem.into() }
    }

    /// An error of a line of a file.
    pub(crate) fn at(file: &str, line: u64, problem: impl Into<String>) -> Self {
        Self { line: Some(line), ..Self::of(file, problem) }
    }

    /// An error of reading a file.
    pub(crate) fn reading(file: &str, error: &io::Error) -> Self {
        Self::of(file, format!("cannot be read: {error}"))
    }

    /// An error of a JSON value in a file that was read as a whole.
    pub(crate) fn json(file: &str, error: &serde_json::Error) -> Self {
        Self::at(file, u64::try_from(error.line()).unwrap_or_default(), plain(error))
    }

    /// An error of a JSON value that is a line.
    pub(crate) fn json_line(file: &str, line: u64, error: &serde_json::Error) -> Self {
        Self::at(file, line, plain(error))
    }
}

/// Returns the message of an error, without the place that it repeats.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

/// Returns a name as it may be shown: without control characters, and not too long.
pub(crate) fn printable(name: &str) -> String {
    name.chars().take(200).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{file}, line {line}: {}", self.problem),
            (Some(file), None) => write!(f, "{file}: {}", self.problem),
            (None, _) => f.write_str(&self.problem),
        }
    }
}

impl std::error::Error for ArchiveError {}
