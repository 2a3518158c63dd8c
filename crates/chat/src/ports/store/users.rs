//! Users in the store: guests, profiles, blocks and preferences.

use bytes::Bytes;
use wire::{
    Conversation, Description, NotificationLevel, Person, PersonName, Refusal, Seq, Timestamp, UserId,
};

use super::{Draft, NewSession};

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

/// A change of what a user has. It is always done.
#[derive(Clone, Debug, PartialEq)]
pub enum UserWrite {
    /// Create a user with a first session.
    CreateGuest {
        /// The new user, with an id that nobody has.
        person: Person,
        /// Their first session, which begins at once.
        session: NewSession,
    },
    /// Remove everything that a user has but their messages and memberships: their key, name, description, picture,
    /// sessions, user tokens and blocks. The user stays as the author of messages, under this name, and those who
    /// blocked them still do.
    Remove {
        /// The user.
        user: UserId,
        /// The name that they have from now on.
        name: PersonName,
        /// The time from which a user token that names their key must be issued to work for the next user of it.
        tokens_valid_from: Timestamp,
        /// The time.
        at: Timestamp,
    },
    /// Change a user's description of themselves.
    SetBio {
        /// The user who is described.
        user: UserId,
        /// The new description; empty to remove it.
        bio: Description,
    },
    /// Set or remove a user's picture.
    SetAvatar {
        /// The user whom the picture shows.
        user: UserId,
        /// The picture as a JPEG; none to remove it.
        picture: Option<Bytes>,
    },
    /// Block a user, or end the block: nothing direct reaches the blocker from them.
    Block {
        /// The user who blocks.
        by: UserId,
        /// The user who is blocked.
        user: UserId,
        /// True if the block begins; otherwise it ends.
        on: bool,
    },
    /// Change a member's notification level. Nothing happens without a membership.
    SetPreferences {
        /// The group or direct to which the preference applies.
        conversation: Conversation,
        /// The member whose preference it is.
        user: UserId,
        /// Their notification level.
        notify: NotificationLevel,
        /// True if it is hidden.
        hidden: bool,
        /// The entry for their devices.
        news: Draft,
    },
    /// Keep the refusals of a broadcast, by the number of the target; those that were kept before stay.
    KeepRefusals {
        /// The sender.
        user: UserId,
        /// The entry of the broadcast in the sender's own log.
        seq: Seq,
        /// The number of each refused target, and the refusal.
        refused: Vec<(usize, Refusal)>,
    },
}
