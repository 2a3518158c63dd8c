//! The ids of users and conversations in an export.

use std::collections::HashMap;

use archive::own::APPLICATION;
use wire::{Conversation, GroupId, UserId};

use crate::names::ExternalKey;
use crate::ports::store::StoreReader;
use crate::service::error::Fault;
use crate::service::import::ids::own_prefix;

/// The users, groups or logs that are read at once.
const PAGE: usize = 1_000;

/// The ids of users and conversations in an export.
pub(super) struct Names {
    /// The author of what the application itself does.
    owner: UserId,
    /// All users; those that came from another export with their ids there.
    users: HashMap<UserId, Option<Box<str>>>,
    /// The groups that came from another export, with their ids there.
    groups: HashMap<GroupId, Box<str>>,
}

impl Names {
    pub(super) async fn read(reader: &dyn StoreReader, owner: UserId) -> Result<Self, Fault> {
        let mut names = Self { owner, users: HashMap::new(), groups: HashMap::new() };
        let mut after = None;
        loop {
            let page = reader.users(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.person.id);
            names.users.extend(page.iter().map(|profile| (profile.person.id, None)));
        }
        names.read_keys(reader).await?;
        Ok(names)
    }

    /// Reads the keys of users and groups that came from another export.
    async fn read_keys(&mut self, reader: &dyn StoreReader) -> Result<(), Fault> {
        let prefix = own_prefix();
        let mut after = ExternalKey::new(&prefix).ok();
        while let Some(key) = after.take() {
            for user in reader.users_by_key(Some(&key), PAGE).await? {
                let Some(id) = user.key.as_str().strip_prefix(&prefix) else { break };
                self.users.insert(user.person.id, Some(id.into()));
                after = Some(user.key);
            }
        }
        let mut after = ExternalKey::new(&prefix).ok();
        while let Some(key) = after.take() {
            for group in reader.groups_by_key(Some(&key), PAGE).await? {
                let Some(id) = group.key.as_str().strip_prefix(&prefix) else { break };
                self.groups.insert(group.group, id.into());
                after = Some(group.key);
            }
        }
        Ok(())
    }

    /// Returns the id of a user, or of the application; none for anybody else, such as the bot of a webhook.
    pub(super) fn user(&self, user: UserId) -> Option<String> {
        if user == self.owner {
            return Some(APPLICATION.to_owned());
        }
        let own = self.users.get(&user)?;
        Some(own.as_ref().map_or_else(|| user.to_string(), |id| id.clone().into()))
    }

    /// Returns all users in the order of their ids.
    pub(super) fn users(&self) -> Vec<(String, UserId)> {
        let mut users: Vec<_> =
            self.users.keys().filter_map(|user| self.user(*user).map(|id| (id, *user))).collect();
        users.sort_unstable();
        users
    }

    /// Returns all conversations with a log, in the order of their ids.
    pub(super) async fn conversations(
        &self,
        reader: &dyn StoreReader,
    ) -> Result<Vec<(String, Conversation)>, Fault> {
        let (mut conversations, mut after) = (Vec::new(), None);
        loop {
            let page = reader.logs(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.topic.clone());
            for conversation in page.iter().filter_map(|log| log.topic.conversation()) {
                conversations.extend(self.conversation(conversation).map(|id| (id, conversation)));
            }
        }
        conversations.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(conversations)
    }

    /// Returns the id of a conversation; none for a direct of somebody who is no user.
    fn conversation(&self, conversation: Conversation) -> Option<String> {
        match conversation {
            Conversation::Group(group) => {
                Some(self.groups.get(&group).map_or_else(|| group.to_string(), |id| id.to_string()))
            }
            Conversation::Direct(pair) => {
                let [one, other] = pair.people().map(|user| self.users.contains_key(&user).then_some(user));
                let mut ids = [self.user(one?)?, self.user(other?)?];
                ids.sort_unstable();
                Some(ids.join("-"))
            }
        }
    }
}
