//! Refusals: every expected no, with its code, HTTP status and parameters.

mod declare;
mod expected;
mod params;
mod refused;

use std::borrow::Cow;
use std::fmt;

use crate::client_frame::ACTIONS;
use crate::limits;

pub use expected::Expected;
pub use params::Params;
pub use refused::Refused;

/// A valid frame, as an example in the refusal of anything else.
const EXAMPLE: &str = r#"{"action":"subscribe","topic":"news"}"#;

declare::refusals! {
    /// The frame or body is not JSON.
    JsonBad = "json_bad", 400;
    /// The frame is JSON, but not an object.
    JsonNotObject = "json_not_object", 400 [example: EXAMPLE.to_owned()];
    /// The frame has no `action`.
    ActionMissing = "action_missing", 400 [actions: ACTIONS.join(", ")];
    /// There is no such `action`.
    ActionUnknown = "action_unknown", 400 [actions: ACTIONS.join(", ")];
    /// A field is not there.
    FieldMissing {
        /// The name of the field, as the protocol spells it.
        field: Cow<'static, str>,
        /// The expected value.
        wants: Expected,
    } = "field_missing", 400;
    /// A field has the wrong type or value.
    FieldWrong {
        /// The name of the field, as the protocol spells it.
        field: Cow<'static, str>,
        /// The expected value.
        wants: Expected,
    } = "field_wrong", 400;
    /// A frame is over the limit.
    FrameTooLarge = "frame_too_large", 400 [max: limits::FRAME_BYTES];
    /// A frame is binary.
    FrameBinary = "frame_binary", 400;
    /// An HTTP body is over the limit.
    BodyTooLarge {
        /// The limit in bytes.
        max: usize,
    } = "body_too_large", 413;
    /// The `Content-Type` is not what the route reads.
    ContentTypeWrong {
        /// The media type that the route reads, such as `application/json`.
        wants: Cow<'static, str>,
    } = "content_type_wrong", 415;
    /// The request breaks a rule of HTTP, or its path or query cannot be read.
    RequestBad = "request_bad", 400;
    /// The route has no such method.
    MethodWrong = "method_wrong", 405;
    /// The body of a request did not come in time.
    RequestSlow = "request_slow", 408;
    /// The request is no opening handshake of a WebSocket, RFC 6455 section 4.2.1.
    HandshakeNeeded = "handshake_needed", 426;
    /// The request or socket comes from a page of another origin.
    OriginForeign = "origin_foreign", 403;
    /// The `Host` is missing, given twice, or no host.
    HostBad = "host_bad", 400;
    /// The `Host` is not one this server answers to.
    HostForeign = "host_foreign", 421;
    /// A key of an application for a user or a conversation breaks its rules.
    KeyBad = "key_bad", 400 [max: limits::KEY_BYTES];
    /// The cursor of a list is not one that the server gave.
    CursorBad = "cursor_bad", 400;
    /// It has another version than the request expects.
    VersionStale = "version_stale", 412;
    /// The name of a topic breaks its rules.
    TopicBad = "topic_bad", 400 [max: limits::TOPIC_BYTES];
    /// The topic belongs to a conversation or cannot exist; it is not published to.
    TopicReserved = "topic_reserved", 403;
    /// Open topics need a token here.
    TokenNeeded = "token_needed", 401;
    /// The API needs a token.
    ApiTokenNeeded = "api_token_needed", 401;
    /// The API token is unknown, revoked or expired, or does not count here.
    TokenBad = "token_bad", 401;
    /// A claim of a user token, or its `kid`, has a wrong form or value.
    ClaimBad {
        /// The name of the claim.
        claim: Cow<'static, str>,
        /// The expected value.
        wants: Expected,
    } = "claim_bad", 401;
    /// The user token was issued before the tokens of its user, or of its application, were revoked.
    TokenRevoked {
        /// The time from which tokens must be issued, RFC 3339 UTC.
        valid_from: String,
    } = "token_revoked", 401;
    /// The user token, or the link by which the caller was signed in, does not allow that.
    OutsideScope = "outside_scope", 403;
    /// The connection is signed in already, as somebody else or in another way.
    AuthenticatedOtherwise = "authenticated_otherwise", 403;
    /// Nobody is signed in.
    SignInNeeded = "sign_in_needed", 401;
    /// There is no such thing, or the caller may not know of it.
    NotFound = "not_found", 404;
    /// The caller has no seat there.
    NotMember = "not_member", 403;
    /// The caller has a seat, but is no admin.
    NotAdmin = "not_admin", 403;
    /// A group that is not archived always has an admin.
    LastAdmin = "last_admin", 422;
    /// The group is closed for good, until an admin opens it again.
    Archived = "archived", 422;
    /// The caller, or whoever shall be added, may not join.
    Banned = "banned", 403;
    /// The group lets in only who was invited.
    InviteNeeded = "invite_needed", 403;
    /// The invite is revoked, used up, or too old.
    InviteOver = "invite_over", 422;
    /// There are as many open invites as there may be.
    TooManyInvites = "too_many_invites", 422 [max: limits::GROUP_INVITES];
    /// The group has as many incoming webhooks as it may have.
    TooManyHooks = "too_many_hooks", 422 [max: limits::GROUP_HOOKS];
    /// The name of an incoming webhook looks like that of a member.
    HookLooksLikeMember {
        /// The member's name.
        name: String,
    } = "hook_looks_like_member", 422;
    /// The application has as many outgoing webhooks as it may have.
    TooManyWebhooks = "too_many_webhooks", 422 [max: limits::WEBHOOKS];
    /// The webhook is not active, so that it gets nothing.
    WebhookInactive = "webhook_inactive", 422;
    /// The server does not call this address: it is not public, or on another port than 80 and 443.
    UrlNotAllowed = "url_not_allowed", 422;
    /// Only admins write here.
    Announcing = "announcing", 403;
    /// An admin has taken the word from the caller.
    Muted {
        /// For how long from now.
        minutes: u32,
    } = "muted", 403;
    /// An admin cannot do this to themselves.
    NotOneself = "not_oneself", 422;
    /// The limit is not one this server allows.
    LimitBad {
        /// The highest limit.
        max: u32,
    } = "limit_bad", 422;
    /// The text typed to confirm is not the name.
    ConfirmationWrong = "confirmation_wrong", 422;
    /// No account has this name and password.
    SignInWrong = "sign_in_wrong", 401;
    /// Too many attempts to sign in came to nothing.
    TooManySignIns {
        /// For how long from now.
        minutes: u32,
    } = "too_many_sign_ins", 429;
    /// Another account signs in with this name.
    LoginTaken = "login_taken", 409;
    /// The caller has an account already.
    HasAccount = "has_account", 422;
    /// The caller is a guest and has no password.
    NoAccount = "no_account", 422;
    /// A file is no picture that can be read.
    PictureBad = "picture_bad", 422 [pixels: limits::PICTURE_PIXELS];
    /// A file begins as a picture and is none that can be read, or has too many pixels.
    ImageBad = "image_bad", 422 [pixels: limits::IMAGE_PIXELS];
    /// An uploaded file has no content.
    FileEmpty = "file_empty", 422;
    /// An upload does not say its length.
    LengthNeeded = "length_needed", 411;
    /// The files of the user have as many bytes as they may.
    UserFilesFull {
        /// The most bytes of the files of one user.
        max: u64,
    } = "user_files_full", 422;
    /// The files of the application have as many bytes as they may.
    ApplicationFilesFull {
        /// The most bytes of the files of one application.
        max: u64,
    } = "application_files_full", 422;
    /// The disk is nearly full: no file is taken.
    DiskLow = "disk_low", 507;
    /// The caller, or everyone together, uploads as many files at once as they may.
    TooManyUploads = "too_many_uploads", 429;
    /// A message has more attachments than it may, or one of them twice, or an alternative text is too long.
    AttachmentsBad = "attachments_bad", 422 [max: limits::ATTACHMENTS, chars: limits::ALT_CHARS];
    /// An attachment is no file of the sender, or another message has it.
    AttachmentMissing {
        /// The id of the file.
        file: String,
    } = "attachment_missing", 422;
    /// A message has the file: it goes with its message.
    FileAttached = "file_attached", 409;
    /// The range is not within the file.
    RangeBad {
        /// The size of the file in bytes.
        bytes: u64,
    } = "range_bad", 416;
    /// The link to a file is too old.
    FileLinkOver = "file_link_over", 410;
    /// A password is too short or too long.
    PasswordLength = "password_length", 422 [min: *limits::PASSWORD_CHARS.start(), max: *limits::PASSWORD_CHARS.end()];
    /// A password is one that others guess first.
    PasswordWeak = "password_weak", 422;
    /// One of the two people of a direct has blocked the other.
    Blocked = "blocked", 403;
    /// A broadcast goes nowhere, or to more conversations than it may.
    TargetsBad = "targets_bad", 422 [max: limits::BROADCAST_TARGETS];
    /// A message to some members is not to a group, or has no recipients or more than it may have.
    RecipientsBad = "recipients_bad", 422 [max: limits::RECIPIENTS];
    /// Recipients of a message have no seat in the group.
    RecipientsNotMembers {
        /// Their names, apart by commas; the id of a user who does not exist.
        names: String,
    } = "recipients_not_members", 422;
    /// A message that only some members can read is not pinned, as everyone sees the pins.
    PinRestricted = "pin_restricted", 422;
    /// A reply to a message that only some members can read goes to nobody else.
    ReplyRestricted = "reply_restricted", 422;
    /// Only an admin of the application may do that.
    NotAppAdmin = "not_app_admin", 403;
    /// Only the owner of the application may do that.
    NotOwner = "not_owner", 403;
    /// Only the operator of the server may do that.
    NotOperator = "not_operator", 403;
    /// An application does this only as one of its users.
    UserNeeded = "user_needed", 403;
    /// The settings of the application let only itself create conversations through the API.
    UserConversationsOff = "user_conversations_off", 403;
    /// Only the application itself may do that, with its token and for no user.
    NotApplication = "not_application", 403;
    /// The link for a new password is used, or too old.
    ResetOver = "reset_over", 422;
    /// The link that signs in is used, or too old.
    LinkOver = "link_over", 422;
    /// The provider by which somebody signs in cannot be reached.
    ProviderDown {
        /// The name of the provider.
        provider: String,
    } = "provider_down", 503;
    /// The answer of the provider fails a check.
    ProviderAnswerBad {
        /// The name of the provider.
        provider: String,
    } = "provider_answer_bad", 422;
    /// The sign-in was cancelled or refused at the provider.
    ProviderDenied {
        /// The name of the provider.
        provider: String,
    } = "provider_denied", 403;
    /// The operator does not let users with these claims in.
    ProviderUserRefused {
        /// The name of the provider.
        provider: String,
    } = "provider_user_refused", 403;
    /// No account is linked to the user at the provider, and none may be created.
    ProviderSignUpClosed {
        /// The name of the provider.
        provider: String,
    } = "provider_sign_up_closed", 403;
    /// The sign-in at a provider began too long ago, in another browser, or is finished already.
    SignInOver = "sign_in_over", 422;
    /// The user at the provider is linked to another account, or the account to another user there.
    IdentityTaken {
        /// The name of the provider.
        provider: String,
    } = "identity_taken", 409;
    /// Without this provider nobody could sign in to the account.
    LastWayIn = "last_way_in", 422;
    /// The account has no password: its user signs in by a provider.
    PasswordNotSet = "password_not_set", 401;
    /// The account has a password already.
    PasswordSet = "password_set", 422;
    /// A direct needs somebody else.
    DirectWithOneself = "direct_with_oneself", 422;
    /// This server takes no new people.
    SignUpClosed = "sign_up_closed", 403;
    /// Only its author may change a message.
    NotAuthor = "not_author", 403;
    /// Only the sender of a message sees its receipts.
    NotSender = "not_sender", 403;
    /// A reaction is no emoji.
    EmojiBad = "emoji_bad", 400;
    /// A message has as many different reactions as it may have.
    TooManyReactions = "too_many_reactions", 422 [max: limits::REACTIONS];
    /// The group has as many members as it may have.
    GroupFull {
        /// The member limit in the settings of the group.
        limit: u32,
    } = "group_full", 422;
    /// The caller has as many groups as a user may have.
    TooManyGroups {
        /// The most groups one user may have, set by the operator.
        max: usize,
    } = "too_many_groups", 422;
    /// The application has as many users as it may have.
    TooManyUsers {
        /// The most users of an application, set by the operator.
        max: u64,
    } = "too_many_users", 422;
    /// The application has as many conversations as it may have.
    TooManyConversations {
        /// The most conversations of an application, set by the operator.
        max: u64,
    } = "too_many_conversations", 422;
    /// More guests than allowed have come from the caller's network within a day.
    TooManyGuests {
        /// The remaining minutes.
        minutes: u32,
    } = "too_many_guests", 429;
    /// The caller adds somebody to a group with whom they have neither a group nor a conversation.
    NoContact = "no_contact", 403;
    /// Others, or the caller alone, have added somebody to as many groups as they may.
    AddedTooOften = "added_too_often", 422;
    /// The connection has as many subscriptions as it may have.
    TooManySubscriptions = "too_many_subscriptions", 429 [max: limits::SUBSCRIPTIONS];
    /// The user, the network or the server has as many connections as it may have.
    TooManyConnections = "too_many_connections", 429;
    /// A name is empty or shows nothing.
    NameEmpty = "name_empty", 422;
    /// A name is too long.
    NameTooLong {
        /// The limit in characters.
        max: usize,
    } = "name_too_long", 422;
    /// A name has control or direction characters.
    NameHasControls = "name_has_controls", 422;
    /// A text is empty.
    TextEmpty = "text_empty", 422;
    /// A text is too long.
    TextTooLong = "text_too_long", 422 [max: limits::TEXT_BYTES];
    /// A `SendId` breaks its rules.
    SendIdBad = "send_id_bad", 400 [max: limits::SEND_ID_BYTES];
    /// The `SendId` was used for another message.
    SendIdTaken = "send_id_taken", 409;
    /// The caller sends faster than allowed.
    TooFast {
        /// The delay before a retry, in milliseconds.
        retry_ms: u32,
    } = "too_fast", 429;
    /// The server has as many open topics as it may have.
    TooManyOpenTopics {
        /// The most open topics on this server, set by the operator.
        max: u64,
    } = "too_many_open_topics", 507;
    /// The open topics of the server hold as much data as they may.
    OpenTopicsFull {
        /// The limit in bytes.
        max: u64,
    } = "open_topics_full", 507;
    /// The server cannot do it now; nothing was done; trying again is safe.
    Unavailable = "unavailable", 503;
}

impl Refusal {
    /// The delay before a retry, in milliseconds, if a retry helps.
    #[must_use]
    pub const fn retry_ms(&self) -> Option<u32> {
        match self {
            Self::TooFast { retry_ms } => Some(*retry_ms),
            Self::Unavailable | Self::TooManyUploads => Some(1_000),
            _ => None,
        }
    }
}

/// The code. Sentences are in the texts of the app, in each language.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refusal {}
