//! Users and groups that an application names by keys of its own.

use wire::{Description, GroupId, Member, Person, Timestamp};

use super::Version;
use crate::names::ExternalKey;

/// A user whom the application names by a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedUser {
    /// The application's own name for them.
    pub key: ExternalKey,
    /// The user.
    pub person: Person,
    /// Their description.
    pub bio: Description,
    /// Increases with every change by the application.
    pub version: Version,
}

/// A user who was searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundUser {
    /// The user.
    pub person: Person,
    /// The user under the application's key, if there is one.
    pub keyed: Option<KeyedUser>,
}

/// A group that the application names by a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedGroup {
    /// The application's own name for it.
    pub key: ExternalKey,
    /// The group.
    pub group: GroupId,
}

/// A member of a group, with the application's key for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedMember {
    /// The member.
    pub member: Member,
    /// The user under the application's key, if there is one.
    pub keyed: Option<KeyedUser>,
}

/// Creates a user whom the application names by a key, or changes the one it names so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutUser {
    /// The application's own name for them.
    pub key: ExternalKey,
    /// Their name, and the id that they get if they are new.
    pub person: Person,
    /// Their description; none to leave it.
    pub bio: Option<Description>,
    /// The version that they must have, if there is one; then they must exist.
    pub version: Option<Version>,
    /// The sign-up by a user token, if that is what it is. Then a user whom the key names already stays as they are; and
    /// none is created if tokens of this age no longer count for the key.
    pub sign_up: Option<TokenSignUp>,
    /// The time at which they are created, if they are new.
    pub at: Timestamp,
}

/// The outcome of [`PutUser`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutUserOutcome {
    /// The user is as the application wants them to be.
    Put {
        /// The user, as they are now.
        user: KeyedUser,
        /// True if they are new.
        created: bool,
    },
    /// They have another version than expected. Nothing was written.
    Stale,
}

/// A sign-up by a user token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenSignUp {
    /// The time at which the token was issued.
    pub issued: Timestamp,
}
