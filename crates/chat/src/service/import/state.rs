//! The state of an import: the arguments of its job, and what the operator sees of it.

use serde::{Deserialize, Serialize};
use wire::{Json, Timestamp};

use crate::ports::blobs::{BlobId, BlobKey};
use crate::service::error::Fault;

/// The most parts that are named as left out; all are counted.
const NAMED: usize = 100;
/// The most characters of a place or a reason.
const CHARS: usize = 200;

/// An import, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportState {
    /// The format: `slack`, `mattermost` or `hubbub`.
    pub format: String,
    /// The name of the file, without its folder.
    pub file: String,
    /// The copy of the archive that the job reads, a blob of the application.
    pub blob: String,
    /// The parts of the archive.
    pub total: ImportCounts,
    /// Those that are in the application now.
    pub done: ImportCounts,
    /// The records of the archive that are dealt with.
    pub position: u64,
    /// The number of parts that are left out.
    pub left_out: u64,
    /// The first of them: places and reasons, in English, for the operator.
    pub reasons: Vec<(String, String)>,
    /// The time at which it ended; none while it goes on.
    pub ended_at: Option<Timestamp>,
    /// The reason why it ended before its end, if it did.
    pub failed: Option<String>,
}

/// The parts of an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Users.
    pub users: u64,
    /// Conversations.
    pub conversations: u64,
    /// Messages.
    pub messages: u64,
    /// Files of messages.
    pub files: u64,
}

impl ImportState {
    /// Reads the arguments of a job.
    pub(super) fn of(arguments: &Json) -> Result<Self, Fault> {
        serde_json::from_str(arguments.as_str())
            .map_err(|error| Fault::new("import", format!("the job of no import: {error}")))
    }

    pub(super) fn arguments(&self) -> Json {
        Json::of(self)
    }

    /// Returns the id of the blob with the archive.
    pub(super) fn archive(&self) -> Option<BlobId> {
        BlobId::parse(&self.blob)
    }

    /// Counts a part that is left out.
    pub(super) fn leave_out(&mut self, place: &str, reason: &str) {
        self.left_out += 1;
        if self.reasons.len() < NAMED {
            let short = |text: &str| text.chars().take(CHARS).collect();
            self.reasons.push((short(place), short(reason)));
        }
    }

    /// Returns true while it goes on.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.ended_at.is_none()
    }

    pub(super) fn blob_key(&self, application: wire::ApplicationId) -> Option<BlobKey> {
        self.archive().map(|id| BlobKey { application, id })
    }
}
