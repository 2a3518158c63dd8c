//! Records: the parts of an archive, whatever its format. They are the lines of Hubbub's own format, too.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A part of an archive. Ids are those of the archive, and unique among records of their kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// The first line of Hubbub's own format; no other format has it.
    Header(Header),
    /// A user, before everything that names them.
    User(User),
    /// A conversation. The records up to the next one are about it.
    Conversation(Conversation),
    /// A member of the conversation.
    Member(Member),
    /// A file, before the message that has it.
    File(File),
    /// A message. Those of a conversation are in order of time.
    Entry(Entry),
    /// A part of the archive that the format has and a chat does not show. Hubbub's own format has none.
    #[serde(skip)]
    LeftOut(LeftOut),
}

/// The beginning of an archive in Hubbub's own format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The title of the application.
    pub application: String,
    /// The time of the export, in milliseconds since 1970, UTC.
    pub exported_at: i64,
    /// The version of the format: 1.
    pub version: u32,
}

/// A user of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Free text about them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bio: String,
    /// True for a program.
    #[serde(default, skip_serializing_if = "is_false")]
    pub bot: bool,
    /// True if their account is gone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// The archive's id for them.
    pub id: String,
    /// The name that others see.
    pub name: String,
    /// Their picture, a JPEG in the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<FileContent>,
}

/// The kind of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A conversation of exactly two users.
    Direct,
    /// A group that everyone may join.
    Open,
    /// A group that lists show, to which somebody lets others in.
    Listed,
    /// A group that only its members see.
    Private,
}

/// A conversation of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// True if only admins may post.
    #[serde(default, skip_serializing_if = "is_false")]
    pub announcing: bool,
    /// True if nobody may post any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub archived: bool,
    /// The time of its creation, in milliseconds since 1970, UTC; none if the archive does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    /// The text below the name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The archive's id for it.
    pub id: String,
    /// Its kind.
    pub kind: Kind,
    /// The most members it may have; none if the archive does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Its name; empty for a direct.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The pause of slow mode, in seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slow_s: u32,
}

/// A member of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// True if they may change the conversation.
    #[serde(default, skip_serializing_if = "is_false")]
    pub admin: bool,
    /// The id of the conversation.
    pub conversation: String,
    /// The time at which they joined, in milliseconds since 1970, UTC; none if the archive does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<i64>,
    /// The id of the user.
    pub user: String,
}

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The text for those who do not see it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alt: String,
    /// Its content, as far as the archive has it.
    pub content: FileContent,
    /// The archive's id for it.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The content of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FileContent {
    /// A file of the archive.
    Here {
        /// Its size in bytes.
        bytes: u64,
        /// Its path in the archive.
        path: String,
    },
    /// Elsewhere; empty if the archive names no place.
    Url(String),
}

/// A message of an archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The time at which it was sent, in milliseconds since 1970, UTC.
    pub at: i64,
    /// The id of its author.
    pub author: String,
    /// The name of its author if that is a bot of no user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<String>,
    /// The id of its conversation.
    pub conversation: String,
    /// The id of the user who has deleted it, if it is deleted. Then it has no text and no files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<String>,
    /// The time of its last edit, in milliseconds since 1970, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<i64>,
    /// The ids of its files, each of which a [`File`] has announced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The archive's id for it, unique in the conversation.
    pub id: String,
    /// True if it is pinned.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pinned: bool,
    /// The reactions, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// The ids of its only readers besides the author, of whom none may be left; none if every member reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Vec<String>>,
    /// The id of the message that it answers, in the same conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Its text.
    pub text: Text,
}

/// The text of a message, as the archive has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    /// Markdown.
    Markdown(String),
    /// Slack's message format: an object with `text`, and `blocks` and `attachments` if they say more than the text.
    #[serde(skip)]
    Slack(Value),
}

/// An emoji of a message, and who reacted with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// The emoji, or its short name without colons.
    pub emoji: String,
    /// The ids of the users.
    pub users: Vec<String>,
}

/// A part of an archive that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its place: a file of the archive, and the id of the message if it is one.
    pub place: String,
    /// The reason, a clause in English.
    pub reason: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
