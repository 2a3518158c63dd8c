//! Identities in the store: the ways into an account by providers of OpenID Connect.

use wire::{Person, Timestamp, UserId};

use super::{FirstRole, NewSession};
use crate::names::Login;

/// A configured provider and its issuer. Should the operator give a provider another issuer, its former identities open
/// no account any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Issuer {
    /// The provider's id in the configuration.
    pub provider: String,
    /// The issuer's URL, exactly as it signs it.
    pub issuer: String,
}

/// A user at a provider. E-mail addresses and names are no part of it: they change their owners.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The provider that vouches for it.
    pub issuer: Issuer,
    /// The user's id at the issuer, which is never given to another user.
    pub subject: String,
}

/// An identity that is linked to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedIdentity {
    /// The identity.
    pub identity: Identity,
    /// The time at which it was linked, UTC.
    pub linked: Timestamp,
}

/// A change of identities. An identity is linked to one account, and an account has one identity for each provider.
#[derive(Clone, Debug, PartialEq)]
pub enum IdentityWrite {
    /// Create a user with an account without a password, an identity and a session.
    SignUp {
        /// The new user.
        person: Person,
        /// The login, under which a password may be set later.
        login: Login,
        /// The role of the account.
        rank: FirstRole,
        /// The identity.
        identity: Identity,
        /// The session that begins.
        session: NewSession,
    },
    /// Begin a session of the user to whom an identity is linked.
    SignIn {
        /// The user.
        user: UserId,
        /// The identity that was proven.
        identity: Identity,
        /// The session that begins.
        session: NewSession,
    },
    /// Link an identity to an account.
    Link {
        /// The user with the account.
        user: UserId,
        /// The identity that was proven.
        identity: Identity,
        /// The time.
        at: Timestamp,
    },
    /// Unlink the identity of a provider from an account.
    Unlink {
        /// The user with the account.
        user: UserId,
        /// The provider.
        provider: String,
        /// The providers that are configured: an identity of another one lets nobody in.
        usable: Vec<Issuer>,
    },
}

/// The outcome of an [`IdentityWrite`]. Unless it is done, nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityOutcome {
    /// It is done.
    Done,
    /// The identity is linked to an account already, or the account has one of this provider.
    Taken,
    /// Another account signs in with this login.
    LoginTaken,
    /// Without this identity nobody could sign in to the account.
    LastWayIn,
    /// The identity is not linked to this user, or the user has no account.
    Stale,
}
