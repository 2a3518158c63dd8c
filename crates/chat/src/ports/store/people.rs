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
    /// What the browser says it is.
    pub label: String,
    /// When.
    pub at: Timestamp,
}

/// Some sessions of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// This one.
    One(TokenHash),
    /// All but this one.
    Others(TokenHash),
    /// All of them.
    All,
}

/// How to find an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountKey {
    /// By whose it is.
    User(UserId),
    /// By what it signs in with.
    Login(Login),
}

/// What lets a user sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose it is.
    pub person: Person,
    /// The hash of the password.
    pub password: PasswordHash,
    /// What they may do in the application.
    pub role: AppRole,
}

/// An account as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountListing {
    /// Whose it is.
    pub person: Person,
    /// What they may do in the application.
    pub role: AppRole,
}

/// The number of a user's seats in groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewMembers {
    /// Those that they took.
    pub taken: usize,
    /// Those that others gave them.
    pub given: usize,
    /// Those of `given` that one other user gave them.
    pub given_by: usize,
}

/// What somebody tells of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Who it is.
    pub person: Person,
    /// Since when they are here.
    pub since: Timestamp,
    /// In their own words.
    pub bio: Description,
    /// Whether they have a picture.
    pub has_picture: bool,
}

/// A password as it is kept: a PHC string, which names the settings, the salt and the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl Sessions {
    /// Whether this session is among them.
    #[must_use]
    pub fn contains(&self, token: TokenHash) -> bool {
        match self {
            Self::One(one) => *one == token,
            Self::Others(kept) => *kept != token,
            Self::All => true,
        }
    }
}
