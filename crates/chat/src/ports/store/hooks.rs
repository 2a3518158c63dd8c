//! Incoming webhooks of groups: the URLs by which other programs post.

use wire::{ApplicationId, GroupId, Person, PersonName, Timestamp};

use super::Draft;
use crate::auth::session::TokenHash;
use crate::names::HookName;

/// An incoming webhook as the store has it. The token in its URL is stored as a hash, by which it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The group to which it posts.
    pub group: GroupId,
    /// Its name in URLs of the API, unique in the group.
    pub name: HookName,
    /// The bot that is the author of what it posts: a display name, under an id that no user has.
    pub bot: Person,
    /// The time at which it was created.
    pub created: Timestamp,
}

/// An incoming webhook that was found by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundHook {
    /// The application of its group, which is not deleted.
    pub application: ApplicationId,
    /// The webhook.
    pub hook: Hook,
}

/// A change of an incoming webhook: a fact of its group, decided on the group's roster and its webhooks.
#[derive(Clone, Debug, PartialEq)]
pub enum HookFact {
    /// There is a webhook, with a name that no other one of the group has.
    Added {
        /// The webhook. Its group is that of the change.
        hook: Hook,
        /// The hash of its token, which no other webhook has.
        token: TokenHash,
    },
    /// It posts under another display name.
    Renamed(HookName, PersonName),
    /// It has another token; the one before finds it no longer.
    TokenReplaced(HookName, TokenHash),
    /// It no longer exists.
    Removed(HookName),
}

/// A message of an incoming webhook. Inside the commit the group must have a webhook with the token, or the message is
/// refused as [`Refusal::NotFound`](wire::Refusal::NotFound), even if it was sent before.
#[derive(Clone, Debug, PartialEq)]
pub struct HookPost {
    /// The message, for the log of the group, with the permission that it needs apart from the webhook.
    pub draft: Draft,
    /// The hash of the token by which the webhook was found.
    pub token: TokenHash,
}
