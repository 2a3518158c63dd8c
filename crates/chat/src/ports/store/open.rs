//! Opening a log: what its reader may do and what they get, as of one moment.

use wire::{AppRole, Conversation, Json, Page, Rows, Topic, TopicKind, UserId};

use super::{MembershipState, Range, RowRange};
use crate::auth::session::{Session, TokenHash};
use crate::rules::Viewer;

/// A reader of a log, and the part of it that they want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// The topic of the log.
    pub topic: Topic,
    /// The reader; none if they are anonymous.
    pub user: Option<UserId>,
    /// The session they run in.
    pub session: Option<TokenHash>,
    /// The reader for whom restricted messages stand in the places of their placeholders.
    pub viewer: Viewer,
    /// The entries; by default none.
    pub range: Range,
    /// The rows; none if they are not wanted.
    pub rows: Option<RowRange>,
}

/// A log as one reader finds it. Everything is of one moment, so an entry that ends the right to read is among neither
/// the entries nor those before the head, if the right is still there.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The session, alive or not, with the newest revocation; none if it has ended or is another user's.
    pub session: Option<Session>,
    /// The reader's membership state in the conversation of the topic, or in the group whose audit log it is; none for
    /// other topics, and where there is none.
    pub standing: Option<MembershipState>,
    /// The reader's role in the application, if the topic is its audit log and they have an account.
    pub role: Option<AppRole>,
    /// The entries, with head, beginning and Epoch of the log.
    pub page: Page<Json>,
    /// The rows, if they are wanted.
    pub rows: Option<Rows<Json>>,
}

impl OpenRequest {
    /// Returns the conversation whose members read the topic or, of an audit log, whose admins do.
    #[must_use]
    pub fn conversation(&self) -> Option<Conversation> {
        match self.topic.kind() {
            TopicKind::Audit(group) => Some(Conversation::Group(group)),
            _ => self.topic.conversation(),
        }
    }
}
