//! Groups in memory: rosters, changes and lists.

use std::collections::HashMap;
use std::collections::btree_map::Entry;

use wire::{GroupId, GroupSummary, JoinPolicy, Member, Settings, Timestamp, Topic, UserId};

use super::records::{Group, MemberView};
use super::restricted::author;
use super::state::ApplicationState;
use crate::ports::store::{
    Checked, Draft, ExternalKey, Fact, GroupChange, GroupListing, GroupOverview, GroupWithMessage,
    GroupWithMessageOutcome, ListedMember, LogOutcome, MembershipState, NewMembers, Roster, Version, folded,
};
use crate::rules::Audience;

impl Group {
    pub(super) fn establish(&mut self, fact: &Fact) {
        match fact {
            Fact::Created { .. } | Fact::Keyed(_) | Fact::Numbered | Fact::Deleted | Fact::Hook(_) => {}
            Fact::SettingsChanged(settings) => self.settings = settings.clone(),
            Fact::MemberAdded(member) => self.members.push(member.clone()),
            Fact::AddedBy { to, by } => {
                self.given.insert(*to, *by);
            }
            Fact::MemberRemoved(user) => {
                self.members.retain(|member| member.person.id != *user);
                self.spoke.remove(user);
                self.given.remove(user);
                self.views.remove(user);
            }
            Fact::RoleChanged(user, role) => self.change_seat(*user, |member| member.role = *role),
            Fact::Muted(user, until) => self.change_seat(*user, |member| member.muted_until = *until),
            Fact::Banned(person) => self.bans.push(person.clone()),
            Fact::Unbanned(user) => self.bans.retain(|banned| banned.id != *user),
            Fact::Invited(invite) => self.invites.push(invite.clone()),
            Fact::InviteUsed(id) => {
                for invite in self.invites.iter_mut().filter(|invite| invite.id == *id) {
                    invite.uses = invite.uses.map(|uses| uses.saturating_sub(1));
                }
            }
            Fact::InviteRevoked(id) => self.invites.retain(|invite| invite.id != *id),
        }
    }

    /// Returns a membership with its read state.
    pub(super) fn marked(&self, member: &Member) -> Member {
        let view = self.views.get(&member.person.id).copied().unwrap_or_default();
        Member { delivered: view.delivered, read: view.seen, ..member.clone() }
    }

    pub(super) fn change_seat(&mut self, user: UserId, change: impl Fn(&mut Member)) {
        self.members.iter_mut().filter(|member| member.person.id == user).for_each(change);
    }
}

/// Reading groups and their members, and applying changes.
impl ApplicationState {
    pub(super) fn roster(&self, id: GroupId) -> Option<Roster> {
        self.groups.get(&id).map(|group| Roster {
            id,
            settings: group.settings.clone(),
            members: group
                .members
                .iter()
                .map(|member| Member { account: self.is_known(member.person.id), ..group.marked(member) })
                .collect(),
            bans: group.bans.clone(),
            invites: group.invites.clone(),
            version: group.version,
            head: self.head(&Topic::group(id)),
            owner: None,
        })
    }

    pub(super) fn seats(&self, user: UserId, adder: UserId) -> NewMembers {
        let joined = self.joined.get(&user).map(Vec::as_slice).unwrap_or_default();
        joined.iter().filter_map(|id| self.groups.get(id)).fold(NewMembers::default(), |mut seats, group| {
            match group.given.get(&user) {
                Some(by) => {
                    seats.given += 1;
                    seats.given_by += usize::from(*by == adder);
                }
                None => seats.taken += 1,
            }
            seats
        })
    }

    pub(super) fn share_group(&self, one: UserId, other: UserId) -> bool {
        let joined = |user: UserId| self.joined.get(&user).map(Vec::as_slice).unwrap_or_default();
        joined(one).iter().any(|id| joined(other).contains(id))
    }

    pub(super) fn in_group(&self, id: GroupId, user: UserId) -> Option<MembershipState> {
        let group = self.groups.get(&id)?;
        let view = group.views.get(&user).copied();
        let MemberView { read, delivered, seen, notify, hidden, .. } = view.unwrap_or_default();
        let member = group.members.iter().find(|member| member.person.id == user);
        Some(MembershipState {
            role: member.map(|member| member.role),
            muted_until: member.and_then(|member| member.muted_until),
            spoke_at: group.spoke.get(&user).copied(),
            archived: group.settings.archived,
            announcing: group.settings.announcing,
            slow_s: group.settings.slow_s,
            read,
            delivered,
            seen,
            notify,
            hidden,
            blocked: false,
            blocks: false,
            listed: view.is_some(),
        })
    }

    /// Returns true if a user has an account, or a key of the application.
    fn is_known(&self, user: UserId) -> bool {
        self.accounts.contains_key(&user) || self.keys_of_users.contains_key(&user)
    }

    fn seat(&self, group: &Group, member: &Member) -> Member {
        Member { account: self.is_known(member.person.id), ..group.marked(member) }
    }

    pub(super) fn overview(
        &self,
        id: GroupId,
        viewer: Option<UserId>,
        limit: usize,
    ) -> Option<GroupOverview> {
        let group = self.groups.get(&id)?;
        let mut members: Vec<Member> =
            group.members.iter().take(limit).map(|member| self.seat(group, member)).collect();
        let is_missing = |user: &UserId| members.iter().all(|member| member.person.id != *user);
        if let Some(viewer) = viewer.filter(is_missing) {
            let own = group.members.iter().find(|member| member.person.id == viewer);
            members.extend(own.map(|member| self.seat(group, member)));
        }
        Some(GroupOverview {
            settings: group.settings.clone(),
            members,
            count: u32::try_from(group.members.len()).unwrap_or(u32::MAX),
            head: self.head(&Topic::group(id)),
        })
    }

    pub(super) fn members(
        &self,
        id: GroupId,
        words: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Vec<Member> {
        let Some(group) = self.groups.get(&id) else { return Vec::new() };
        let words = folded(words);
        let after = after.filter(|_| words.is_empty());
        let place = after.and_then(|id| group.members.iter().position(|member| member.person.id == id));
        let fits = |member: &&Member| folded(member.person.name.as_str()).contains(&words);
        let found = group.members.iter().skip(place.map_or(0, |place| place + 1)).filter(fits);
        found.take(limit).map(|member| self.seat(group, member)).collect()
    }

    pub(super) fn members_after(
        &self,
        id: GroupId,
        after: Option<(Timestamp, UserId)>,
        limit: usize,
    ) -> Vec<ListedMember> {
        let Some(group) = self.groups.get(&id) else { return Vec::new() };
        let place = |member: &Member| (member.since, member.person.id);
        let mut found: Vec<&Member> =
            group.members.iter().filter(|member| after.is_none_or(|after| place(member) > after)).collect();
        found.sort_by_key(|member| place(member));
        let listed = |member: &Member| ListedMember {
            member: self.seat(group, member),
            keyed: self.key_of_user(member.person.id),
        };
        found.into_iter().take(limit).map(listed).collect()
    }

    pub(super) fn listings(
        &self,
        words: &str,
        all: bool,
        after: Option<GroupId>,
        limit: usize,
    ) -> Vec<GroupListing> {
        let words = folded(words);
        let names = if all { &self.group_names } else { &self.listed_names };
        let mut found: Vec<GroupId> = Vec::new();
        if words.is_empty() {
            let after = after.and_then(|id| Some((folded(self.groups.get(&id)?.settings.name.as_str()), id)));
            found.extend(names.after(after.as_ref().map(|(name, id)| (name.as_str(), *id))).take(limit));
        } else {
            for id in names.with(&words) {
                if found.len() >= limit {
                    break;
                }
                if !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        let listing = |id: GroupId| {
            let group = self.groups.get(&id)?;
            Some(GroupListing {
                group: GroupSummary { id, name: group.settings.name.clone() },
                description: group.settings.description.clone(),
                members: u32::try_from(group.members.len()).unwrap_or(u32::MAX),
            })
        };
        let mut found: Vec<GroupListing> = found.into_iter().filter_map(listing).collect();
        found.sort_by_cached_key(|listing| (folded(listing.group.name.as_str()), listing.group.id));
        found
    }

    /// Adds a group's name to the index, or removes it.
    fn name(&mut self, id: GroupId, settings: &Settings, on: bool) {
        let is_listed = settings.join_policy == JoinPolicy::Listed && !settings.archived;
        for names in std::iter::once(&mut self.group_names).chain(is_listed.then_some(&mut self.listed_names))
        {
            if on {
                names.insert(settings.name.as_str(), id);
            } else {
                names.remove(settings.name.as_str(), id);
            }
        }
    }

    pub(super) fn change(&mut self, change: &GroupChange) -> Checked {
        if self.groups.get(&change.group).map(|group| group.version) != change.version {
            return Checked::Stale;
        }
        let is_sent = |draft: &Draft| self.sent(draft.sender, &draft.id).is_some();
        if self.is_key_taken(change) || change.news.iter().any(is_sent) {
            return Checked::Stale;
        }
        for fact in &change.facts {
            self.establish(change.group, fact);
        }
        if let Some(group) = self.groups.get_mut(&change.group) {
            group.version = Version(group.version.0 + 1);
        }
        for draft in &change.news {
            self.append(draft.clone());
        }
        Checked::Done
    }

    /// Creates a group with its first message, for everyone or for some members.
    pub(super) fn create_with_message(&mut self, new: GroupWithMessage) -> GroupWithMessageOutcome {
        let GroupWithMessage { change, draft, recipients, files } = new;
        if self.is_key_taken(&change) {
            return GroupWithMessageOutcome::Stale;
        }
        if let Some(outcome) = self.sent_before(&draft) {
            return GroupWithMessageOutcome::Message(outcome);
        }
        if let Err(refusal) = self.files.check(draft.sender, &files) {
            return GroupWithMessageOutcome::Message(LogOutcome::Refused(refusal));
        }
        if self.change(&change) == Checked::Stale {
            return GroupWithMessageOutcome::Stale;
        }
        let topic = draft.topic.clone();
        let seq = match recipients {
            None => self.append(draft),
            Some(users) => {
                let readers = author(&draft).into_iter().chain(users).collect();
                self.append_restricted(draft, &Audience::of(readers))
            }
        };
        self.files.attach(&topic, seq, &files);
        GroupWithMessageOutcome::Message(LogOutcome::Posted { seq })
    }

    fn is_key_taken(&self, change: &GroupChange) -> bool {
        let is_taken = |fact: &Fact| matches!(fact, Fact::Keyed(key) if self.group_keys.contains_key(key));
        change.facts.iter().any(is_taken)
    }

    pub(super) fn establish(&mut self, id: GroupId, fact: &Fact) {
        match fact {
            Fact::Created { settings, .. } => {
                let group = Group {
                    settings: settings.clone(),
                    members: Vec::new(),
                    bans: Vec::new(),
                    invites: Vec::new(),
                    spoke: HashMap::new(),
                    given: HashMap::new(),
                    views: HashMap::new(),
                    version: Version(0),
                };
                self.groups.insert(id, group);
                self.name(id, settings, true);
            }
            Fact::Keyed(key) => {
                self.last_number = self.last_number.max(key.number().unwrap_or_default());
                self.group_keys.insert(key.clone(), id);
            }
            Fact::Numbered => loop {
                self.last_number += 1;
                let Ok(key) = ExternalKey::new(&self.last_number.to_string()) else { break };
                // Numbers that are keys already are passed over.
                if let Entry::Vacant(free) = self.group_keys.entry(key) {
                    free.insert(id);
                    break;
                }
            },
            Fact::Deleted => {
                self.group_keys.retain(|_, keyed| *keyed != id);
                self.hooks.remove_group(id);
                if let Some(group) = self.groups.remove(&id) {
                    self.name(id, &group.settings, false);
                    for member in group.members {
                        self.joined.entry(member.person.id).or_default().retain(|joined| *joined != id);
                    }
                }
                for topic in [Topic::group(id), Topic::audit(id)] {
                    self.drop_log(&topic);
                    self.closed.push(topic);
                }
            }
            Fact::Hook(fact) => self.hooks.establish(id, fact),
            Fact::MemberAdded(member) => {
                let head = self.head(&Topic::group(id));
                if let Some(group) = self.groups.get_mut(&id) {
                    let view =
                        MemberView { since: member.since, joined: head, read: head, ..MemberView::default() };
                    group.views.insert(member.person.id, view);
                }
                self.joined.entry(member.person.id).or_default().push(id);
            }
            Fact::SettingsChanged(settings) => {
                if let Some(old) = self.groups.get(&id).map(|group| group.settings.clone()) {
                    self.name(id, &old, false);
                    self.name(id, settings, true);
                }
            }
            Fact::MemberRemoved(user) => {
                self.joined.entry(*user).or_default().retain(|joined| *joined != id);
            }
            _ => {}
        }
        if let Some(group) = self.groups.get_mut(&id) {
            group.establish(fact);
        }
    }
}
