//! Sessions in the store: their beginning and their end.

use wire::{Timestamp, UserId};

use super::PasswordHash;
use crate::auth::session::TokenHash;

/// A session that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The hash of its token.
    pub token: TokenHash,
    /// The browser's description of itself.
    pub label: String,
    /// The time at which it begins.
    pub at: Timestamp,
}

/// Some sessions of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// The session whose token has this hash.
    One(TokenHash),
    /// All but this one.
    Others(TokenHash),
    /// All of them.
    All,
}

/// A change of the sessions of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionWrite {
    /// Add a session of a user. [`Checked::Stale`](super::Checked::Stale) if the password is not the one that was
    /// checked: a session that an old password opens does not outlive its change.
    SignIn {
        /// The user who signs in.
        user: UserId,
        /// The password that was checked before; none if it was set in the same transaction.
        checked: Option<PasswordHash>,
        /// The session that begins.
        session: NewSession,
    },
    /// End some or all sessions of a user. Those that there are become a [`Revocation`](super::Revocation).
    SignOut {
        /// The user whose sessions end.
        user: UserId,
        /// The sessions that end.
        which: Sessions,
        /// The time at which they end.
        at: Timestamp,
    },
    /// Record that a session was seen. If it began later than that, by a clock that was wrong, it begins then.
    Touch {
        /// The hash of its token.
        token: TokenHash,
        /// The time at which it was seen.
        at: Timestamp,
    },
}

impl Sessions {
    /// Returns true if this session is among them.
    #[must_use]
    pub fn contains(&self, token: TokenHash) -> bool {
        match self {
            Self::One(one) => *one == token,
            Self::Others(kept) => *kept != token,
            Self::All => true,
        }
    }
}
