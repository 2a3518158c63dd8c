//! Users and groups that an application names by keys, in memory.

use std::ops::Bound;

use wire::{Description, GroupId, Person, PersonName, Timestamp, UserId};

use super::records::StoredProfile;
use super::state::ApplicationState;
use crate::ports::store::{ExternalKey, KeyedGroup, KeyedUser, PutUser, PutUserOutcome, Sessions, Version};

/// Users and groups with keys.
impl ApplicationState {
    pub(super) fn user_by_key(&self, key: &ExternalKey) -> Option<KeyedUser> {
        let (user, version) = self.user_keys.get(key)?;
        let bio = self.profiles.get(user).map(|told| told.bio.clone()).unwrap_or_default();
        Some(KeyedUser { key: key.clone(), person: self.person(*user)?, bio, version: *version })
    }

    pub(super) fn key_of_user(&self, user: UserId) -> Option<KeyedUser> {
        let (key, _) = self.user_keys.iter().find(|(_, (keyed, _))| *keyed == user)?;
        self.user_by_key(key)
    }

    pub(super) fn users_by_key(&self, after: Option<&ExternalKey>, limit: usize) -> Vec<KeyedUser> {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let keys = self.user_keys.range((begin, Bound::Unbounded)).map(|(key, _)| key);
        keys.filter_map(|key| self.user_by_key(key)).take(limit).collect()
    }

    pub(super) fn group_by_key(&self, key: &ExternalKey) -> Option<KeyedGroup> {
        self.group_keys.get(key).map(|group| KeyedGroup { key: key.clone(), group: *group })
    }

    pub(super) fn key_of_group(&self, group: GroupId) -> Option<KeyedGroup> {
        let (key, _) = self.group_keys.iter().find(|(_, keyed)| **keyed == group)?;
        Some(KeyedGroup { key: key.clone(), group })
    }

    pub(super) fn groups_by_key(&self, after: Option<&ExternalKey>, limit: usize) -> Vec<KeyedGroup> {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let keyed = self.group_keys.range((begin, Bound::Unbounded)).take(limit);
        keyed.map(|(key, group)| KeyedGroup { key: key.clone(), group: *group }).collect()
    }

    pub(super) fn put_user(&mut self, put: &PutUser) -> PutUserOutcome {
        let PutUser { key, person, bio, version, sign_up, at } = put;
        let present = self.user_by_key(key);
        if version.is_some() && *version != present.as_ref().map(|user| user.version) {
            return PutUserOutcome::Stale;
        }
        let created = present.is_none();
        let valid_from = self.ended_user_keys.get(key).copied().unwrap_or_default();
        if created && sign_up.is_some_and(|sign_up| sign_up.issued < valid_from) {
            return PutUserOutcome::Stale;
        }
        match present {
            Some(_) if sign_up.is_some() => {}
            Some(present) => {
                let bio = bio.clone().unwrap_or_else(|| present.bio.clone());
                if (&present.person.name, &present.bio) != (&person.name, &bio) {
                    self.rename(present.person.id, &person.name);
                    self.set_bio(present.person.id, bio);
                    self.user_keys.insert(key.clone(), (present.person.id, Version(present.version.0 + 1)));
                }
            }
            None => {
                self.people.insert(person.id, person.clone());
                self.guest_names.insert(person.name.as_str(), person.id);
                let bio = bio.clone().unwrap_or_default();
                self.profiles.insert(person.id, StoredProfile { since: *at, bio, picture: None });
                self.user_keys.insert(key.clone(), (person.id, Version(1)));
                self.tokens_valid_from.insert(person.id, valid_from);
            }
        }
        match self.user_by_key(key) {
            Some(user) => PutUserOutcome::Put { user, created },
            None => PutUserOutcome::Stale,
        }
    }

    pub(super) fn remove_user(&mut self, user: UserId, name: &PersonName, at: Timestamp) {
        self.user_keys.retain(|_, (keyed, _)| *keyed != user);
        self.rename(user, name);
        self.set_bio(user, Description::default());
        if let Some(told) = self.profiles.get_mut(&user) {
            told.picture = None;
        }
        self.blocks.remove(&user);
        self.deleted.insert(user);
        self.sign_out(user, Sessions::All, at);
    }

    fn set_bio(&mut self, user: UserId, bio: Description) {
        if let Some(told) = self.profiles.get_mut(&user) {
            told.bio = bio;
        }
    }

    /// Gives a user another name, in the lists of members too.
    fn rename(&mut self, user: UserId, name: &PersonName) {
        let Some(before) = self.people.get(&user).map(|person| person.name.clone()) else { return };
        let names =
            if self.accounts.contains_key(&user) { &mut self.account_names } else { &mut self.guest_names };
        names.remove(before.as_str(), user);
        names.insert(name.as_str(), user);
        let person = Person { id: user, name: name.clone() };
        for group in self.groups.values_mut() {
            group.change_seat(user, |member| member.person = person.clone());
        }
        self.people.insert(user, person);
    }
}
