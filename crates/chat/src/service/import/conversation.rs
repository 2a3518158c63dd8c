//! The conversations of an archive: each is one that the import makes.

use std::collections::HashSet;

use archive::Kind;
use wire::limits::{DESCRIPTION_CHARS, GROUP_NAME_CHARS, SLOW_SECONDS};
use wire::{
    Conversation, Description, GroupId, GroupName, JoinPolicy, Member, Pair, Person, Refusal, Role, Settings,
    Timestamp, Topic,
};

use super::ids::key;
use super::importer::{Current, Importer};
use super::place::Place;
use super::state::ImportState;
use crate::names;
use crate::ports::store::{Checked, Range};
use crate::rules;
use crate::service::application_room::Limited;
use crate::service::error::{Error, Fault};

/// A member of a conversation of the archive, who is here.
struct Seated {
    person: Person,
    is_admin: bool,
    /// The time at which they joined; none if that is the time of the creation.
    joined_at: Option<Timestamp>,
}

impl Importer<'_> {
    /// Returns the conversation of the messages that come, which is made if it is not there; none if there is none, or it
    /// cannot be made.
    pub(super) async fn place(&mut self, state: &mut ImportState) -> Result<Option<&mut Place>, Error> {
        let Some(mut current) = self.current.take() else { return Ok(None) };
        if current.place.is_none() {
            let made = self.find_or_make(&current).await;
            let id = &current.conversation.id;
            current.place = Some(match made {
                Ok(Ok(place)) => {
                    state.done.conversations += u64::from(!current.is_passed);
                    Some(place)
                }
                Ok(Err(reason)) => {
                    state.leave_out(id, &reason);
                    None
                }
                Err(Error::Refusal(refusal)) => {
                    state.leave_out(id, refusal.code());
                    None
                }
                Err(fault) => {
                    self.current = Some(current);
                    return Err(fault);
                }
            });
        }
        Ok(self.current.insert(current).place.as_mut().and_then(Option::as_mut))
    }

    /// Returns the conversation, or the reason why there is none.
    async fn find_or_make(&mut self, current: &Current) -> Result<Result<Place, String>, Error> {
        let (mut members, mut known) = (Vec::new(), HashSet::new());
        for archive::Member { admin, joined_at, user, .. } in &current.members {
            if let Some(person) = self.people.person(self.chat, user).await?
                && known.insert(person.id)
            {
                members.push(Seated { person, is_admin: *admin, joined_at: joined_at.map(Timestamp) });
            }
        }
        if current.conversation.kind == Kind::Direct {
            return self.direct(members).await;
        }
        let Some(key) = key(self.format.as_str(), &current.conversation.id) else {
            return Ok(Err("its id cannot be a key".into()));
        };
        let reader = self.chat.store.reader(self.application);
        let is_old = match reader.group_by_key(&key).await? {
            Some(_) => true,
            None => {
                self.make_group(current, key.clone(), members).await?;
                false
            }
        };
        let group = reader.group_by_key(&key).await?.ok_or(Refusal::NotFound)?.group;
        let roster = reader.roster(group).await?.ok_or(Refusal::NotFound)?;
        let conversation = Conversation::Group(group);
        let last_at = self.last_at(conversation).await?;
        Ok(Ok(Place { conversation, members: roster.members, last_at, is_old, unlisted: None }))
    }

    async fn direct(&self, members: Vec<Seated>) -> Result<Result<Place, String>, Error> {
        let [Seated { person: one, .. }, Seated { person: other, .. }] = &members[..] else {
            return Ok(Err("a direct with a user who is not there".into()));
        };
        let Some(pair) = Pair::of(one.id, other.id) else {
            return Ok(Err("a direct of a user with themselves".into()));
        };
        let conversation = Conversation::Direct(pair);
        let standing = self.chat.store.reader(self.application).standing(conversation, one.id).await?;
        let is_listed = standing.is_some_and(|standing| standing.listed);
        let last_at = self.last_at(conversation).await?;
        let unlisted = (!is_listed).then(|| [one.clone(), other.clone()]);
        let member = |person: &Person| Member::new(person.clone(), Role::Member, last_at);
        let members = vec![member(one), member(other)];
        Ok(Ok(Place { conversation, members, last_at, is_old: is_listed, unlisted }))
    }

    /// Returns the time of the newest entry of a conversation; 0 if it has none.
    async fn last_at(&self, conversation: Conversation) -> Result<Timestamp, Error> {
        let range = Range { limit: 1, ..Range::default() };
        let page = self.chat.store.reader(self.application).page(&Topic::of(conversation), range).await?;
        Ok(page.entries.last().map_or(Timestamp(0), |entry| entry.timestamp))
    }

    /// Makes a group as old as in the archive, with its members from the beginning.
    async fn make_group(
        &self,
        current: &Current,
        key: names::ExternalKey,
        mut members: Vec<Seated>,
    ) -> Result<(), Error> {
        let of = &current.conversation;
        let highest = self.chat.limits.group_members;
        if members.len() > usize::try_from(highest).unwrap_or(usize::MAX) {
            return Err(Refusal::GroupFull { limit: highest }.into());
        }
        members.sort_by_key(|member| (member.joined_at, member.person.id));
        let description: String = of.description.chars().take(DESCRIPTION_CHARS).collect();
        let settings = Settings {
            name: group_name(&of.name, &of.id)?,
            description: names::description(&description).unwrap_or_else(|_| Description::default()),
            limit: of.limit.map_or(highest, |limit| limit.clamp(1, highest)),
            join_policy: match of.kind {
                Kind::Open => JoinPolicy::Open,
                Kind::Listed => JoinPolicy::Listed,
                Kind::Private | Kind::Direct => JoinPolicy::Invite,
            },
            announcing: of.announcing,
            slow_s: of.slow_s.min(SLOW_SECONDS),
            archived: of.archived,
        };
        let now = self.chat.clock.now();
        let at = of.created_at.map_or(now, Timestamp).min(now);
        let seats = members.into_iter().map(|Seated { person, is_admin, joined_at }| {
            let role = if is_admin { Role::Admin } else { Role::Member };
            Member::new(person, role, joined_at.map_or(at, |joined_at| joined_at.min(now)))
        });
        let id = GroupId::from_bytes(self.chat.random());
        let decision = rules::import_group(settings, &self.owner, seats.collect(), key, at);
        let decision = self.chat.with_accounts(&self.owner_caller(), decision).await?;
        let mut change = self.chat.write_down(id, None, self.owner.id, decision);
        change.news.iter_mut().for_each(|draft| draft.at = at);
        let room = self.chat.take_room(self.application, Limited::Conversations).await?;
        match self.chat.commit_in(self.application, change).await? {
            Checked::Done => {
                room.used();
                Ok(())
            }
            Checked::Stale => Err(Fault::new("import", "a new group was there already").into()),
        }
    }
}

/// Returns a name as this server allows it; the id if there is none.
fn group_name(name: &str, id: &str) -> Result<GroupName, Error> {
    let tried = [name, id].into_iter().find_map(|name| {
        let short: String = name.trim().chars().take(GROUP_NAME_CHARS).collect();
        let plain: String =
            short.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation() || *c == ' ').collect();
        names::group_name(&short).or_else(|_| names::group_name(plain.trim())).ok()
    });
    Ok(tried.map_or_else(|| names::group_name("Group"), Ok)?)
}
