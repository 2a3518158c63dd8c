//! Settings of conversations, as programs send them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::{Description, JoinPolicy, Refusal, Setting};

/// A conversation as it is to be. What is left out stays, or has its default in a new one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PutConversation {
    /// Its name, 1 to 80 characters.
    pub(crate) name: String,
    /// The other settings.
    #[serde(flatten)]
    pub(crate) settings: SomeSettings,
}

/// Changes of a conversation. What is left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangedConversation {
    /// Its name, 1 to 80 characters.
    pub(crate) name: Option<String>,
    /// The other settings.
    #[serde(flatten)]
    pub(crate) settings: SomeSettings,
}

/// Settings of a conversation.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SomeSettings {
    /// Its description, at most 500 characters.
    description: Option<String>,
    /// The most members it may have.
    limit: Option<u32>,
    /// The rule by which users join: `listed`, `open` or `invite`, which is the default.
    join_policy: Option<Policy>,
    /// True if only admins may post.
    announcing: Option<bool>,
    /// The pause in seconds between two messages of a member, at most 21600.
    slow_s: Option<u32>,
    /// True if nobody may post or join.
    archived: Option<bool>,
}

/// The rule by which users join a conversation.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Policy {
    /// For everyone; a list shows it.
    Listed,
    /// For everyone who knows its id.
    Open,
    /// For users whom an admin or the application adds.
    Invite,
}

impl SomeSettings {
    /// Returns the settings that are given.
    pub(crate) fn changes(self) -> Result<Vec<Setting>, Refusal> {
        let Self { description, limit, join_policy, announcing, slow_s, archived } = self;
        let description = description.map(|text| Description::new(&text)).transpose()?;
        let changes = [
            description.map(Setting::Description),
            limit.map(Setting::Limit),
            join_policy.map(|policy| Setting::JoinPolicy(policy.into())),
            announcing.map(Setting::Announcing),
            slow_s.map(Setting::SlowS),
            archived.map(Setting::Archived),
        ];
        Ok(changes.into_iter().flatten().collect())
    }
}

impl From<JoinPolicy> for Policy {
    fn from(policy: JoinPolicy) -> Self {
        match policy {
            JoinPolicy::Listed => Self::Listed,
            JoinPolicy::Open => Self::Open,
            JoinPolicy::Invite => Self::Invite,
        }
    }
}

impl From<Policy> for JoinPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Listed => Self::Listed,
            Policy::Open => Self::Open,
            Policy::Invite => Self::Invite,
        }
    }
}
