//! The first pass over a bulk export: users, conversations with their members, and where each post is.

use std::collections::HashMap;
use std::io::{Seek, SeekFrom};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Mattermost, json};
use crate::limits::{CONVERSATIONS, MEMBERS, SORTED_MESSAGES, USERS};
use crate::lines::{Lines, Place};
use crate::{ArchiveError, Conversation, Kind, Record, User};

/// The lines that say nothing about conversations.
const PASSED_OVER: [&str; 7] = ["info", "version", "team", "scheme", "role", "emoji", "bot_icon"];

/// The place of a post. Its order is that of the messages of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub conversation: u32,
    pub at: i64,
    /// The bytes of the file before it.
    pub offset: u64,
    /// The time and the author of the post that it answers.
    pub parent: Option<(i64, u32)>,
}

/// The conversations, by their ids.
#[derive(Default)]
pub(super) struct Conversations {
    all: Vec<WithMembers>,
    numbers: HashMap<String, u32>,
    memberships: usize,
}

/// A conversation, and its members as numbers of users, with true for an admin.
pub(super) struct WithMembers {
    pub conversation: Conversation,
    pub members: Vec<(u32, bool)>,
}

impl Conversations {
    pub(super) fn get(&self, number: u32) -> Option<&WithMembers> {
        self.all.get(number as usize)
    }

    fn number(&self, id: &str) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    fn add(&mut self, conversation: Conversation, members: Vec<(u32, bool)>) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(conversation.id.clone()).or_insert_with(|| {
            self.memberships += members.len();
            self.all.push(WithMembers { conversation, members });
            next
        })
    }

    fn add_member(&mut self, number: u32, user: u32, admin: bool) {
        if let Some(of) = self.all.get_mut(number as usize) {
            of.members.push((user, admin));
            self.memberships += 1;
        }
    }
}

impl Mattermost {
    /// Reads all lines once.
    pub(super) fn index(&mut self) -> Result<(), ArchiveError> {
        let name = self.name.clone();
        let file = self.lines.try_clone().map_err(|error| ArchiveError::reading(&name, &error))?;
        let mut lines = Lines::new(&name, file);
        let mut has_version = false;
        while let Some((place, text)) = lines.next()? {
            let wrong = |error: &serde_json::Error| ArchiveError::json_line(&name, place.number, error);
            let line: json::Line<'_> = serde_json::from_slice(text).map_err(|error| wrong(&error))?;
            if !has_version && (line.kind != "version" || line.version.is_none_or(|it| it.get() != "1")) {
                return Err(ArchiveError::at(
                    &name,
                    place.number,
                    "the first line says that the version is 1",
                ));
            }
            has_version = true;
            self.line(&line, place, text).map_err(|error| wrong(&error))?;
            self.check_counts(&name, place.number)?;
        }
        if !has_version {
            return Err(ArchiveError::of(&name, "is empty"));
        }
        self.lines.seek(SeekFrom::Start(0)).map_err(|error| ArchiveError::reading(&name, &error))?;
        for of in &mut self.conversations.all {
            of.members.sort_unstable();
            of.members.dedup_by_key(|(user, _)| *user);
        }
        // Taken from the end, so that what was read needs no memory any more.
        self.items.sort_unstable_by(|a, b| b.cmp(a));
        let left_out = std::mem::take(&mut self.ready);
        self.ready = self.users.all().iter().cloned().map(Record::User).collect();
        self.ready.extend(left_out);
        Ok(())
    }

    fn check_counts(&self, name: &str, line: u64) -> Result<(), ArchiveError> {
        let counts = [
            (self.users.all().len(), USERS, "users"),
            (self.conversations.all.len(), CONVERSATIONS, "conversations"),
            (self.conversations.memberships, MEMBERS, "members"),
            (self.items.len(), SORTED_MESSAGES, "messages"),
        ];
        match counts.into_iter().find(|(count, most, _)| count > most) {
            Some((_, most, of)) => {
                Err(ArchiveError::at(name, line, format!("there are more than {most} {of}")))
            }
            None => Ok(()),
        }
    }

    fn line(&mut self, line: &json::Line<'_>, place: Place, text: &[u8]) -> Result<(), serde_json::Error> {
        match &*line.kind {
            "channel" => self.channel(read(line.channel)?),
            "user" => self.user(read(line.user)?),
            "bot" => {
                let json::Bot { username, display_name, description, delete_at } = read(line.bot)?;
                let name = display_name.filter(|name| !name.is_empty()).unwrap_or_else(|| username.clone());
                self.users.add(User {
                    bio: description.unwrap_or_default(),
                    bot: true,
                    deleted: delete_at.is_some_and(|at| at > 0),
                    id: username,
                    name,
                    picture: None,
                });
            }
            "direct_channel" => {
                let json::DirectChannel { members, participants, header } = read(line.direct_channel)?;
                let participants = participants.into_iter().flatten().map(|of| of.username);
                let members = members.unwrap_or_else(|| participants.collect());
                self.direct(members, header.unwrap_or_default());
            }
            "post" => self.placed(line.post, place, text)?,
            "direct_post" => self.placed(line.direct_post, place, text)?,
            other if PASSED_OVER.contains(&other) => {}
            other => {
                let reason = format!("a line of the type {}", crate::error::printable(other));
                self.leave_out(format!("line {}", place.number), reason);
            }
        }
        Ok(())
    }

    fn channel(&mut self, channel: json::Channel) {
        let json::Channel { team, name, display_name, kind, header, purpose, deleted_at } = channel;
        let conversation = Conversation {
            announcing: false,
            archived: deleted_at > 0,
            created_at: None,
            description: if purpose.is_empty() { header } else { purpose },
            id: format!("{team}/{name}"),
            kind: if kind == "O" { Kind::Open } else { Kind::Private },
            limit: None,
            name: if display_name.trim().is_empty() { name } else { display_name },
            slow_s: 0,
        };
        self.conversations.add(conversation, Vec::new());
    }

    fn user(&mut self, user: json::User) {
        let json::User { username, nickname, first_name, last_name, position, delete_at, teams } = user;
        let full = [first_name, last_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let names = [nickname.unwrap_or_default(), full.trim().to_owned(), username.clone()];
        let number = self.users.add(User {
            bio: position.unwrap_or_default(),
            bot: false,
            deleted: delete_at.is_some_and(|at| at > 0),
            name: names.into_iter().find(|name| !name.trim().is_empty()).unwrap_or_default(),
            id: username,
            picture: None,
        });
        for team in teams.into_iter().flatten() {
            for channel in team.channels.into_iter().flatten() {
                let is_admin =
                    channel.roles.is_some_and(|roles| roles.split(' ').any(|role| role == "channel_admin"));
                if let Some(of) = self.conversations.number(&format!("{}/{}", team.name, channel.name)) {
                    self.conversations.add_member(of, number, is_admin);
                }
            }
        }
    }

    /// Returns the number of a direct, or of a group without a name, with exactly these members.
    fn direct(&mut self, mut members: Vec<String>, description: String) -> u32 {
        members.sort_unstable();
        members.dedup();
        let kind = if members.len() == 2 { Kind::Direct } else { Kind::Private };
        let conversation = Conversation {
            announcing: false,
            archived: false,
            created_at: None,
            description,
            id: format!("direct:{}", members.join(",")),
            kind,
            limit: None,
            name: if kind == Kind::Direct { String::new() } else { members.join(", ") },
            slow_s: 0,
        };
        let members = members.iter().map(|member| (self.users.number(member), false)).collect();
        self.conversations.add(conversation, members)
    }

    /// Notes where a post and its replies are.
    fn placed(
        &mut self,
        post: Option<&RawValue>,
        place: Place,
        line: &[u8],
    ) -> Result<(), serde_json::Error> {
        let offset =
            |raw: &RawValue| place.offset + (raw.get().as_ptr().addr() - line.as_ptr().addr()) as u64;
        let raw = required(post)?;
        let post: json::Placed<'_> = serde_json::from_str(raw.get())?;
        let conversation = match (&post.team, &post.channel, post.channel_members) {
            (Some(team), Some(channel), _) => self.conversations.number(&format!("{team}/{channel}")),
            (_, _, Some(members)) => Some(self.direct(members, String::new())),
            _ => None,
        };
        let Some(conversation) = conversation else {
            self.leave_out(format!("line {}", place.number), "a post to a channel that no line describes");
            return Ok(());
        };
        let author = self.users.number(&post.user);
        self.name_reacting(post.reactions);
        self.items.push(Item { conversation, at: post.create_at, offset: offset(raw), parent: None });
        for raw in post.replies.into_iter().flatten() {
            let reply: json::Placed<'_> = serde_json::from_str(raw.get())?;
            self.users.number(&reply.user);
            self.name_reacting(reply.reactions);
            // An answer is later than what it answers.
            let at = reply.create_at.max(post.create_at);
            let parent = Some((post.create_at, author));
            self.items.push(Item { conversation, at, offset: offset(raw), parent });
        }
        Ok(())
    }

    fn name_reacting(&mut self, reactions: Option<Vec<json::Reaction>>) {
        for reaction in reactions.into_iter().flatten() {
            self.users.number(&reaction.user);
        }
    }
}

fn required(raw: Option<&RawValue>) -> Result<&RawValue, serde_json::Error> {
    raw.ok_or_else(|| serde::de::Error::custom("the object of the line's type is missing"))
}

fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Result<T, serde_json::Error> {
    serde_json::from_str(required(raw)?.get())
}
