use super::Refusal;
use crate::client_frame::ACTIONS;
use crate::limits;

/// The sentences of refusals.
impl Refusal {
    /// One sentence, in English, that says what would be right.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::JsonBad => "This is not JSON; send one JSON object.".into(),
            Self::JsonNotObject => "Send one JSON object, such as {\"action\":\"subscribe\",\"topic\":\"news\"}.".into(),
            Self::ActionMissing => format!("Every frame needs an \"action\": {}.", ACTIONS.join(", ")),
            Self::ActionUnknown => format!("There is no such action; the actions are {}.", ACTIONS.join(", ")),
            Self::FieldMissing { field, wants } => format!("\"{field}\" is missing; it must be {wants}."),
            Self::FieldWrong { field, wants } => format!("\"{field}\" must be {wants}."),
            Self::FrameTooLarge => format!("A frame may have at most {} KiB.", limits::FRAME_BYTES / 1024),
            Self::FrameBinary => "Send text frames with JSON; binary frames are not read.".into(),
            Self::BodyTooLarge { max } => format!("The body may have at most {} KiB.", max / 1024),
            Self::ContentTypeWrong { wants } => format!("Send the body as {wants}."),
            Self::HandshakeNeeded => {
                "This address is for WebSockets: ask by HTTP/1.1 for an upgrade to websocket, version 13, with a key of 16 bytes."
                    .into()
            }
            Self::RequestBad => "This request cannot be read; check its path, its query and its headers.".into(),
            Self::MethodWrong => "This address does not take that method; the Allow header names those it takes.".into(),
            Self::RequestSlow => "The body of the request did not come in time; nothing was done, and trying again is safe.".into(),
            Self::HostBad => "Send exactly one Host header, with a host name and perhaps a port.".into(),
            Self::OriginForeign => "Requests from pages of other sites are not taken; open the page of this server.".into(),
            Self::HostForeign => {
                "This server does not answer to that Host name; its operator sets the right one as origin.".into()
            }
            Self::TopicBad => format!(
                "A topic is 1 to {} bytes without spaces or control characters.",
                limits::TOPIC_BYTES
            ),
            Self::TopicReserved => {
                "Names under group/, direct/ and user/ belong to conversations; choose another one.".into()
            }
            Self::TokenNeeded => {
                "Open topics are for callers on this machine, or with the operator's token: Authorization: Bearer, and open_topics_token in the settings.".into()
            }
            Self::SignInNeeded => "Give your name first.".into(),
            Self::NotFound => "There is nothing here, or it is not for you; check the link.".into(),
            Self::NotMember => "You are not a member of this group; join it first.".into(),
            Self::NotAdmin => "Only an admin of this group may do that; ask one of them.".into(),
            Self::LastAdmin => "You are the only admin; make somebody else an admin, or archive the group, first.".into(),
            Self::Archived => "This group is archived: it can be read, but nobody writes or joins.".into(),
            Self::Banned => "An admin has closed this group to you; only an admin can change that.".into(),
            Self::InviteNeeded => "This group is by invitation; ask an admin for an invite link.".into(),
            Self::InviteOver => "This invite no longer works; ask an admin for a new one.".into(),
            Self::TooManyInvites => format!(
                "A group may have {} open invites; revoke one first.",
                limits::GROUP_INVITES
            ),
            Self::Announcing => "Only admins write in this group.".into(),
            Self::Muted { minutes } => {
                format!("An admin has muted you here; you can write again in {}.", span(*minutes))
            }
            Self::NotOneself => "You cannot do this to yourself; another admin can.".into(),
            Self::LimitBad { max } => format!("The limit must be a whole number from 1 to {max}."),
            Self::SignInWrong => "No account has this name and password; check both.".into(),
            Self::TooManySignIns { minutes } => {
                format!("Too many attempts came to nothing; try again in {}.", span(*minutes))
            }
            Self::LoginTaken => "Somebody has an account with this name, or with one that looks like it. Choose another name, or sign in if it's yours.".into(),
            Self::HasAccount => "You have an account already.".into(),
            Self::NoAccount => "You have no password yet; set one first.".into(),
            Self::PictureBad => "A picture is a PNG, JPEG, GIF or WebP file, at most 8192 pixels wide and high.".into(),
            Self::PasswordLength => format!(
                "A password has {} to {} characters.",
                limits::PASSWORD_CHARS.start(),
                limits::PASSWORD_CHARS.end()
            ),
            Self::PasswordWeak => "This password is among the first that others would try; choose one that is longer, or less common.".into(),
            Self::Blocked => "You cannot write to each other: one of you has blocked the other.".into(),
            Self::TargetsBad => format!("Choose 1 to {} people or groups.", limits::BROADCAST_TARGETS),
            Self::NotAppAdmin => "Only an admin of this server may do that.".into(),
            Self::NotOwner => "Only the owner of this server may do that.".into(),
            Self::ResetOver => "This link no longer works; ask whoever runs this server for a new one.".into(),
            Self::DirectWithOneself => "This is you; choose somebody else to write to.".into(),
            Self::SignUpClosed => "This server takes in new people only with an invitation, or not at all; ask whoever runs it.".into(),
            Self::NotAuthor => "Only who wrote a message may change it; its author or an admin may delete it.".into(),
            Self::EmojiBad => "A reaction is one emoji, without letters or spaces.".into(),
            Self::TooManyReactions => format!(
                "A message may have {} different reactions; use one that is there.",
                limits::REACTIONS
            ),
            Self::ConfirmationWrong => "That is not the name of the group; type it exactly to confirm.".into(),
            Self::GroupFull { limit } => format!("This group is full: it may have {limit} members."),
            Self::TooManyGroups { max } => format!("You are in {max} groups, the most there may be; leave one first."),
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
                "A connection may have {} subscriptions; unsubscribe from one first.",
                limits::SUBSCRIPTIONS
            ),
            Self::NameEmpty => "The name is empty; give at least one letter.".into(),
            Self::NameTooLong { max } => format!("The name is too long; use at most {max} characters."),
            Self::NameHasControls => "The name has invisible, control or text-direction characters; leave them out.".into(),
            Self::TextEmpty => "The message is empty; write something.".into(),
            Self::TextTooLong => format!(
                "The message is too long; it may have at most {} KiB.",
                limits::TEXT_BYTES / 1024
            ),
            Self::SendIdBad => format!(
                "An id is 1 to {} visible ASCII characters without spaces.",
                limits::SEND_ID_BYTES
            ),
            Self::SendIdTaken => "This id was used for another message; choose a new one.".into(),
            Self::TooFast { retry_ms } => {
                format!("You are sending too fast; try again in {} s.", retry_ms.div_ceil(1000).max(1))
            }
            Self::TooManyOpenTopics { max } => format!(
                "This server has {max} open topics, which is the limit; publish to one that is there, or have the operator \
                 raise open_topics_limit."
            ),
            Self::OpenTopicsFull { max } => format!(
                "The open topics of this server are full with {} MiB; have the operator raise open_topics_mib.",
                max / (1024 * 1024)
            ),
            Self::Unavailable => "The server cannot do this now; nothing was done, and trying again is safe.".into(),
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
