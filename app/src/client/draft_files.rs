//! Draft attachments: the files that the viewer is about to send, and the message that waits for them.

use leptos::prelude::*;
use wire::{Attachment, Quote, Refused, SendId, Timestamp, Topic, UserId};

/// A file of a draft.
#[derive(Clone, Debug)]
pub struct DraftFile {
    /// The id of the upload: a retry under it is the same file.
    pub id: SendId,
    /// The conversation.
    pub topic: Topic,
    /// The name, as the browser has it.
    pub name: String,
    /// The size in bytes.
    pub bytes: u64,
    /// True if it is a picture, so that it can have an alternative text.
    pub is_picture: bool,
    /// The alternative text, as typed.
    pub alt: ArcRwSignal<String>,
    /// The state of the upload.
    pub state: ArcRwSignal<UploadState>,
}

/// The state of an upload.
#[derive(Clone, Debug, PartialEq)]
pub enum UploadState {
    /// Waits for its turn; not before this time, in milliseconds since 1970.
    Waiting(f64),
    /// This many bytes are sent.
    Sending(u64),
    /// Failed or refused.
    Failed(Refused),
    /// The server has it, since this time by the browser's clock.
    Uploaded(Attachment, Timestamp),
}

/// A message that is sent once the files of its conversation's draft are uploaded.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldMessage {
    /// The conversation.
    pub topic: Topic,
    /// The id of the message.
    pub id: SendId,
    pub(super) text: String,
    pub(super) reply_to: Option<Quote>,
}

/// An uploaded file as a draft keeps it for the next page, with the time of its upload.
pub(super) type KeptFile = (Attachment, Timestamp);

/// Returns the keys under which the text and the files of a draft are stored.
#[must_use]
pub fn draft_keys(me: UserId, topic: &Topic) -> [String; 2] {
    ["draft", "files"].map(|part| format!("hubbub/{part}/{me}/{topic}"))
}

impl DraftFile {
    /// Returns the file with its alternative text, once it is uploaded.
    pub(super) fn uploaded(&self) -> Option<KeptFile> {
        let alt = self.alt.get_untracked().trim().to_owned();
        self.state.with_untracked(|state| match state {
            UploadState::Uploaded(file, at) => Some((Attachment { alt, ..file.clone() }, *at)),
            _ => None,
        })
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state.with_untracked(|state| matches!(state, UploadState::Failed(_)))
    }
}
