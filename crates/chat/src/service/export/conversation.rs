//! A conversation of an export: its settings, its members, and its messages in the order of the log.

use archive::{Kind, Member, Record};
use wire::{Conversation, JoinPolicy, Role, Seq, Settings, Timestamp, Topic, UserId};

use super::exporter::Exporter;
use crate::ports::store::{Range, Roster};
use crate::service::error::Error;

/// The entries that are read at once.
const PAGE: usize = 200;

/// A conversation whose messages are written.
pub(super) struct Current {
    pub(super) id: String,
    pub(super) topic: Topic,
    /// The users who are in it now.
    pub(super) members: Vec<UserId>,
}

impl Exporter<'_> {
    pub(super) async fn conversation(&mut self, id: String, of: Conversation) -> Result<(), Error> {
        let topic = Topic::of(of);
        let range = Range { after: Some(Seq::ZERO), limit: PAGE, ..Range::default() };
        let mut page = self.reader.page(&topic, range).await?;
        let members = match of {
            Conversation::Group(group) => {
                let Some(roster) = self.reader.roster(group).await? else { return Ok(()) };
                let oldest = page.entries.first().map(|entry| entry.timestamp);
                self.group(&id, &roster, oldest).await?
            }
            Conversation::Direct(pair) => {
                // One whose messages are all gone is nowhere to be seen.
                if page.entries.is_empty() {
                    return Ok(());
                }
                self.direct(&id, pair.people()).await?
            }
        };
        self.exported.counts.conversations += 1;
        let current = Current { id, topic, members };
        while let Some(last) = page.entries.last().map(|entry| entry.seq) {
            for entry in page.entries {
                self.entry(&current, entry).await?;
            }
            page = self.reader.page(&current.topic, Range { after: Some(last), ..range }).await?;
        }
        Ok(())
    }

    /// Writes a group with its members; returns these. A group whose beginning is no longer kept is as old as its oldest
    /// entry.
    async fn group(
        &mut self,
        id: &str,
        roster: &Roster,
        oldest: Option<Timestamp>,
    ) -> Result<Vec<UserId>, Error> {
        let Settings { name, description, limit, join_policy, announcing, slow_s, archived } =
            &roster.settings;
        let created_at = oldest.or_else(|| roster.members.iter().map(|member| member.since).min());
        let conversation = archive::Conversation {
            announcing: *announcing,
            archived: *archived,
            created_at: created_at.map(|at| at.0),
            description: description.as_str().to_owned(),
            id: id.to_owned(),
            kind: match join_policy {
                JoinPolicy::Open => Kind::Open,
                JoinPolicy::Listed => Kind::Listed,
                JoinPolicy::Invite => Kind::Private,
            },
            limit: Some(*limit),
            name: name.as_str().to_owned(),
            slow_s: *slow_s,
        };
        self.record(Record::Conversation(conversation)).await?;
        let members = roster.members.iter().filter_map(|member| {
            let user = self.names.user(member.person.id)?;
            let (conversation, joined_at) = (id.to_owned(), Some(member.since.0));
            Some(Member { admin: member.role == Role::Admin, conversation, joined_at, user })
        });
        self.members(members.collect()).await?;
        Ok(roster.members.iter().map(|member| member.person.id).collect())
    }

    async fn direct(&mut self, id: &str, people: [UserId; 2]) -> Result<Vec<UserId>, Error> {
        let conversation = archive::Conversation {
            announcing: false,
            archived: false,
            created_at: None,
            description: String::new(),
            id: id.to_owned(),
            kind: Kind::Direct,
            limit: None,
            name: String::new(),
            slow_s: 0,
        };
        self.record(Record::Conversation(conversation)).await?;
        let member =
            |user: String| Member { admin: false, conversation: id.to_owned(), joined_at: None, user };
        let members = people.iter().filter_map(|user| self.names.user(*user)).map(member).collect();
        self.members(members).await?;
        Ok(people.to_vec())
    }

    async fn members(&mut self, mut members: Vec<Member>) -> Result<(), Error> {
        members.sort_unstable_by(|one, other| one.user.cmp(&other.user));
        for member in members {
            self.record(Record::Member(member)).await?;
        }
        Ok(())
    }
}
