//! Refusals: every expected no, with its code and HTTP status.

mod sentence;

use std::fmt;

use serde::Serialize;

/// An expected no: data, exhaustive, shown to whoever asked. Its code never changes its meaning; its sentence
/// says what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The frame or body is not JSON.
    JsonBad,
    /// The frame is JSON, but not an object.
    JsonNotObject,
    /// The frame has no `action`.
    ActionMissing,
    /// There is no such `action`.
    ActionUnknown,
    /// A field is not there.
    FieldMissing {
        /// The name of the field, as the protocol spells it.
        field: &'static str,
        /// The expected value.
        wants: &'static str,
    },
    /// A field has the wrong type or value.
    FieldWrong {
        /// The name of the field, as the protocol spells it.
        field: &'static str,
        /// The expected value.
        wants: &'static str,
    },
    /// A frame is over the limit.
    FrameTooLarge,
    /// A frame is binary.
    FrameBinary,
    /// An HTTP body is over the limit.
    BodyTooLarge {
        /// The limit in bytes.
        max: usize,
    },
    /// The `Content-Type` is not what the route reads.
    ContentTypeWrong {
        /// The media type that the route reads, such as `application/json`.
        wants: &'static str,
    },
    /// The request breaks a rule of HTTP, or its path or query cannot be read.
    RequestBad,
    /// The route has no such method.
    MethodWrong,
    /// The body of a request did not come in time.
    RequestSlow,
    /// The request is no opening handshake of a WebSocket, RFC 6455 section 4.2.1.
    HandshakeNeeded,
    /// The request or socket comes from a page of another origin.
    OriginForeign,
    /// The `Host` is missing, given twice, or no host.
    HostBad,
    /// The `Host` is not one this server answers to.
    HostForeign,
    /// The name of a topic breaks its rules.
    TopicBad,
    /// The topic belongs to a conversation or cannot exist; it is not published to.
    TopicReserved,
    /// Open topics need a token here.
    TokenNeeded,
    /// The API token is unknown, revoked or expired, or does not count here.
    TokenBad,
    /// Nobody is signed in.
    SignInNeeded,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The caller has no seat there.
    NotMember,
    /// The caller has a seat, but is no admin.
    NotAdmin,
    /// A group that is not archived always has an admin.
    LastAdmin,
    /// The group is closed for good, until an admin opens it again.
    Archived,
    /// The caller, or whoever shall be added, may not join.
    Banned,
    /// The group lets in only who was invited.
    InviteNeeded,
    /// The invite is revoked, used up, or too old.
    InviteOver,
    /// There are as many open invites as there may be.
    TooManyInvites,
    /// Only admins write here.
    Announcing,
    /// An admin has taken the word from the caller.
    Muted {
        /// For how long from now.
        minutes: u32,
    },
    /// An admin cannot do this to themselves.
    NotOneself,
    /// The limit is not one this server allows.
    LimitBad {
        /// The highest limit.
        max: u32,
    },
    /// The text typed to confirm is not the name.
    ConfirmationWrong,
    /// No account has this name and password.
    SignInWrong,
    /// Too many attempts to sign in came to nothing.
    TooManySignIns {
        /// For how long from now.
        minutes: u32,
    },
    /// Another account signs in with this name.
    LoginTaken,
    /// The caller has an account already.
    HasAccount,
    /// The caller is a guest and has no password.
    NoAccount,
    /// A file is no picture that can be read.
    PictureBad,
    /// A password is too short or too long.
    PasswordLength,
    /// A password is one that others guess first.
    PasswordWeak,
    /// One of the two people of a direct has blocked the other.
    Blocked,
    /// A broadcast goes nowhere, or to more conversations than it may.
    TargetsBad,
    /// Only an admin of the application may do that.
    NotAppAdmin,
    /// Only the owner of the application may do that.
    NotOwner,
    /// Only the operator of the server may do that.
    NotOperator,
    /// The link for a new password is used, or too old.
    ResetOver,
    /// A direct needs somebody else.
    DirectWithOneself,
    /// This server takes no new people.
    SignUpClosed,
    /// Only its author may change a message.
    NotAuthor,
    /// A reaction is no emoji.
    EmojiBad,
    /// A message has as many different reactions as it may have.
    TooManyReactions,
    /// The group has as many members as it may have.
    GroupFull {
        /// The member limit in the settings of the group.
        limit: u32,
    },
    /// The caller has as many groups as a user may have.
    TooManyGroups {
        /// The most groups one user may have, set by the operator.
        max: usize,
    },
    /// More guests than allowed have come from the caller's network within a day.
    TooManyGuests {
        /// The remaining minutes.
        minutes: u32,
    },
    /// The caller adds somebody to a group with whom they have neither a group nor a conversation.
    NoContact,
    /// Others, or the caller alone, have added somebody to as many groups as they may.
    AddedTooOften,
    /// The connection has as many subscriptions as it may have.
    TooManySubscriptions,
    /// A name is empty or shows nothing.
    NameEmpty,
    /// A name is too long.
    NameTooLong {
        /// The limit in characters.
        max: usize,
    },
    /// A name has control or direction characters.
    NameHasControls,
    /// A text is empty.
    TextEmpty,
    /// A text is too long.
    TextTooLong,
    /// A `SendId` breaks its rules.
    SendIdBad,
    /// The `SendId` was used for another message.
    SendIdTaken,
    /// The caller sends faster than allowed.
    TooFast {
        /// The delay before a retry, in milliseconds.
        retry_ms: u32,
    },
    /// The server has as many open topics as it may have.
    TooManyOpenTopics {
        /// The most open topics on this server, set by the operator.
        max: u64,
    },
    /// The open topics of the server hold as much data as they may.
    OpenTopicsFull {
        /// The limit in bytes.
        max: u64,
    },
    /// The server cannot do it now; nothing was done; trying again is safe.
    Unavailable,
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::JsonBad => "json_bad",
            Self::JsonNotObject => "json_not_object",
            Self::ActionMissing => "action_missing",
            Self::ActionUnknown => "action_unknown",
            Self::FieldMissing { .. } => "field_missing",
            Self::FieldWrong { .. } => "field_wrong",
            Self::FrameTooLarge => "frame_too_large",
            Self::FrameBinary => "frame_binary",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::ContentTypeWrong { .. } => "content_type_wrong",
            Self::RequestBad => "request_bad",
            Self::MethodWrong => "method_wrong",
            Self::RequestSlow => "request_slow",
            Self::HandshakeNeeded => "handshake_needed",
            Self::OriginForeign => "origin_foreign",
            Self::HostBad => "host_bad",
            Self::HostForeign => "host_foreign",
            Self::TopicBad => "topic_bad",
            Self::TopicReserved => "topic_reserved",
            Self::TokenNeeded => "token_needed",
            Self::TokenBad => "token_bad",
            Self::SignInNeeded => "sign_in_needed",
            Self::NotFound => "not_found",
            Self::NotMember => "not_member",
            Self::NotAdmin => "not_admin",
            Self::LastAdmin => "last_admin",
            Self::Archived => "archived",
            Self::Banned => "banned",
            Self::InviteNeeded => "invite_needed",
            Self::InviteOver => "invite_over",
            Self::TooManyInvites => "too_many_invites",
            Self::Announcing => "announcing",
            Self::Muted { .. } => "muted",
            Self::NotOneself => "not_oneself",
            Self::LimitBad { .. } => "limit_bad",
            Self::ConfirmationWrong => "confirmation_wrong",
            Self::SignInWrong => "sign_in_wrong",
            Self::TooManySignIns { .. } => "too_many_sign_ins",
            Self::LoginTaken => "login_taken",
            Self::HasAccount => "has_account",
            Self::NoAccount => "no_account",
            Self::PictureBad => "picture_bad",
            Self::PasswordLength => "password_length",
            Self::PasswordWeak => "password_weak",
            Self::Blocked => "blocked",
            Self::TargetsBad => "targets_bad",
            Self::NotAppAdmin => "not_app_admin",
            Self::NotOwner => "not_owner",
            Self::NotOperator => "not_operator",
            Self::ResetOver => "reset_over",
            Self::DirectWithOneself => "direct_with_oneself",
            Self::SignUpClosed => "sign_up_closed",
            Self::NotAuthor => "not_author",
            Self::EmojiBad => "emoji_bad",
            Self::TooManyReactions => "too_many_reactions",
            Self::GroupFull { .. } => "group_full",
            Self::TooManyGroups { .. } => "too_many_groups",
            Self::TooManyGuests { .. } => "too_many_guests",
            Self::NoContact => "no_contact",
            Self::AddedTooOften => "added_too_often",
            Self::TooManySubscriptions => "too_many_subscriptions",
            Self::NameEmpty => "name_empty",
            Self::NameTooLong { .. } => "name_too_long",
            Self::NameHasControls => "name_has_controls",
            Self::TextEmpty => "text_empty",
            Self::TextTooLong => "text_too_long",
            Self::SendIdBad => "send_id_bad",
            Self::SendIdTaken => "send_id_taken",
            Self::TooFast { .. } => "too_fast",
            Self::TooManyOpenTopics { .. } => "too_many_open_topics",
            Self::OpenTopicsFull { .. } => "open_topics_full",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::JsonBad
            | Self::JsonNotObject
            | Self::ActionMissing
            | Self::ActionUnknown
            | Self::FieldMissing { .. }
            | Self::FieldWrong { .. }
            | Self::FrameTooLarge
            | Self::FrameBinary
            | Self::RequestBad
            | Self::HostBad
            | Self::TopicBad
            | Self::EmojiBad
            | Self::SendIdBad => 400,
            Self::TokenNeeded | Self::TokenBad | Self::SignInNeeded | Self::SignInWrong => 401,
            Self::OriginForeign
            | Self::TopicReserved
            | Self::NotMember
            | Self::NotAdmin
            | Self::Banned
            | Self::InviteNeeded
            | Self::Announcing
            | Self::NotAuthor
            | Self::Blocked
            | Self::NoContact
            | Self::NotAppAdmin
            | Self::NotOwner
            | Self::NotOperator
            | Self::SignUpClosed
            | Self::Muted { .. } => 403,
            Self::NotFound => 404,
            Self::MethodWrong => 405,
            Self::RequestSlow => 408,
            Self::SendIdTaken | Self::LoginTaken => 409,
            Self::BodyTooLarge { .. } => 413,
            Self::ContentTypeWrong { .. } => 415,
            Self::HostForeign => 421,
            Self::HandshakeNeeded => 426,
            Self::LastAdmin
            | Self::Archived
            | Self::InviteOver
            | Self::TooManyInvites
            | Self::NotOneself
            | Self::LimitBad { .. }
            | Self::ConfirmationWrong
            | Self::DirectWithOneself
            | Self::ResetOver
            | Self::TargetsBad
            | Self::HasAccount
            | Self::NoAccount
            | Self::PictureBad
            | Self::PasswordLength
            | Self::PasswordWeak
            | Self::TooManyReactions
            | Self::GroupFull { .. }
            | Self::TooManyGroups { .. }
            | Self::AddedTooOften
            | Self::NameEmpty
            | Self::NameTooLong { .. }
            | Self::NameHasControls
            | Self::TextEmpty
            | Self::TextTooLong => 422,
            Self::TooManySubscriptions
            | Self::TooManySignIns { .. }
            | Self::TooManyGuests { .. }
            | Self::TooFast { .. } => 429,
            Self::Unavailable => 503,
            Self::TooManyOpenTopics { .. } | Self::OpenTopicsFull { .. } => 507,
        }
    }

    /// The delay before a retry, in milliseconds, if a retry helps.
    #[must_use]
    pub const fn retry_ms(&self) -> Option<u32> {
        match self {
            Self::TooFast { retry_ms } => Some(*retry_ms),
            Self::Unavailable => Some(1_000),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl std::error::Error for Refusal {}

/// A refusal as it crosses the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The stable code.
    pub code: String,
    /// One sentence in English that says what would be right.
    pub message: String,
    /// The delay before a retry, in milliseconds, if a retry helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u32>,
}

crate::fields::by_fields!(Refused { code, message, retry_ms });

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        Self { code: refusal.code().into(), message: refusal.sentence(), retry_ms: refusal.retry_ms() }
    }
}
