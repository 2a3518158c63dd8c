//! User tokens in the store: when those that were issued stop working, the signing keys, and links that sign in.

use wire::{Person, Timestamp, UserId};

use super::NewSession;
use crate::auth::session::TokenHash;

/// A change of which user tokens of an application work. Each that ends some becomes a
/// [`Revocation`](super::Revocation).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserTokenWrite {
    /// End the tokens, and the sessions and links of the same rights, that were issued before a time. It never moves
    /// back.
    EndIssued {
        /// The user; none for all users of the application.
        user: Option<UserId>,
        /// Those issued at this time or later go on.
        before: Timestamp,
        /// The time of the commit.
        at: Timestamp,
    },
    /// Give the application its next signing key. Tokens of the present one work for a while, and those of earlier ones
    /// end. [`Checked::Stale`](super::Checked::Stale) if there is no such application, or it is deleted.
    RotateKey {
        /// The time from which tokens of the present key no longer work; none if they end at once.
        keep_until: Option<Timestamp>,
        /// The time of the commit.
        at: Timestamp,
    },
    /// Add a link that signs a user in. [`Checked::Stale`](super::Checked::Stale) if there is no such user.
    AddLink {
        /// The hash of its secret.
        link: TokenHash,
        /// The user.
        user: UserId,
        /// The time at which it is made.
        at: Timestamp,
        /// The time from which it no longer works.
        until: Timestamp,
    },
    /// Begin a session by a link, which is used up: the session has the rights of a user token.
    /// [`Checked::Stale`](super::Checked::Stale) if the link is unknown, used, expired or ended.
    UseLink {
        /// The hash of its secret.
        link: TokenHash,
        /// The session that begins.
        session: NewSession,
        /// The time of the use.
        at: Timestamp,
    },
}

/// A link that signs a user in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInLink {
    /// The user.
    pub person: Person,
    /// The time from which it no longer works.
    pub until: Timestamp,
}
