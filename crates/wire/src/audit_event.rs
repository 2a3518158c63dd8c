//! Audit events: the application's audit log.

use serde::{Deserialize, Serialize};

use crate::view::{AppRole, GroupSummary, Person};

/// An entry of the application's audit log: a change of an account, a session, or a whole group, in the log of the
/// application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields say it by their names")]
pub enum AuditEvent {
    /// A guest made an account.
    Claimed { by: Person },
    /// Somebody signed in.
    SignedIn {
        by: Person,
        /// The browser's own name for itself.
        label: String,
    },
    /// Somebody ended sessions of their own.
    SignedOut { by: Person, sessions: EndedSessions },
    /// Somebody changed their password; their other sessions ended.
    PasswordChanged { by: Person },
    /// Somebody who signs in by a provider set a first password.
    PasswordSet { by: Person },
    /// Somebody linked a provider to their account.
    ProviderLinked {
        by: Person,
        /// The provider's name.
        provider: String,
    },
    /// Somebody unlinked a provider from their account.
    ProviderUnlinked {
        by: Person,
        /// The provider's name.
        provider: String,
    },
    /// Somebody made a link for a new password.
    ResetOffered {
        /// The admin; none for the operator on the machine itself.
        by: Option<Person>,
        of: Person,
    },
    /// Somebody set a new password by such a link; all their sessions ended.
    ResetUsed { by: Person },
    /// Somebody may do something else in the application.
    Ranked { by: Person, of: Person, role: AppRole },
    /// A group was deleted, and its own audit log with it.
    GroupDeleted { by: Person, group: GroupSummary },
    /// An outgoing webhook was created, changed, or stopped.
    Webhook {
        change: WebhookChange,
        /// Its name.
        webhook: String,
        /// The author of the change; none if the server stopped it because of failed deliveries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Person>,
    },
    /// Something this version has no word for.
    #[serde(other)]
    Unknown,
}

/// The change of an outgoing webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookChange {
    /// It was created.
    Created,
    /// It has another URL, other events, or other conversations, or was switched on or off.
    Changed,
    /// It has another secret.
    Rotated,
    /// It sends again what it has sent, or continues somewhere else.
    Replayed,
    /// It was deleted.
    Deleted,
    /// The server stopped it: its URL is gone, or has failed for five days.
    Stopped,
}

/// The sessions that a user ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedSessions {
    /// A single session, perhaps the one it was done in.
    One,
    /// All but the one they did it in.
    Others,
    /// Every session, including the one it was done in.
    All,
}
