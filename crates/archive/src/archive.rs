//! Reading: an archive of any format as one stream of records.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::mattermost::Mattermost;
use crate::own::Own;
use crate::slack::Slack;
use crate::source::Source;
use crate::{ArchiveError, Record};

/// The format of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The export of a Slack workspace, a ZIP file.
    Slack,
    /// Mattermost's bulk export: a file of JSON Lines, or a ZIP file with it and `data/`.
    Mattermost,
    /// Hubbub's own format, a ZIP file.
    Hubbub,
}

/// An archive that is read. The same archive gives the same records every time.
pub struct Archive {
    reader: Reader,
    is_broken: bool,
}

enum Reader {
    Slack(Slack),
    Mattermost(Mattermost),
    Own(Own),
}

impl Archive {
    /// Opens an archive, and checks the paths and sizes in it.
    ///
    /// # Errors
    /// [`ArchiveError`] if it is of another format, or beyond the [limits](crate::limits).
    pub fn open(path: &Path, format: Format) -> Result<Self, ArchiveError> {
        let file = File::open(path).map_err(|error| ArchiveError::new(format!("cannot be read: {error}")))?;
        Self::read(file, format)
    }

    /// As [`Archive::open`], for a file that is open.
    ///
    /// # Errors
    /// Those of [`Archive::open`].
    pub fn read(file: File, format: Format) -> Result<Self, ArchiveError> {
        let source = Source::open(file)?;
        let reader = match format {
            Format::Slack => Reader::Slack(Slack::open(source)?),
            Format::Mattermost => Reader::Mattermost(Mattermost::open(source)?),
            Format::Hubbub => Reader::Own(Own::open(source)?),
        };
        Ok(Self { reader, is_broken: false })
    }

    /// Returns the next record; none at the end.
    ///
    /// # Errors
    /// [`ArchiveError`]; it is the last record then.
    pub fn next_record(&mut self) -> Result<Option<Record>, ArchiveError> {
        if self.is_broken {
            return Ok(None);
        }
        let next = match &mut self.reader {
            Reader::Slack(slack) => slack.next(),
            Reader::Mattermost(mattermost) => mattermost.next(),
            Reader::Own(own) => own.next(),
        };
        self.is_broken = next.is_err();
        next
    }

    /// Reads a file of the archive, up to a number of bytes; none if it has more.
    ///
    /// # Errors
    /// [`ArchiveError`] if there is none with this path, or it is damaged.
    pub fn read_file(&mut self, path: &str, most: u64) -> Result<Option<Vec<u8>>, ArchiveError> {
        let zip = match &mut self.reader {
            Reader::Slack(slack) => slack.zip(),
            Reader::Mattermost(mattermost) => {
                mattermost.zip().ok_or_else(|| ArchiveError::of(path, "is not in the archive"))?
            }
            Reader::Own(own) => own.zip(),
        };
        let mut content = Vec::new();
        let reading = |error| ArchiveError::reading(path, &error);
        zip.reader(path)?.take(most.saturating_add(1)).read_to_end(&mut content).map_err(reading)?;
        Ok((content.len() as u64 <= most).then_some(content))
    }
}

impl Iterator for Archive {
    type Item = Result<Record, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

impl std::str::FromStr for Format {
    type Err = ArchiveError;

    fn from_str(name: &str) -> Result<Self, ArchiveError> {
        [Self::Slack, Self::Mattermost, Self::Hubbub]
            .into_iter()
            .find(|format| format.as_str() == name)
            .ok_or_else(|| ArchiveError::new("the format is one of `slack`, `mattermost` and `hubbub`"))
    }
}

impl Format {
    /// Returns its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Mattermost => "mattermost",
            Self::Hubbub => "hubbub",
        }
    }
}
