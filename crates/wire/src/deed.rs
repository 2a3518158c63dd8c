use serde::{Deserialize, Serialize};

use crate::view::{AppRole, GroupSummary, Person};

/// What somebody did to accounts and sessions, or to the whole of a group: an entry of the audit log of the
/// application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Deed {
    /// A guest made an account.
    Claimed {
        /// Who.
        by: Person,
    },
    /// Somebody signed in.
    SignedIn {
        /// Who.
        by: Person,
        /// What the browser said it is.
        label: String,
    },
    /// Somebody ended sessions of their own.
    SignedOut {
        /// Who.
        by: Person,
        /// Which.
        sessions: EndedSessions,
    },
    /// Somebody changed their password; their other sessions ended.
    PasswordChanged {
        /// Who.
        by: Person,
    },
    /// Somebody made a link for a new password.
    ResetOffered {
        /// Who; none for the operator, on the machine itself.
        by: Option<Person>,
        /// For whom.
        of: Person,
    },
    /// Somebody set a new password by such a link; all their sessions ended.
    ResetUsed {
        /// Who.
        by: Person,
    },
    /// Somebody may do something else in the application.
    Ranked {
        /// Who decided it.
        by: Person,
        /// Who may.
        of: Person,
        /// What.
        role: AppRole,
    },
    /// A group was deleted, and its own audit log with it.
    GroupDeleted {
        /// By whom.
        by: Person,
        /// Which.
        group: GroupSummary,
    },
    /// Something this version has no word for.
    #[serde(other)]
    Unknown,
}

/// Which of their sessions somebody ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedSessions {
    /// One.
    One,
    /// All but the one they did it in.
    Others,
    /// All.
    All,
}
