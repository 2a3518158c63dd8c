use std::collections::HashMap;

use wire::{Door, GroupId, GroupSummary, Invite, Member, Person, Settings, Timestamp, Topic, UserId};

use super::conversations::View;
use super::state::State;
use crate::store::{Change, Fact, Listing, Outcome, Roster, Seats, Standing, Version};

pub(super) struct Group {
    pub(super) settings: Settings,
    pub(super) members: Vec<Member>,
    pub(super) bans: Vec<Person>,
    pub(super) invites: Vec<Invite>,
    /// When each member spoke last, where slow mode watches.
    pub(super) spoke: HashMap<UserId, Timestamp>,
    /// Who gave each member their seat, if they did not take it.
    pub(super) given: HashMap<UserId, UserId>,
    /// How each member sees it.
    pub(super) views: HashMap<UserId, View>,
    pub(super) version: Version,
}

impl Group {
    pub(super) fn establish(&mut self, fact: &Fact) {
        match fact {
            Fact::Created { .. } | Fact::Deleted => {}
            Fact::Settled(settings) => self.settings = settings.clone(),
            Fact::Seated(member) => self.members.push(member.clone()),
            Fact::Given { to, by } => {
                self.given.insert(*to, *by);
            }
            Fact::Unseated(user) => {
                self.members.retain(|member| member.person.id != *user);
                self.spoke.remove(user);
                self.given.remove(user);
                self.views.remove(user);
            }
            Fact::Ranked(user, role) => self.change_seat(*user, |member| member.role = *role),
            Fact::Muted(user, until) => self.change_seat(*user, |member| member.muted_until = *until),
            Fact::Banned(person) => self.bans.push(person.clone()),
            Fact::Unbanned(user) => self.bans.retain(|banned| banned.id != *user),
            Fact::Invited(invite) => self.invites.push(invite.clone()),
            Fact::InviteUsed(id) => {
                for invite in self.invites.iter_mut().filter(|invite| invite.id == *id) {
                    invite.uses = invite.uses.map(|uses| uses.saturating_sub(1));
                }
            }
            Fact::InviteGone(id) => self.invites.retain(|invite| invite.id != *id),
        }
    }

    /// A seat with how far the log has come to it.
    pub(super) fn marked(&self, member: &Member) -> Member {
        let view = self.views.get(&member.person.id).copied().unwrap_or_default();
        Member { delivered: view.delivered, read: view.seen, ..member.clone() }
    }

    pub(super) fn change_seat(&mut self, user: UserId, change: impl Fn(&mut Member)) {
        self.members.iter_mut().filter(|member| member.person.id == user).for_each(change);
    }
}

/// Groups.
impl State {
    pub(super) fn roster(&self, id: GroupId) -> Option<Roster> {
        self.groups.get(&id).map(|group| Roster {
            id,
            settings: group.settings.clone(),
            members: group
                .members
                .iter()
                .map(|member| Member {
                    account: self.accounts.contains_key(&member.person.id),
                    ..group.marked(member)
                })
                .collect(),
            bans: group.bans.clone(),
            invites: group.invites.clone(),
            version: group.version,
            head: self.head(&Topic::group(id)),
        })
    }

    pub(super) fn seats(&self, user: UserId, adder: UserId) -> Seats {
        let joined = self.joined.get(&user).map(Vec::as_slice).unwrap_or_default();
        joined.iter().filter_map(|id| self.groups.get(id)).fold(Seats::default(), |mut seats, group| {
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

    pub(super) fn in_group(&self, id: GroupId, user: UserId) -> Option<Standing> {
        let group = self.groups.get(&id)?;
        let view = group.views.get(&user).copied();
        let View { read, delivered, seen, notify, hidden } = view.unwrap_or_default();
        let member = group.members.iter().find(|member| member.person.id == user);
        Some(Standing {
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

    pub(super) fn listings(&self, words: &str, all: bool, limit: usize) -> Vec<Listing> {
        let words = words.to_lowercase();
        let is_listed = |settings: &Settings| settings.door == Door::Listed && !settings.archived;
        let found = self.groups.iter().filter(|(_, group)| {
            (all || is_listed(&group.settings))
                && group.settings.name.as_str().to_lowercase().contains(&words)
        });
        let listing = |(id, group): (&GroupId, &Group)| Listing {
            group: GroupSummary { id: *id, name: group.settings.name.clone() },
            description: group.settings.description.clone(),
            members: u32::try_from(group.members.len()).unwrap_or(u32::MAX),
        };
        let mut found: Vec<Listing> = found.map(listing).collect();
        found.sort_by_key(|listing| (listing.group.name.as_str().to_lowercase(), listing.group.id));
        found.truncate(limit);
        found
    }

    pub(super) fn change(&mut self, change: &Change) -> Outcome {
        if self.groups.get(&change.group).map(|group| group.version) != change.version {
            return Outcome::Stale;
        }
        for fact in &change.facts {
            self.establish(change.group, fact);
        }
        if let Some(group) = self.groups.get_mut(&change.group) {
            group.version = Version(group.version.0 + 1);
        }
        Outcome::Changed { places: change.news.iter().map(|draft| self.append(draft)).collect() }
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
            }
            Fact::Deleted => {
                if let Some(group) = self.groups.remove(&id) {
                    for member in group.members {
                        self.joined.entry(member.person.id).or_default().retain(|joined| *joined != id);
                    }
                }
                self.drop_log(&Topic::group(id));
                self.drop_log(&Topic::audit(id));
            }
            Fact::Seated(member) => {
                let head = self.head(&Topic::group(id));
                if let Some(group) = self.groups.get_mut(&id) {
                    group.views.insert(member.person.id, View { read: head, ..View::default() });
                }
                self.joined.entry(member.person.id).or_default().push(id);
            }
            Fact::Unseated(user) => {
                self.joined.entry(*user).or_default().retain(|joined| *joined != id);
            }
            _ => {}
        }
        if let Some(group) = self.groups.get_mut(&id) {
            group.establish(fact);
        }
    }
}
