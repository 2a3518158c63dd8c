//! The expected value of a field, for refusals of a missing or wrong one.

macro_rules! expected {
    ($( $(#[$doc:meta])* $name:ident = $code:literal ),* $(,)?) => {
        /// The value that a field must have.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Expected {
            $( $(#[$doc])* $name ),*
        }

        impl Expected {
            /// All of them, in the order in which they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable code: the parameter `wants` of the refusal.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $( Self::$name => $code ),*
                }
            }
        }
    };
}

expected! {
    /// A string.
    String = "string",
    /// A string with Markdown.
    Markdown = "markdown",
    /// True or false.
    Boolean = "boolean",
    /// Any JSON.
    Json = "json",
    /// A [`SendId`](crate::SendId) of the sender's choice.
    SendId = "send_id",
    /// A list of the ids of users.
    UserIds = "user_ids",
    /// The Seq of a message in the topic.
    Seq = "seq",
    /// A [`Cursor`](crate::Cursor).
    Cursor = "cursor",
    /// One emoji.
    Emoji = "emoji",
    /// A [`Ref`](crate::Ref): a string or a number.
    Reference = "reference",
    /// A whole number, 0 or more.
    Count = "count",
    /// At least one member.
    Members = "members",
    /// One of the buttons of a form.
    Button = "button",
    /// A whole number, or nothing for any number.
    Uses = "uses",
    /// A whole number of minutes, up to [`LONGEST_MINUTES`](crate::limits::LONGEST_MINUTES).
    Minutes = "minutes",
    /// A whole number of seconds, up to [`SLOW_SECONDS`](crate::limits::SLOW_SECONDS).
    SlowMode = "slow_mode",
    /// Chosen conversations, the sender's groups, or everyone.
    Audience = "audience",
    /// A [`JoinPolicy`](crate::JoinPolicy).
    JoinPolicy = "join_policy",
    /// A [`NotificationLevel`](crate::NotificationLevel).
    NotificationLevel = "notification_level",
    /// An [`AppRole`](crate::AppRole) that the owner gives to others.
    AppRole = "app_role",
    /// The text of a search.
    SearchQuery = "search_query",
    /// The number of a message.
    MessageNumber = "message_number",
    /// The same as the header `Idempotency-Key`, or left out.
    IdempotencyKey = "idempotency_key",
    /// A whole number from 1 to 100.
    PageLimit = "page_limit",
    /// At most 20 origins without a path.
    Origins = "origins",
    /// A whole number of seconds, from 1 up to a day.
    Lifetime = "lifetime",
    /// A whole number of seconds, from 0 up to a day.
    KeyLifetime = "key_lifetime",
    /// The version of a signing key, as a string.
    KeyVersion = "key_version",
    /// The id of an application.
    ApplicationId = "application_id",
    /// An application's key for a user, or `id:` and the id of the user.
    UserName = "user_name",
    /// A whole number of seconds since 1970.
    Seconds = "seconds",
    /// A time in the future.
    Future = "future",
    /// At most a day after the time of issue, and not before it.
    WithinDay = "within_day",
    /// At most 5 seconds in the future.
    NotAhead = "not_ahead",
    /// A user of the application.
    KnownUser = "known_user",
    /// The scope of a user token.
    TokenScope = "token_scope",
    /// Bounds of 1 or more, and at most 50 rules with a prefix each.
    Retention = "retention",
    /// The cursor of the page before, with the same query.
    PageCursor = "page_cursor",
    /// A [`Timestamp`](crate::Timestamp).
    Timestamp = "timestamp",
    /// At most ten files of the sender, each with its id and perhaps an alternative text.
    Attachments = "attachments",
    /// Numbers of bytes, 1 or more.
    FileLimits = "file_limits",
    /// The name of a file.
    FileName = "file_name",
    /// An alternative text.
    AltText = "alt_text",
    /// Left out, beside another field that says where the slice is.
    NoOtherPlace = "no_other_place",
    /// The name of an incoming webhook in URLs.
    HookName = "hook_name",
    /// An absolute URL for http or https.
    WebUrl = "web_url",
    /// The types of events of an outgoing webhook.
    WebhookEvents = "webhook_events",
    /// At most 100 conversations that exist.
    WebhookConversations = "webhook_conversations",
    /// A time that is not in the future.
    PastTime = "past_time",
    /// The id of an event of a stream: an epoch and a [`Seq`](crate::Seq).
    EventId = "event_id",
}

impl Expected {
    pub(super) fn of(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|expected| expected.code() == code)
    }
}
