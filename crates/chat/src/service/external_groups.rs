//! Conversations that an application manages by its own keys.

use wire::{
    Conversation, Description, GroupId, JoinPolicy, Member, Pair, Person, Refusal, SendId, Setting, Settings,
    Timestamp, Topic, UserId,
};

use super::application_room::Limited;
use super::compose::hash;
use super::external_users::UserRef;
use super::permissions::{Act, needs_application};
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::names::{self, ExternalKey};
use crate::ports::store::{
    Checked, Fact, GroupChange, GroupOverview, KeyedGroup, ListedMember, Roster, Sender, Version,
};
use crate::rules;
use crate::service::error::Error;
use crate::service::part::ListPart;

/// The most conversations in one part of a list.
const PART: usize = 100;

/// A name by which a program finds a conversation: the application's own, or ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConversationRef {
    /// The application's key of a group.
    Key(ExternalKey),
    /// A group or a direct, by the ids in its topic.
    Of(Conversation),
}

/// A group as a program sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalGroup {
    /// The application's key for it, if there is one.
    pub key: Option<ExternalKey>,
    /// The group.
    pub id: GroupId,
    /// Its settings.
    pub settings: Settings,
    /// The number of its members.
    pub members: u32,
    /// Increases with every change.
    pub version: Version,
}

/// A group in the list of an application.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedGroup {
    /// The application's key for it, if there is one.
    pub key: Option<ExternalKey>,
    /// The group.
    pub id: GroupId,
    /// Its settings and the number of its members; none if it was deleted since the list was read.
    pub group: Option<(Settings, u32)>,
}

impl ConversationRef {
    /// Parses a name: a key, `id:` and the id of a group, or `direct:` and the ids of two users.
    ///
    /// # Errors
    /// [`Refusal::KeyBad`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let topic = match (text.strip_prefix("id:"), text.strip_prefix("direct:")) {
            (Some(id), _) => format!("group/{id}"),
            (None, Some(ids)) => format!("direct/{ids}"),
            (None, None) => return ExternalKey::new(text).map(Self::Key),
        };
        let conversation = Topic::new(&topic).ok().and_then(|topic| topic.conversation());
        conversation.map(Self::Of).ok_or(Refusal::KeyBad)
    }
}

/// Conversations of an application.
impl Chat {
    /// Returns the conversation of a name, for its members and for the application. To other users it does not exist.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn find_conversation(
        &self,
        caller: &Caller,
        name: &ConversationRef,
    ) -> Result<Conversation, Error> {
        let me = caller.scoped_actor()?.id;
        let conversation = match name {
            ConversationRef::Key(key) => {
                // A token that does not have the key is not told if it is there.
                if caller.scope().is_some_and(|scope| !scope.has_conversation(key.as_str())) {
                    return Err(Refusal::OutsideScope.into());
                }
                let keyed = self.reader(caller).group_by_key(key).await?.ok_or(Refusal::NotFound)?;
                Conversation::Group(keyed.group)
            }
            ConversationRef::Of(conversation) => *conversation,
        };
        self.is_in_scope(caller, &Topic::of(conversation), Act::Read).await?;
        if caller.owner().is_some() {
            self.may_see_members(caller, conversation).await?;
        } else {
            let standing = self.reader(caller).standing(conversation, me).await?;
            let standing = standing.filter(|standing| standing.role.is_some()).ok_or(Refusal::NotFound)?;
            self.may_meet_in(caller, conversation, &standing).await?;
        }
        Ok(conversation)
    }

    /// Returns a group, to its members and to the application. To others it does not exist.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn external_group(&self, caller: &Caller, id: GroupId) -> Result<ExternalGroup, Error> {
        self.is_in_scope(caller, &Topic::group(id), Act::Read).await?;
        let me = caller.scoped_actor()?.id;
        let roster = self.reader(caller).roster(id).await?.ok_or(Refusal::NotFound)?;
        if caller.owner().is_none() && roster.member(me).is_none() {
            return Err(Refusal::NotFound.into());
        }
        let key = self.reader(caller).key_of_group(id).await?;
        Ok(ExternalGroup::of(roster, key))
    }

    /// Returns the application's key for a group, if there is one.
    ///
    /// # Errors
    /// Those of [`Caller::scoped_actor`].
    pub async fn key_of_conversation(
        &self,
        caller: &Caller,
        id: GroupId,
    ) -> Result<Option<ExternalKey>, Error> {
        caller.scoped_actor()?;
        Ok(self.reader(caller).key_of_group(id).await?.map(|keyed| keyed.key))
    }

    /// Creates a group under the application's key; none if the key names a group already. A user who creates it is its
    /// first admin; a group that the application creates has no members.
    ///
    /// # Errors
    /// Those of a group's name and of its settings, [`Refusal::TooManyConversations`]; for a user
    /// [`Refusal::UserConversationsOff`], also if the key is that of a conversation of others, and
    /// [`Refusal::TooManyGroups`].
    pub async fn create_keyed_group(
        &self,
        caller: &Caller,
        key: &ExternalKey,
        name: &str,
        new: Vec<Setting>,
    ) -> Result<Option<ExternalGroup>, Error> {
        let me = caller.actor()?;
        let settings = self.new_settings(name, new)?;
        let may_create = self.may_create_conversations(caller).await;
        if let Some(keyed) = self.reader(caller).group_by_key(key).await? {
            let group = Conversation::Group(keyed.group);
            let standing = self.reader(caller).standing(group, me.id).await?;
            // A user who may create none does not learn which keys are free.
            let is_others = standing.is_none_or(|standing| standing.role.is_none());
            return may_create.or_else(|no| if is_others { Err(no) } else { Ok(()) }).map(|()| None);
        }
        may_create?;
        self.take_action(caller, me.id)?;
        let change = self.creation(caller, settings, &[], Fact::Keyed(key.clone())).await?;
        let id = change.group;
        let room = self.take_room(caller.application, Limited::Conversations).await?;
        if self.commit(caller, change).await? == Checked::Stale {
            return Ok(None);
        }
        room.used();
        self.external_group(caller, id).await.map(Some)
    }

    /// Creates a group under the application's next number, as [`Chat::create_keyed_group`] does; true if it is new.
    /// The same id with the same name and settings is the same group, as long as it exists.
    ///
    /// # Errors
    /// Those of [`Chat::create_keyed_group`], [`Refusal::SendIdTaken`].
    pub async fn create_numbered_group(
        &self,
        caller: &Caller,
        id: SendId,
        name: &str,
        new: Vec<Setting>,
    ) -> Result<(ExternalGroup, bool), Error> {
        let me = caller.actor()?;
        self.may_create_conversations(caller).await?;
        let settings = self.new_settings(name, new)?;
        let body = hash(&Topic::user(me.id), format!("conversation {settings:?}").as_bytes());
        self.take_action(caller, me.id)?;
        loop {
            if let Some(sent) = self.reader(caller).sent(Sender::User(me.id), &id).await? {
                return match sent.topic.conversation() {
                    Some(Conversation::Group(group)) if sent.body == body => {
                        Ok((self.external_group(caller, group).await?, false))
                    }
                    _ => Err(Refusal::SendIdTaken.into()),
                };
            }
            let mut change = self.creation(caller, settings.clone(), &[], Fact::Numbered).await?;
            let (group, topic) = (change.group, Topic::group(change.group));
            if let Some(created) = change.news.iter_mut().find(|draft| draft.topic == topic) {
                (created.id, created.body) = (id.clone(), body);
            }
            let room = self.take_room(caller.application, Limited::Conversations).await?;
            // Each time the id was used meanwhile, so it is found now.
            if self.commit(caller, change).await? != Checked::Stale {
                room.used();
                return Ok((self.external_group(caller, group).await?, true));
            }
        }
    }

    /// Checks that a caller may create conversations through the API: the application may, and its users if its settings
    /// say so.
    ///
    /// # Errors
    /// [`Refusal::UserConversationsOff`].
    pub(super) async fn may_create_conversations(&self, caller: &Caller) -> Result<(), Error> {
        if caller.owner().is_some() {
            return Ok(());
        }
        let application = self.application_by_id(caller.application).await?.ok_or(Refusal::NotFound)?;
        let may = application.config.user_conversations;
        if may { Ok(()) } else { Err(Refusal::UserConversationsOff.into()) }
    }

    /// Returns the settings of a new group.
    pub(super) fn new_settings(&self, name: &str, new: Vec<Setting>) -> Result<Settings, Refusal> {
        let mut settings = Settings {
            name: names::group_name(name)?,
            description: Description::default(),
            limit: self.limits.group_members,
            join_policy: JoinPolicy::Invite,
            announcing: false,
            slow_s: 0,
            archived: false,
        };
        new.into_iter().for_each(|setting| settings.set(setting));
        rules::check_settings(&settings, self.limits.group_members)?;
        Ok(settings)
    }

    /// Returns the creation of a group under a key, by a user or by the application, with other members.
    pub(super) async fn creation(
        &self,
        caller: &Caller,
        settings: Settings,
        others: &[Person],
        key: Fact,
    ) -> Result<GroupChange, Error> {
        let me = caller.actor()?;
        let id = GroupId::from_bytes(self.random());
        let decision = if caller.owner().is_some() {
            rules::establish(id, settings, me, others, self.clock.now())?
        } else {
            let groups = self.groups_of(caller, me.id).await?;
            rules::create(id, settings, me, others, groups, self.clock.now())?
        };
        let decision = self.with_accounts(caller, decision.and(key)).await?;
        Ok(self.write_down(id, None, me.id, decision))
    }

    /// Changes settings of a group, if it has a version, for its admins and the application.
    ///
    /// # Errors
    /// [`Refusal::VersionStale`], [`Refusal::NotFound`], and those of [`rules::update_settings`].
    pub async fn change_settings(
        &self,
        caller: &Caller,
        id: GroupId,
        new: Vec<Setting>,
        version: Option<Version>,
    ) -> Result<ExternalGroup, Error> {
        let me = caller.actor()?;
        self.external_group(caller, id).await?;
        let max = self.limits.group_members;
        self.change(caller, id, me.id, |roster, _| {
            expects(roster, version)?;
            rules::update_settings(roster, me.id, new.clone(), max)
        })
        .await?;
        self.external_group(caller, id).await
    }

    /// Deletes a group, if it has a version, for its admins and the application.
    ///
    /// # Errors
    /// [`Refusal::VersionStale`], [`Refusal::NotFound`], [`Refusal::NotAdmin`].
    pub async fn delete_keyed_group(
        &self,
        caller: &Caller,
        id: GroupId,
        version: Option<Version>,
    ) -> Result<(), Error> {
        let me = caller.actor()?;
        self.external_group(caller, id).await?;
        self.change(caller, id, me.id, |roster, _| {
            expects(roster, version)?;
            // The key in the path names it; there is nothing to confirm.
            rules::delete(roster, me.id, roster.settings.name.as_str())
        })
        .await?;
        self.application_room.deleted(caller.application, Limited::Conversations);
        Ok(())
    }

    /// Returns the groups with keys, by key, after one of them.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`].
    pub async fn external_groups(
        &self,
        caller: &Caller,
        after: Option<&ExternalKey>,
        limit: usize,
    ) -> Result<ListPart<ListedGroup>, Error> {
        needs_application(caller)?;
        let limit = limit.min(PART);
        let found = self.reader(caller).groups_by_key(after, limit + 1).await?;
        let ListPart { items, more } = ListPart::of(found, limit);
        let mut listed = Vec::with_capacity(items.len());
        for KeyedGroup { key, group } in items {
            listed.push(self.listed(caller, Some(key), group).await?);
        }
        Ok(ListPart { items: listed, more })
    }

    /// Returns the groups of a user, by id, after one of them: to the user, and to the application.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for another user.
    pub async fn groups_of_member(
        &self,
        caller: &Caller,
        user: UserId,
        after: Option<GroupId>,
        limit: usize,
    ) -> Result<ListPart<ListedGroup>, Error> {
        if caller.owner().is_none() && caller.user()?.id != user {
            return Err(Refusal::NotFound.into());
        }
        let mut ids = self.reader(caller).groups_of(user).await?;
        ids.retain(|id| after.is_none_or(|after| *id > after));
        ids.sort_unstable();
        ids.truncate(limit.min(PART) + 1);
        let ListPart { items: ids, more } = ListPart::of(ids, limit.min(PART));
        let mut items = Vec::with_capacity(ids.len());
        for id in ids {
            let key = self.reader(caller).key_of_group(id).await?.map(|keyed| keyed.key);
            items.push(self.listed(caller, key, id).await?);
        }
        Ok(ListPart { items, more })
    }

    async fn listed(
        &self,
        caller: &Caller,
        key: Option<ExternalKey>,
        id: GroupId,
    ) -> Result<ListedGroup, Error> {
        // Without its members: there may be thousands.
        let found = self.reader(caller).group(id, None, 0).await?;
        let group = found.map(|GroupOverview { settings, count, .. }| (settings, count));
        Ok(ListedGroup { key, id, group })
    }

    /// Returns the id of a user whom somebody names to manage a group: one whom they may meet, or who is banned there and
    /// so no longer shares it with them.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn user_for_group(
        &self,
        caller: &Caller,
        id: GroupId,
        user: &UserRef,
    ) -> Result<UserId, Error> {
        caller.actor()?;
        let user = self.shown_user(caller, user).await?.person.id;
        let Err(no) = self.may_meet(caller, user).await else { return Ok(user) };
        let roster = self.reader(caller).roster(id).await?;
        let is_banned = roster.is_some_and(|roster| roster.bans.iter().any(|banned| banned.id == user));
        if is_banned { Ok(user) } else { Err(no) }
    }

    /// Returns members of a group after one of them, who may have left, by the time at which they joined: to its members
    /// and to the application.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`].
    pub async fn members_after(
        &self,
        caller: &Caller,
        id: GroupId,
        after: Option<(Timestamp, UserId)>,
        limit: usize,
    ) -> Result<ListPart<ListedMember>, Error> {
        self.may_see_members(caller, Conversation::Group(id)).await?;
        let limit = limit.min(PART);
        let found = self.reader(caller).members_after(id, after, limit + 1).await?;
        Ok(ListPart::of(found, limit))
    }

    /// Returns a member of a group, to its members and to the application.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such group or member.
    pub async fn member(&self, caller: &Caller, id: GroupId, user: UserId) -> Result<Member, Error> {
        self.may_see_members(caller, Conversation::Group(id)).await?;
        let roster = self.reader(caller).roster(id).await?.ok_or(Refusal::NotFound)?;
        Ok(roster.member(user).cloned().ok_or(Refusal::NotFound)?)
    }

    /// Returns the direct of the caller with another user; it need not have messages yet.
    ///
    /// # Errors
    /// [`Refusal::DirectWithOneself`], [`Refusal::NotFound`].
    pub async fn direct_with(&self, caller: &Caller, user: UserId) -> Result<Pair, Error> {
        let me = caller.user()?;
        let pair = Pair::of(me.id, user).ok_or(Refusal::DirectWithOneself)?;
        self.reader(caller).person(user).await?.ok_or(Refusal::NotFound)?;
        if self.reader(caller).is_deleted(user).await? {
            return Err(Refusal::NotFound.into());
        }
        Ok(pair)
    }
}

impl ExternalGroup {
    fn of(roster: Roster, key: Option<KeyedGroup>) -> Self {
        let Roster { id, settings, members, version, .. } = roster;
        let members = u32::try_from(members.len()).unwrap_or(u32::MAX);
        Self { key: key.map(|keyed| keyed.key), id, settings, members, version }
    }
}

/// Refuses a group that has another version than expected.
fn expects(roster: &Roster, version: Option<Version>) -> Result<(), Refusal> {
    match version {
        Some(version) if version != roster.version => Err(Refusal::VersionStale),
        _ => Ok(()),
    }
}
