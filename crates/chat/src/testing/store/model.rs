//! The model of a store.

use wire::{
    Conversation, ConversationItem, ConversationSummary, Entry, Epoch, GroupId, Json, Member,
    NotificationLevel, Page, Refusal, Seq, Topic, UserId,
};

use crate::ports::store::{
    BodyHash, Conversations, Draft, Fact, GroupChange, Outcome, Permission, Range, Roster, Sender, Version,
    Write,
};

/// The contract of a store in its simplest form: lists that are searched from end to end.
#[derive(Default)]
pub(super) struct Model {
    entries: Vec<Sent>,
    groups: Vec<Roster>,
    /// All memberships, in the order in which they began.
    seats: Vec<(GroupId, UserId)>,
}

struct Sent {
    sender: Sender,
    body: BodyHash,
    entry: Entry<Json>,
}

impl Model {
    pub(super) fn write(&mut self, write: &Write) -> Outcome {
        match write {
            Write::Post(draft) => self.post(draft),
            Write::ChangeGroup(change) => self.change(change),
            Write::CreateGuest { .. } | Write::TouchSession { .. } => Outcome::Done,
            Write::PutUser(_)
            | Write::RemoveUser { .. }
            | Write::UserTokens(_)
            | Write::PostFirstInGroup { .. }
            | Write::CreateAccount { .. }
            | Write::SetBio { .. }
            | Write::SetAvatar { .. }
            | Write::WithAudit { .. }
            | Write::SetPassword { .. }
            | Write::SetApplicationRole { .. }
            | Write::CreateReset { .. }
            | Write::ResetPassword { .. }
            | Write::SignIn { .. }
            | Write::SignOut { .. }
            | Write::MakeOwner { .. }
            | Write::Transaction { .. }
            | Write::TakeAttempts { .. }
            | Write::ReturnAttempts { .. }
            | Write::RememberDevice { .. }
            | Write::Sweep(_) => {
                panic!("the histories have no accounts; they have cases of their own")
            }
            Write::KeepRefusals { .. } | Write::Jobs(_) => {
                panic!("the histories have no jobs; they have cases of their own")
            }
            Write::Applications(_) => {
                panic!("the histories have one application; there are cases of their own")
            }
            Write::PostFirst { .. } | Write::Block { .. } => {
                panic!("the histories have no directs; they have cases of their own")
            }
            Write::SetRead { .. }
            | Write::SetDelivered { .. }
            | Write::SetOwnDelivered { .. }
            | Write::SetPreferences { .. } => {
                panic!("the histories have no marks; they have cases of their own")
            }
            Write::Trim { .. } | Write::SetRetention { .. } => {
                panic!("the histories keep everything; trims have cases of their own")
            }
            Write::Publish { .. } => panic!("the histories have no bounds; they have cases of their own"),
            Write::PostRestricted(_) => {
                panic!("the histories have no restricted messages; they have cases of their own")
            }
            Write::Amend(_) => panic!("the histories have no amendments; they have cases of their own"),
        }
    }

    pub(super) fn page(&self, topic: &Topic, range: Range, epoch: Epoch) -> Page<Json> {
        let of_topic = self.entries.iter().map(|sent| &sent.entry).filter(|entry| entry.topic == *topic);
        let mut entries: Vec<_> = of_topic
            .filter(|entry| range.after.is_none_or(|after| entry.seq > after))
            .filter(|entry| range.before.is_none_or(|before| entry.seq < before))
            .cloned()
            .collect();
        if range.after.is_some() {
            entries.truncate(range.limit);
        } else {
            entries.drain(..entries.len().saturating_sub(range.limit));
        }
        Page { entries, epoch, begins: Seq(1), head: self.head(topic) }
    }

    pub(super) fn roster(&self, group: GroupId) -> Option<Roster> {
        let roster = self.groups.iter().find(|roster| roster.id == group)?;
        Some(Roster { head: self.head(&Topic::group(group)), ..roster.clone() })
    }

    pub(super) fn conversations(&self, user: UserId) -> Conversations {
        let joined = self.seats.iter().filter(|(_, seated)| *seated == user);
        let mut mine: Vec<ConversationItem> = joined
            .filter_map(|(group, _)| {
                let roster = self.roster(*group)?;
                let newest = self.entries.iter().rev().find(|sent| sent.entry.topic == Topic::group(*group));
                let since = roster.member(user)?.since;
                Some(ConversationItem {
                    what: ConversationSummary::Group(roster.summary()),
                    unread: 0,
                    mentions: 0,
                    notify: NotificationLevel::All,
                    hidden: false,
                    head: roster.head,
                    at: newest.map_or(since, |sent| sent.entry.timestamp),
                })
            })
            .collect();
        mine.sort_by_key(|mine| std::cmp::Reverse((mine.at, mine.what.topic())));
        Conversations { mine, more: false, head: self.head(&Topic::user(user)) }
    }

    pub(super) fn member(&self, group: GroupId, user: UserId) -> Option<Member> {
        self.roster(group)?.member(user).cloned()
    }

    fn head(&self, topic: &Topic) -> Seq {
        Seq(self.entries.iter().filter(|sent| sent.entry.topic == *topic).count() as u64)
    }

    fn post(&mut self, draft: &Draft) -> Outcome {
        let same_id = |sent: &&Sent| sent.sender == draft.sender && sent.entry.id == draft.id;
        if let Some(sent) = self.entries.iter().find(same_id) {
            return if sent.entry.topic == draft.topic && sent.body == draft.body {
                Outcome::Repeated { seq: sent.entry.seq, at: sent.entry.timestamp }
            } else {
                Outcome::SendIdTaken
            };
        }
        match draft.right {
            Some(Permission { conversation: Conversation::Direct(_), .. }) => {
                panic!("the histories have no directs; they have cases of their own")
            }
            Some(Permission { conversation: Conversation::Group(group), .. })
                if self.roster(group).is_none() =>
            {
                Outcome::Refused(Refusal::NotFound)
            }
            Some(Permission { conversation: Conversation::Group(group), user, .. })
                if self.member(group, user).is_none() =>
            {
                Outcome::Refused(Refusal::NotMember)
            }
            _ => Outcome::Posted { seq: self.append(draft) },
        }
    }

    /// Returns the entries from a number of them on, in the order in which they were appended.
    pub(super) fn appended_after(&self, count: usize) -> Vec<Entry<Json>> {
        self.entries.iter().skip(count).map(|sent| sent.entry.clone()).collect()
    }

    /// Returns the number of entries in all logs.
    pub(super) fn count(&self) -> usize {
        self.entries.len()
    }

    fn append(&mut self, draft: &Draft) -> Seq {
        let seq = self.head(&draft.topic).next();
        let entry = Entry {
            id: draft.id.clone(),
            topic: draft.topic.clone(),
            seq,
            data: draft.data.clone(),
            timestamp: draft.at,
        };
        self.entries.push(Sent { sender: draft.sender, body: draft.body, entry });
        seq
    }

    fn change(&mut self, change: &GroupChange) -> Outcome {
        if self.roster(change.group).map(|roster| roster.version) != change.version {
            return Outcome::Stale;
        }
        for fact in &change.facts {
            self.establish(change.group, fact);
        }
        for roster in self.groups.iter_mut().filter(|roster| roster.id == change.group) {
            roster.version.0 += 1;
        }
        for draft in &change.news {
            self.append(draft);
        }
        Outcome::Done
    }

    fn establish(&mut self, id: GroupId, fact: &Fact) {
        if let Fact::Created { settings, .. } = fact {
            let (settings, version, head) = (settings.clone(), Version(0), Seq::ZERO);
            let (members, bans, invites) = (vec![], vec![], vec![]);
            self.groups.push(Roster { id, settings, members, bans, invites, version, head, owner: None });
        }
        let Some(roster) = self.groups.iter_mut().find(|roster| roster.id == id) else { return };
        match fact {
            Fact::Created { .. } => {}
            Fact::MemberAdded(member) => {
                roster.members.push(member.clone());
                self.seats.push((id, member.person.id));
            }
            Fact::MemberRemoved(user) => {
                roster.members.retain(|member| member.person.id != *user);
                self.seats.retain(|seat| *seat != (id, *user));
            }
            Fact::RoleChanged(user, role) => {
                for member in roster.members.iter_mut().filter(|member| member.person.id == *user) {
                    member.role = *role;
                }
            }
            other => panic!("the histories have no {other:?}; it has cases of its own"),
        }
    }
}
