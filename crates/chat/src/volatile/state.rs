use std::collections::{BTreeMap, HashMap};

use wire::{Epoch, GroupId, GroupSummary, Json, Member, Page, Person, Role, SendId, Seq, Topic, UserId};

use super::Window;
use super::log::VolatileLog;
use crate::session::{Session, TokenHash};
use crate::store::{BodyHash, Change, Draft, Fact, Groups, Outcome, Range, Roster, Sender, Version, Write};

/// Everything a volatile store knows.
pub(super) struct State {
    window: Window,
    logs: HashMap<Topic, VolatileLog>,
    /// Which log was written to when: the first is the one to shorten.
    by_age: BTreeMap<u64, Topic>,
    ages: HashMap<Topic, u64>,
    next_age: u64,
    bytes: usize,
    sent: HashMap<(Sender, SendId), Sent>,
    people: HashMap<UserId, Person>,
    sessions: HashMap<TokenHash, Stored>,
    groups: HashMap<GroupId, Group>,
    /// The groups of each user, the one joined first first.
    joined: HashMap<UserId, Vec<GroupId>>,
}

struct Sent {
    topic: Topic,
    seq: Seq,
    body: BodyHash,
    at: wire::Timestamp,
}

struct Stored {
    user: UserId,
    since: wire::Timestamp,
    seen: wire::Timestamp,
}

struct Group {
    summary: GroupSummary,
    limit: u32,
    members: Vec<Member>,
    version: Version,
}

impl State {
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            logs: HashMap::new(),
            by_age: BTreeMap::new(),
            ages: HashMap::new(),
            next_age: 0,
            bytes: 0,
            sent: HashMap::new(),
            people: HashMap::new(),
            sessions: HashMap::new(),
            groups: HashMap::new(),
            joined: HashMap::new(),
        }
    }

    pub(super) fn write(&mut self, write: &Write) -> Outcome {
        match write {
            Write::Post(draft) => self.post(draft),
            Write::Change(change) => self.change(change),
            Write::Introduce { person, token, at } => {
                self.people.insert(person.id, person.clone());
                self.sessions.insert(*token, Stored { user: person.id, since: *at, seen: *at });
                Outcome::Done
            }
            Write::Touch { token, at } => {
                if let Some(session) = self.sessions.get_mut(token) {
                    session.seen = *at;
                }
                Outcome::Done
            }
        }
    }

    pub(super) fn page(&self, topic: &Topic, range: Range, epoch: Epoch) -> Page<Json> {
        match self.logs.get(topic) {
            Some(log) => {
                let entries = log.entries(topic, range);
                Page { entries, epoch, begins: log.begins(), head: log.head }
            }
            None => Page { entries: Vec::new(), epoch, begins: Seq(1), head: Seq::ZERO },
        }
    }

    pub(super) fn roster(&self, id: GroupId) -> Option<Roster> {
        self.groups.get(&id).map(|group| Roster {
            group: group.summary.clone(),
            limit: group.limit,
            members: group.members.clone(),
            version: group.version,
            head: self.head(&Topic::group(id)),
        })
    }

    pub(super) fn seat(&self, group: GroupId, user: UserId) -> Option<Role> {
        let members = &self.groups.get(&group)?.members;
        members.iter().find(|member| member.person.id == user).map(|member| member.role)
    }

    pub(super) fn groups(&self, user: UserId) -> Groups {
        let joined = self.joined.get(&user).map(Vec::as_slice).unwrap_or_default();
        let newest_first = joined.iter().rev().filter_map(|id| self.groups.get(id));
        Groups {
            groups: newest_first.map(|group| group.summary.clone()).collect(),
            head: self.head(&Topic::user(user)),
        }
    }

    pub(super) fn session(&self, token: TokenHash) -> Option<Session> {
        let stored = self.sessions.get(&token)?;
        let person = self.people.get(&stored.user)?.clone();
        Some(Session { person, since: stored.since, seen: stored.seen })
    }

    fn post(&mut self, draft: &Draft) -> Outcome {
        if let Some(sent) = self.sent.get(&(draft.sender, draft.id.clone())) {
            return if sent.topic == draft.topic && sent.body == draft.body {
                Outcome::Repeated { seq: sent.seq, at: sent.at }
            } else {
                Outcome::SendIdTaken
            };
        }
        if draft.seat.is_some_and(|(group, user)| self.seat(group, user).is_none()) {
            return Outcome::NoSeat;
        }
        Outcome::Posted { seq: self.append(draft) }
    }

    fn change(&mut self, change: &Change) -> Outcome {
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

    fn establish(&mut self, id: GroupId, fact: &Fact) {
        if let Fact::Created { name, limit, .. } = fact {
            let summary = GroupSummary { id, name: name.clone() };
            let group = Group { summary, limit: *limit, members: Vec::new(), version: Version(0) };
            self.groups.insert(id, group);
        }
        let Some(group) = self.groups.get_mut(&id) else { return };
        match fact {
            Fact::Created { .. } => {}
            Fact::Seated(member) => {
                group.members.push(member.clone());
                self.joined.entry(member.person.id).or_default().push(id);
            }
            Fact::Unseated(user) => {
                group.members.retain(|member| member.person.id != *user);
                self.joined.entry(*user).or_default().retain(|joined| *joined != id);
            }
            Fact::Ranked(user, role) => {
                for member in group.members.iter_mut().filter(|member| member.person.id == *user) {
                    member.role = *role;
                }
            }
        }
    }

    fn append(&mut self, draft: &Draft) -> Seq {
        let log = self.logs.entry(draft.topic.clone()).or_default();
        let seq = log.append(draft);
        self.bytes += draft.data.as_str().len() + 200;
        let sent = Sent { topic: draft.topic.clone(), seq, body: draft.body, at: draft.at };
        self.sent.insert((draft.sender, draft.id.clone()), sent);
        let crowded = log.len() > self.window.entries;
        self.age(&draft.topic);
        if crowded {
            self.forget(&draft.topic.clone());
        }
        while self.bytes > self.window.bytes {
            let Some(topic) = self.by_age.values().next().cloned() else { break };
            self.forget(&topic);
        }
        seq
    }

    /// Marks a log as the one written to last.
    fn age(&mut self, topic: &Topic) {
        self.next_age += 1;
        if let Some(age) = self.ages.insert(topic.clone(), self.next_age) {
            self.by_age.remove(&age);
        }
        self.by_age.insert(self.next_age, topic.clone());
    }

    /// Gives up the oldest entry of a log, and its id with it.
    fn forget(&mut self, topic: &Topic) {
        let Some(log) = self.logs.get_mut(topic) else { return };
        if let Some(kept) = log.forget() {
            self.bytes -= kept.bytes();
            self.sent.remove(&(kept.sender, kept.entry.id));
        }
        if log.len() == 0
            && let Some(age) = self.ages.remove(topic)
        {
            self.by_age.remove(&age);
        }
    }

    fn head(&self, topic: &Topic) -> Seq {
        self.logs.get(topic).map_or(Seq::ZERO, |log| log.head)
    }
}
