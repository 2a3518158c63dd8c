//! Sentences of refusals, as users see them.

use super::Refusal;
use crate::client_frame::ACTIONS;
use crate::limits;

/// The sentences of refusals.
impl Refusal {
    /// One sentence, in English, that says what would be right.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::JsonBad => "This is not JSON. Send one JSON object.".into(),
            Self::JsonNotObject => "Send one JSON object, such as {\"action\":\"subscribe\",\"topic\":\"news\"}.".into(),
            Self::ActionMissing => format!("Every frame needs an \"action\": {}.", ACTIONS.join(", ")),
            Self::ActionUnknown => format!("Unknown action. The actions are {}.", ACTIONS.join(", ")),
            Self::FieldMissing { field, wants } => format!("\"{field}\" is missing. It must be {wants}."),
            Self::FieldWrong { field, wants } => format!("\"{field}\" must be {wants}."),
            Self::FrameTooLarge => format!("A frame can have at most {} KiB.", limits::FRAME_BYTES / 1024),
            Self::FrameBinary => "Binary frames are not supported. Send JSON in text frames.".into(),
            Self::BodyTooLarge { max } => format!("The body can have at most {} KiB.", max / 1024),
            Self::ContentTypeWrong { wants } => format!("Send the body as {wants}."),
            Self::HandshakeNeeded => {
                "This is a WebSocket endpoint. Send an HTTP/1.1 upgrade request to websocket, version 13, with a key of 16 bytes."
                    .into()
            }
            Self::RequestBad => "Malformed request. Check its path, query and headers.".into(),
            Self::MethodWrong => "Method not allowed. The Allow header lists the allowed ones.".into(),
            Self::RequestSlow => "The request body arrived too slowly. Nothing was changed. Try again.".into(),
            Self::HostBad => "Send exactly one Host header: a host name and an optional port.".into(),
            Self::OriginForeign => "Requests from other sites are not allowed. Use this server's own pages.".into(),
            Self::HostForeign => {
                "This server does not serve that host name. Its operator can set it as origin.".into()
            }
            Self::TopicBad => format!(
                "A topic is 1 to {} bytes without spaces or control characters.",
                limits::TOPIC_BYTES
            ),
            Self::TopicReserved => {
                "Names under group/, direct/ and user/ are reserved. Choose another name.".into()
            }
            Self::TokenNeeded => {
                "Open topics need a request from this machine or the operator's token: send Authorization: Bearer with the open_topics_token of the settings.".into()
            }
            Self::TokenBad => {
                "This token doesn't work here. Send Authorization: Bearer with a token that is valid.".into()
            }
            Self::SignInNeeded => "Pick a name or sign in first.".into(),
            Self::NotFound => "This doesn't exist, or you don't have access. Check the link.".into(),
            Self::NotMember => "You're not a member of this group. Join it first.".into(),
            Self::NotAdmin => "Only group admins can do that.".into(),
            Self::LastAdmin => "You're the only admin. Make someone else an admin or archive the group first.".into(),
            Self::Archived => "This group is archived. Nobody can post or join.".into(),
            Self::Banned => "You've been banned from this group. Only an admin can unban you.".into(),
            Self::InviteNeeded => "This group is invite-only. Ask an admin for an invite link.".into(),
            Self::InviteOver => "This invite no longer works. Ask an admin for a new one.".into(),
            Self::TooManyInvites => format!(
                "A group can have {} open invites. Revoke one first.",
                limits::GROUP_INVITES
            ),
            Self::Announcing => "Only admins can post in this group.".into(),
            Self::Muted { minutes } => {
                format!("You're muted. You can post again in {}.", span(*minutes))
            }
            Self::NotOneself => "You can't do this to yourself. Another admin can.".into(),
            Self::LimitBad { max } => format!("The limit must be a whole number from 1 to {max}."),
            Self::SignInWrong => "Wrong name or password.".into(),
            Self::TooManySignIns { minutes } => {
                format!("Too many attempts. Try again in {}.", span(*minutes))
            }
            Self::LoginTaken => "This name, or one that looks like it, is taken. Choose another name, or sign in if it's yours.".into(),
            Self::HasAccount => "You already have an account.".into(),
            Self::NoAccount => "You don't have a password yet. Set one first.".into(),
            Self::PictureBad => "Choose a PNG, JPEG, GIF or WebP file of at most 8192 by 8192 pixels.".into(),
            Self::PasswordLength => format!(
                "Use {} to {} characters for the password.",
                limits::PASSWORD_CHARS.start(),
                limits::PASSWORD_CHARS.end()
            ),
            Self::PasswordWeak => "This password is too common. Choose a longer or less common one.".into(),
            Self::Blocked => "You can't message each other. One of you has blocked the other.".into(),
            Self::TargetsBad => format!("Choose 1 to {} people or groups.", limits::BROADCAST_TARGETS),
            Self::NotAppAdmin => "Only server admins can do that.".into(),
            Self::NotOwner => "Only the server's owner can do that.".into(),
            Self::NotOperator => "Only the operator of the server can do that.".into(),
            Self::ResetOver => "This link no longer works. Ask the server's operator for a new one.".into(),
            Self::DirectWithOneself => "You can't message yourself. Choose someone else.".into(),
            Self::SignUpClosed => "You need an invitation to join this server. Ask its operator.".into(),
            Self::NotAuthor => "Only the author can edit a message. The author and admins can delete it.".into(),
            Self::EmojiBad => "A reaction is one emoji, without letters or spaces.".into(),
            Self::TooManyReactions => format!(
                "A message can have {} different reactions. Use one of those.",
                limits::REACTIONS
            ),
            Self::ConfirmationWrong => "That isn't the group's name. Type it exactly to confirm.".into(),
            Self::GroupFull { limit } => format!("This group is full ({limit} members)."),
            Self::TooManyGroups { max } => format!("You're in {max} groups, which is the limit. Leave one first."),
            Self::TooManyGuests { minutes } => format!(
                "Too many new people have come from your network today. Try again in {}, or sign in if you have an account.",
                span(*minutes)
            ),
            Self::NoContact => {
                "You don't share a group or a conversation with this person yet. Send them an invite link instead.".into()
            }
            Self::AddedTooOften => {
                "This person was added to too many groups already. Send them an invite link instead.".into()
            }
            Self::TooManySubscriptions => format!(
                "A connection can have {} subscriptions. Unsubscribe from one first.",
                limits::SUBSCRIPTIONS
            ),
            Self::NameEmpty => "The name is empty. Use at least one letter.".into(),
            Self::NameTooLong { max } => format!("The name is too long. Use at most {max} characters."),
            Self::NameHasControls => "The name has invisible, control or text-direction characters. Remove them.".into(),
            Self::TextEmpty => "The message is empty. Write something.".into(),
            Self::TextTooLong => format!(
                "The message is too long. The limit is {} KiB.",
                limits::TEXT_BYTES / 1024
            ),
            Self::SendIdBad => format!(
                "An id is 1 to {} visible ASCII characters without spaces.",
                limits::SEND_ID_BYTES
            ),
            Self::SendIdTaken => "This id was used for another message. Choose a new one.".into(),
            Self::TooFast { retry_ms } => {
                format!("You're sending too fast. Try again in {} s.", retry_ms.div_ceil(1000).max(1))
            }
            Self::TooManyOpenTopics { max } => format!(
                "This server has {max} open topics, which is the limit. Publish to an existing one, or ask the operator to \
                 raise open_topics_limit."
            ),
            Self::OpenTopicsFull { max } => format!(
                "The open topics of this server hold {} MiB, which is the limit. Ask the operator to raise open_topics_mib.",
                max / (1024 * 1024)
            ),
            Self::Unavailable => "The server can't do this right now. Nothing was changed. Try again.".into(),
        }
    }
}

/// A span of time as people say it, rounded up.
fn span(minutes: u32) -> String {
    match minutes {
        0 | 1 => "a minute".into(),
        2..120 => format!("{minutes} minutes"),
        120..2880 => format!("{} hours", minutes.div_ceil(60)),
        _ => format!("{} days", minutes.div_ceil(24 * 60)),
    }
}
