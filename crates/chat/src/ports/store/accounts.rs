//! Accounts in the store: logins, passwords, roles, password resets and remembered devices.

use wire::{AppRole, Person, Timestamp, UserId};

use crate::auth::session::TokenHash;
use crate::names::Login;

/// The limit of remembered devices of an account.
pub const DEVICES: usize = 20;

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

/// A password as it is kept: a PHC string, which names the settings, the salt and the hash. An account without a
/// password, whose user signs in by a provider, has the empty string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl PasswordHash {
    /// Returns the value for an account without a password.
    #[must_use]
    pub const fn none() -> Self {
        Self(String::new())
    }

    /// Returns true if the account has no password.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.0.is_empty()
    }
}

/// An account to be created for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateAccount {
    /// The user it belongs to.
    pub user: UserId,
    /// The login it signs in with.
    pub login: Login,
    /// The hash of the password.
    pub password: PasswordHash,
    /// The role of the account.
    pub rank: FirstRole,
}

/// The outcome of [`CreateAccount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateAccountOutcome {
    /// The account exists.
    Done,
    /// Another account signs in with this login, or the user has an account. Nothing was written.
    LoginTaken,
    /// It asks for the owner's role, and there is an owner. Nothing was written.
    Stale,
}

/// The role of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstRole {
    /// The first account of all is the owner's, others are members.
    FirstIsOwner,
    /// The account is a member's, even if it is the first.
    Member,
    /// The account is the owner's; refused if there is an owner.
    Owner,
}

/// A change of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountWrite {
    /// Make an account the owner's; [`Checked::Stale`](super::Checked::Stale) if there is an owner, or no such account.
    MakeOwner {
        /// The user it belongs to.
        user: UserId,
    },
    /// Change the password of an account; its reset tokens no longer work. [`Checked::Stale`](super::Checked::Stale) if
    /// the password is not the one that was checked.
    SetPassword {
        /// The user it belongs to.
        user: UserId,
        /// The password that was checked before.
        checked: PasswordHash,
        /// The hash of the new password.
        password: PasswordHash,
    },
    /// Change the application role of an account. Reset tokens for its password no longer work, nor do those that it
    /// created.
    SetApplicationRole {
        /// The user it belongs to.
        user: UserId,
        /// The new role.
        role: AppRole,
    },
    /// Add a token that resets the password of an account.
    CreateReset {
        /// The hash of the token.
        token: TokenHash,
        /// The user the account belongs to.
        user: UserId,
        /// The admin who created it; none for the operator.
        by: Option<UserId>,
        /// The time from which the token no longer works, UTC.
        until: Timestamp,
    },
    /// Set a new password by such a token; all reset tokens of the account are used up.
    /// [`Checked::Stale`](super::Checked::Stale) if the token is unknown or used.
    ResetPassword {
        /// The hash of the token.
        token: TokenHash,
        /// The hash of the password.
        password: PasswordHash,
    },
    /// Remember a device that a user signed in with. The [`DEVICES`] seen last are remembered.
    RememberDevice {
        /// The user who signed in.
        user: UserId,
        /// The hash of the device's token.
        device: TokenHash,
        /// The time of the sign-in.
        at: Timestamp,
    },
}
