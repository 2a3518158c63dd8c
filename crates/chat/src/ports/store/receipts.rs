//! Receipts of a message: the progress of each of its recipients.

use wire::{Receipt, UserId};

use crate::names::ExternalKey;

/// The receipts of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageReceipts {
    /// The user, or the application, whose message it is.
    pub author: UserId,
    /// True if only some members can read it.
    pub is_restricted: bool,
    /// The recipients by their ids: of a restricted message those it was sent to, of another the members who had joined
    /// before it.
    pub recipients: Vec<RecipientReceipt>,
}

/// The receipt of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientReceipt {
    /// The progress of the recipient.
    pub receipt: Receipt,
    /// The application's key for them, if it has one.
    pub key: Option<ExternalKey>,
}
