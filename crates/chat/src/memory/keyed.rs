//! Users and groups that an application names by keys, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use wire::{Description, GroupId, Person, PersonName, Timestamp, UserId};

use super::records::StoredProfile;
use super::state::ApplicationState;
use crate::ports::store::{
    CALLED, ExternalKey, FoundUser, KeyedGroup, KeyedUser, PutUser, PutUserOutcome, Sessions, Version,
    folded, past,
};

/// Users and groups with keys.
impl ApplicationState {
    pub(super) fn user_by_key(&self, key: &ExternalKey) -> Option<KeyedUser> {
        let (user, version) = self.user_keys.get(key)?;
        let bio = self.profiles.get(user).map(|told| told.bio.clone()).unwrap_or_default();
        Some(KeyedUser { key: key.clone(), person: self.person(*user)?, bio, version: *version })
    }

    pub(super) fn key_of_user(&self, user: UserId) -> Option<KeyedUser> {
        self.user_by_key(self.keys_of_users.get(&user)?)
    }

    pub(super) fn users_with(&self, words: &str, limit: usize) -> Vec<FoundUser> {
        let is_person = |user: &UserId| !self.deleted.contains(user);
        let found =
            |user: UserId| Some(FoundUser { person: self.person(user)?, keyed: self.key_of_user(user) });
        let (from, past) = (ExternalKey::new(words).ok(), past(words));
        let from = from.as_ref().map_or(Bound::Unbounded, Bound::Included);
        let keys = self.user_keys.range((from, Bound::Unbounded));
        let keys = keys.skip_while(|(key, _)| key.as_str() < words);
        let by_key = keys.take_while(|(key, _)| key.as_str() < past.as_str()).map(|(_, (user, _))| *user);
        let mut users: Vec<UserId> = by_key.take(limit).collect();
        let words = folded(words);
        let mut named: BTreeMap<(String, UserId), UserId> = BTreeMap::new();
        for names in [&self.guest_names, &self.account_names] {
            let mut seen = BTreeSet::new();
            for user in names.with(&words).take(2 * CALLED) {
                if seen.len() >= CALLED {
                    break;
                }
                if seen.insert(user)
                    && let Some(person) = self.person(user)
                {
                    named.insert((folded(person.name.as_str()), user), user);
                }
            }
        }
        let seen: BTreeSet<UserId> = users.iter().copied().collect();
        users.extend(named.into_values().filter(|user| !seen.contains(user)).filter(is_person));
        users.into_iter().filter_map(found).take(limit).collect()
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
                self.keys_of_users.insert(person.id, key.clone());
                self.tokens_valid_from.insert(person.id, valid_from);
            }
        }
        match self.user_by_key(key) {
            Some(user) => PutUserOutcome::Put { user, created },
            None => PutUserOutcome::Stale,
        }
    }

    pub(super) fn remove_user(&mut self, user: UserId, name: &PersonName, at: Timestamp) {
        if let Some(key) = self.keys_of_users.remove(&user) {
            self.user_keys.remove(&key);
        }
        self.rename(user, name);
        // Nobody looks for them any more.
        self.guest_names.remove(name.as_str(), user);
        self.account_names.remove(name.as_str(), user);
        self.set_bio(user, Description::default());
        if let Some(told) = self.profiles.get_mut(&user) {
            told.picture = None;
        }
        self.blocks.remove(&user);
        self.forget_identities(user);
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
