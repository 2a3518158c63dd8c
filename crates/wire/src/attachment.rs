//! Attachments: the files of a message.

use serde::Serialize;

use crate::fields::by_fields;
use crate::id::FileId;

/// A file of a message, as it was uploaded: what a page needs to show it, and to reserve its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// The id, by which the file is read.
    pub id: FileId,
    /// The name for the file that a reader saves.
    pub name: String,
    /// The media type that its content shows, such as `image/png`.
    pub media_type: String,
    /// The size in bytes.
    pub bytes: u64,
    /// The width of a picture in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// The height of a picture in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The alternative text of the author; perhaps empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alt: String,
}

/// A file that a new message takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewAttachment {
    /// A file of the author that no message has.
    pub id: FileId,
    /// The alternative text; perhaps empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub alt: String,
}

/// The files of a message without text, in short: a quote shows it instead of an excerpt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FileSummary {
    /// The number of files.
    pub count: u32,
    /// The number of them that are pictures.
    pub pictures: u32,
}

by_fields!(Attachment { id, name, media_type, bytes, width, height; alt });
by_fields!(NewAttachment { id; alt });
by_fields!(FileSummary { count, pictures });

impl Attachment {
    /// Returns true if it is a picture, which a page shows as one.
    #[must_use]
    pub const fn is_picture(&self) -> bool {
        self.width.is_some() && self.height.is_some()
    }
}

impl FileSummary {
    /// Returns the summary of these files; none if there are none.
    #[must_use]
    pub fn of(files: &[Attachment]) -> Option<Self> {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let pictures = files.iter().filter(|file| file.is_picture()).count();
        (!files.is_empty()).then(|| Self { count: number(files.len()), pictures: number(pictures) })
    }
}
