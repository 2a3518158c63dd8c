//! Users in the store: sessions, accounts and profiles.

use wire::{AppRole, Description, Person, Timestamp, UserId};

use crate::auth::session::TokenHash;
use crate::names::Login;

/// The limit of remembered devices of an account.
pub const DEVICES: usize = 20;

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

/// The key by which an account is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountKey {
    /// The user it belongs to.
    User(UserId),
    /// The login it signs in with.
    Login(Login),
}

/// A user's account, with the hash of its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user it belongs to.
    pub person: Person,
    /// The hash of the password.
    pub password: PasswordHash,
    /// Their role in the application.
    pub role: AppRole,
}

/// An account as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountListing {
    /// The user it belongs to.
    pub person: Person,
    /// Their role in the application.
    pub role: AppRole,
}

/// The number of a user's memberships in groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewMembers {
    /// Those that they joined themselves.
    pub taken: usize,
    /// Those that others added them to.
    pub given: usize,
    /// Those of `given` that one other user added them to.
    pub given_by: usize,
}

/// A user's profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The user whose profile it is, with their current name.
    pub person: Person,
    /// The time at which they were created.
    pub since: Timestamp,
    /// Their description of themselves.
    pub bio: Description,
    /// True if they have a picture.
    pub has_picture: bool,
}

/// A password as it is kept: a PHC string, which names the settings, the salt and the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(pub String);

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
