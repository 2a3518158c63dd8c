//! Limits that the operator sets: member limit, rate limits, open topics, guests, sessions, retention and files.

use crate::rules::RetentionDays;

/// The operator's limits; the defaults suit a small machine. Limits that both sides must agree on are in
/// [`wire::limits`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The most members a new group may have.
    pub group_members: u32,
    /// The most groups one user may be in.
    pub user_groups: usize,
    /// The most users of an application.
    pub application_users: u64,
    /// The most conversations of an application, but directs.
    pub application_conversations: u64,
    /// Burst of the rate limit for sending messages, per user.
    pub send_burst: u32,
    /// Rate limit for sending messages, per user and second.
    pub send_per_second: f64,
    /// Burst of the rate limit for sending, per API token.
    pub token_send_burst: u32,
    /// Rate limit for sending, per API token and second.
    pub token_sends_per_second: f64,
    /// Burst of the rate limit for requests to the API, per API token.
    pub token_request_burst: u32,
    /// Rate limit for requests to the API, per API token and second.
    pub token_requests_per_second: f64,
    /// Burst of the rate limit for messages of an incoming webhook.
    pub hook_burst: u32,
    /// Rate limit for messages of an incoming webhook, per second.
    pub hook_posts_per_second: f64,
    /// The most open topics.
    pub open_topics: u64,
    /// The most bytes of data in all open topics.
    pub open_topics_bytes: u64,
    /// Burst of the rate limit for publishing to open topics, per network. Callers on this machine have none.
    pub publish_burst: u32,
    /// Rate limit for publishing to open topics, per network and second.
    pub publish_per_second: f64,
    /// Burst of the rate limit for changes of groups, memberships and settings, per user.
    pub action_burst: u32,
    /// Rate limit for these changes, per user and second.
    pub actions_per_second: f64,
    /// Burst of the rate limit for searches of messages, per user.
    pub search_burst: u32,
    /// Rate limit for searches of messages, per user and second.
    pub searches_per_second: f64,
    /// Burst of the rate limit for adding people to groups, per user.
    pub add_burst: u32,
    /// Rate limit for adding people to groups, per user and second.
    pub adds_per_second: f64,
    /// Burst of the rate limit for new users, per network.
    pub newcomer_burst: u32,
    /// Rate limit for new users, per network and minute.
    pub newcomers_per_minute: f64,
    /// The most bytes of frames that the broker keeps for a topic; subscribers further behind recover from history.
    pub topic_log_bytes: usize,
    /// The most bytes of frames that the broker keeps in all.
    pub log_bytes: usize,
    /// The limit of new guests from one network in a day.
    pub guests_per_day: u32,
    /// The days without a visit after which a guest who never did anything is removed.
    pub guest_days: u32,
    /// True if the owner comes by a link that is printed at the start; otherwise the first account is the owner's.
    pub owner_by_link: bool,
    /// The users who may sign up.
    pub sign_up: SignUp,
    /// The days without a visit after which a session ends.
    pub session_idle_days: u32,
    /// The age in days at which a session ends in any case.
    pub session_days: u32,
    /// The age in days at which entries are trimmed.
    pub retention: RetentionDays,
    /// The limits of files.
    pub files: FileLimits,
}

/// The operator's limits of files; an application may set lower ones for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLimits {
    /// The most bytes of one file.
    pub file_bytes: u64,
    /// The most bytes of all files of one user.
    pub user_bytes: u64,
    /// The most bytes of all files of one application.
    pub application_bytes: u64,
    /// The bytes that stay free on the disk: below that no file is taken.
    pub floor_bytes: u64,
    /// The most uploads of one user at once.
    pub user_uploads: usize,
    /// The most uploads from one network at once, but those of programs, which upload for many users.
    pub network_uploads: usize,
    /// The most uploads of one application at once.
    pub application_uploads: usize,
    /// The most uploads of this node at once.
    pub uploads: usize,
}

/// The policy for sign-ups. The first user of an application without any account is always let in: they become its
/// owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUp {
    /// Everybody may sign up; the default.
    #[default]
    Open,
    /// Holders of an invite to a group.
    Invite,
    /// Nobody new may sign up.
    Closed,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            group_members: 1_000,
            user_groups: 500,
            application_users: 100_000,
            application_conversations: 100_000,
            send_burst: 20,
            send_per_second: 2.0,
            token_send_burst: 50,
            token_sends_per_second: 50.0,
            token_request_burst: 500,
            token_requests_per_second: 50.0,
            hook_burst: 20,
            hook_posts_per_second: 1.0,
            open_topics: 10_000,
            open_topics_bytes: 1024 * 1024 * 1024,
            publish_burst: 1_000,
            publish_per_second: 50.0,
            action_burst: 60,
            actions_per_second: 1.0,
            search_burst: 10,
            searches_per_second: 1.0,
            add_burst: 100,
            adds_per_second: 0.05,
            newcomer_burst: 50,
            newcomers_per_minute: 6.0,
            topic_log_bytes: 256 * 1024,
            log_bytes: 64 * 1024 * 1024,
            guests_per_day: 500,
            guest_days: 7,
            owner_by_link: false,
            sign_up: SignUp::Open,
            session_idle_days: 30,
            session_days: 180,
            files: FileLimits::default(),
            retention: RetentionDays { messages: None, user_logs: Some(90), audit: Some(365) },
        }
    }
}

const MIB: u64 = 1_024 * 1_024;

impl Default for FileLimits {
    fn default() -> Self {
        Self {
            file_bytes: 25 * MIB,
            user_bytes: 1_024 * MIB,
            application_bytes: 20 * 1_024 * MIB,
            floor_bytes: 1_024 * MIB,
            user_uploads: 4,
            network_uploads: 8,
            application_uploads: 12,
            uploads: 16,
        }
    }
}
