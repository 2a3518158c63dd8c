//! The JSON of a bulk export, as far as it is read. Unknown fields are passed over.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Line<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub version: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub channel: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub user: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub bot: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub post: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub direct_channel: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub direct_post: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Channel {
    pub team: String,
    pub name: String,
    #[serde(default)]
    pub display_name: String,
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub header: String,
    #[serde(default)]
    pub purpose: String,
    #[serde(default)]
    pub deleted_at: i64,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub username: String,
    #[serde(default)]
    pub nickname: Option<String>,
    #[serde(default)]
    pub first_name: Option<String>,
    #[serde(default)]
    pub last_name: Option<String>,
    #[serde(default)]
    pub position: Option<String>,
    #[serde(default)]
    pub delete_at: Option<i64>,
    #[serde(default)]
    pub teams: Option<Vec<Team>>,
}

#[derive(Deserialize)]
pub(super) struct Team {
    pub name: String,
    #[serde(default)]
    pub channels: Option<Vec<Membership>>,
}

#[derive(Deserialize)]
pub(super) struct Membership {
    pub name: String,
    #[serde(default)]
    pub roles: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Bot {
    pub username: String,
    #[serde(default)]
    pub display_name: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub delete_at: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct DirectChannel {
    #[serde(default)]
    pub members: Option<Vec<String>>,
    #[serde(default)]
    pub participants: Option<Vec<Participant>>,
    #[serde(default)]
    pub header: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Participant {
    pub username: String,
}

/// A post as the first pass needs it: its place, its time, and the users whom it names.
#[derive(Deserialize)]
pub(super) struct Placed<'a> {
    #[serde(default)]
    pub team: Option<String>,
    #[serde(default)]
    pub channel: Option<String>,
    #[serde(default)]
    pub channel_members: Option<Vec<String>>,
    pub user: String,
    pub create_at: i64,
    #[serde(default)]
    pub reactions: Option<Vec<Reaction>>,
    #[serde(borrow, default)]
    pub replies: Option<Vec<&'a RawValue>>,
}

/// A post or a reply, without its replies.
#[derive(Deserialize)]
pub(super) struct Post {
    pub user: String,
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub props: Option<Value>,
    pub create_at: i64,
    #[serde(default)]
    pub edit_at: Option<i64>,
    #[serde(default)]
    pub is_pinned: Option<bool>,
    #[serde(default)]
    pub reactions: Option<Vec<Reaction>>,
    #[serde(default)]
    pub attachments: Option<Vec<Attachment>>,
}

#[derive(Deserialize)]
pub(super) struct Reaction {
    pub user: String,
    pub emoji_name: String,
    #[serde(default)]
    pub create_at: i64,
}

#[derive(Deserialize)]
pub(super) struct Attachment {
    pub path: String,
}
