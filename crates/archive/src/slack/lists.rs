//! The lists of a Slack export: users and conversations.

use serde::de::DeserializeOwned;

use super::{Slack, json};
use crate::limits::{CONVERSATIONS, MEMBERS, USERS};
use crate::{ArchiveError, Conversation, Kind, Member, Record, User};

/// A conversation of the lists.
pub(super) struct Listed {
    pub conversation: Conversation,
    pub members: Vec<Member>,
    /// The folders in which its messages may be.
    pub folders: Vec<String>,
}

impl Slack {
    /// Reads the lists, and announces the users.
    pub(super) fn read_lists(&mut self) -> Result<(), ArchiveError> {
        let users: Vec<json::User> = self.read_list("users.json")?;
        check_count("users.json", users.len(), USERS)?;
        for user in users {
            if !self.users.insert(user.id.clone()) {
                let problem = format!("has the user {:?} twice", user.id);
                return Err(ArchiveError::of("users.json", problem));
            }
            self.ready.push_back(Record::User(named(user)));
        }
        let mut memberships = 0;
        for (file, kind) in [
            ("channels.json", Kind::Open),
            ("groups.json", Kind::Private),
            ("mpims.json", Kind::Private),
            ("dms.json", Kind::Direct),
        ] {
            if !self.zip.has(&format!("{}{file}", self.root)) {
                continue;
            }
            let conversations: Vec<json::Conversation> = self.read_list(file)?;
            check_count(file, self.conversations.len() + conversations.len(), CONVERSATIONS)?;
            memberships += conversations.iter().map(|of| of.members.len()).sum::<usize>();
            check_count(file, memberships, MEMBERS)?;
            self.conversations.extend(conversations.into_iter().map(|of| listed(of, kind)));
        }
        // One may be in two of the lists.
        let mut known = std::collections::HashSet::new();
        self.conversations.retain(|listed| known.insert(listed.conversation.id.clone()));
        Ok(())
    }

    fn read_list<T: DeserializeOwned>(&mut self, name: &str) -> Result<Vec<T>, ArchiveError> {
        let content = self.zip.read_json_file(&format!("{}{name}", self.root))?;
        serde_json::from_slice(&content).map_err(|error| ArchiveError::json(name, &error))
    }
}

fn check_count(file: &str, count: usize, most: usize) -> Result<(), ArchiveError> {
    if count <= most {
        return Ok(());
    }
    Err(ArchiveError::of(file, format!("has more than {most} users, conversations or members")))
}

/// Returns a user under the name that others see in Slack.
fn named(user: json::User) -> User {
    let json::User { id, name, deleted, is_bot, real_name, profile } = user;
    let names = [profile.display_name, profile.real_name, real_name, name, profile.name];
    let name = names.into_iter().flatten().find(|name| !name.trim().is_empty());
    User {
        name: name.unwrap_or_else(|| id.clone()),
        id,
        deleted,
        bot: is_bot,
        bio: profile.title.unwrap_or_default(),
        picture: None,
    }
}

fn listed(conversation: json::Conversation, kind: Kind) -> Listed {
    let json::Conversation { id, name, created, creator, is_archived, mut members, purpose, topic } =
        conversation;
    // A direct with oneself, or with somebody who is not named, is a group of one.
    members.dedup();
    let kind = if kind == Kind::Direct && members.len() != 2 { Kind::Private } else { kind };
    let name = name.filter(|name| !name.is_empty());
    let folders = name.iter().cloned().chain([id.clone()]).collect();
    let description = [purpose.value, topic.value].into_iter().flatten().find(|text| !text.is_empty());
    let member = |user: String| Member {
        admin: creator.as_ref() == Some(&user),
        conversation: id.clone(),
        joined_at: None,
        user,
    };
    Listed {
        members: members.into_iter().map(member).collect(),
        folders,
        conversation: Conversation {
            announcing: false,
            archived: is_archived,
            // A conversation without a time of its creation has 0.
            created_at: created.filter(|created| *created > 0).map(|created| created.saturating_mul(1_000)),
            description: description.unwrap_or_default(),
            name: if kind == Kind::Direct { String::new() } else { name.unwrap_or_else(|| id.clone()) },
            id,
            kind,
            limit: None,
            slow_s: 0,
        },
    }
}
