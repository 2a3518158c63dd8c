//! Group administration: settings, members, roles, mutes, bans, invites and the audit log.

use wire::limits::{LONGEST_MINUTES, PAGE_ENTRIES};
use wire::{
    Expected, GroupAdminView, GroupId, GroupName, Invite, InviteId, Page, Person, Refusal, Role, Seq,
    Setting, Timestamp, Topic, UserId,
};

use super::application_room::Limited;
use super::groups::events;
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::Range;
use crate::rules::{self, Contact};
use crate::service::error::Error;
use crate::service::part::ListPart;

/// The data of the page on which admins manage a group.
#[derive(Clone, Debug, PartialEq)]
pub struct ManagementPage {
    /// The group, with some of its members.
    pub management: GroupAdminView,
    /// True if there are more members after these.
    pub more: bool,
    /// Some users whom the admin knows and could add.
    pub known: Vec<Person>,
}

/// Operations of admins on a group and its members.
impl Chat {
    /// Returns the data by which an admin manages a group, with the members whose name contains these words, or
    /// without words those after one of them.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`], [`Refusal::NotAdmin`].
    pub async fn management(
        &self,
        caller: &Caller,
        id: GroupId,
        words: &str,
        after: Option<UserId>,
    ) -> Result<ManagementPage, Error> {
        let me = caller.user()?;
        let roster = self.reader(caller).roster(id).await?.ok_or(Refusal::NotFound)?;
        rules::needs_admin(&roster, me.id)?;
        let found = self.reader(caller).members(id, words.trim(), after, PAGE_ENTRIES + 1).await?;
        let ListPart { items: members, more } = ListPart::of(found, PAGE_ENTRIES);
        let newest = Range { limit: PAGE_ENTRIES, ..Range::default() };
        let audit = self.reader(caller).page(&Topic::audit(id), newest).await?;
        let now = self.monotonic.now();
        let invites: Vec<Invite> =
            roster.invites.into_iter().filter(|invite| rules::is_open(invite, now)).collect();
        let roster_members = roster.members;
        let member_count = u32::try_from(roster_members.len()).unwrap_or(u32::MAX);
        let management = GroupAdminView {
            id,
            settings: roster.settings,
            max_limit: self.limits.group_members,
            members,
            member_count,
            bans: roster.bans,
            invites,
            audit: events(audit),
        };
        let mut known = self.may_be_added(caller).await?;
        known.retain(|person| roster_members.iter().all(|member| member.person.id != person.id));
        Ok(ManagementPage { management, more, known })
    }

    /// Returns the name of a group and its audit log, the newest entries before a Seq: for its admins and those of the
    /// application.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`], [`Refusal::NotAdmin`].
    pub async fn group_audit(
        &self,
        caller: &Caller,
        id: GroupId,
        before: Option<Seq>,
    ) -> Result<(GroupName, Page), Error> {
        caller.user()?;
        let group = self.reader(caller).group(id, None, 0).await?.ok_or(Refusal::NotFound)?;
        self.may_audit(caller, id).await?;
        let range = Range { before, limit: PAGE_ENTRIES, ..Range::default() };
        let page = self.reader(caller).page(&Topic::audit(id), range).await?;
        Ok((group.settings.name, events(page)))
    }

    /// Returns the highest member limit a group may have here.
    #[must_use]
    pub const fn max_limit(&self) -> u32 {
        self.limits.group_members
    }

    /// Changes settings.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::update_settings`].
    pub async fn update_settings(
        &self,
        caller: &Caller,
        id: GroupId,
        new: Vec<Setting>,
    ) -> Result<(), Error> {
        let me = caller.actor()?;
        let max = self.limits.group_members;
        self.change(caller, id, me.id, |roster, _| rules::update_settings(roster, me.id, new.clone(), max))
            .await
            .map(|_| ())
    }

    /// Deletes a group with all its data; `typed` must be its name.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::delete`].
    pub async fn delete_group(&self, caller: &Caller, id: GroupId, typed: &str) -> Result<(), Error> {
        let me = caller.actor()?;
        self.change(caller, id, me.id, |roster, _| rules::delete(roster, me.id, typed)).await?;
        self.application_room.deleted(caller.application, Limited::Conversations);
        Ok(())
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such group or user, [`Refusal::Blocked`], and those of [`rules::add`].
    pub async fn add_member(&self, caller: &Caller, id: GroupId, user: UserId) -> Result<(), Error> {
        let me = caller.actor()?;
        let person = self.reader(caller).person(user).await?.ok_or(Refusal::NotFound)?;
        if self.reader(caller).is_deleted(user).await? {
            return Err(Refusal::NotFound.into());
        }
        let contact = if caller.owner().is_some() {
            // The users are the application's own.
            Contact { known: true, manages: true, given: 0, given_by: 0, max: 0 }
        } else {
            self.no_block(caller, user).await?;
            let contact = self.contact(caller, user).await?;
            self.take_adding(caller, &[(user, contact)]).await?;
            contact
        };
        self.change(caller, id, me.id, |roster, now| rules::add(roster, me.id, &person, contact, now))
            .await
            .map(|_| ())
    }

    /// Removes a member, and may ban them. Live delivery ends with the entry that announces it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::remove`].
    pub async fn remove_member(
        &self,
        caller: &Caller,
        id: GroupId,
        user: UserId,
        ban: bool,
    ) -> Result<(), Error> {
        let me = caller.actor()?;
        self.change(caller, id, me.id, |roster, _| rules::remove(roster, me.id, user, ban)).await.map(|_| ())
    }

    /// Bans a user, who is removed if they are a member.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such group or user, and those of [`rules::ban`].
    pub async fn ban(&self, caller: &Caller, id: GroupId, user: UserId) -> Result<(), Error> {
        let me = caller.actor()?;
        let person = self.reader(caller).person(user).await?.ok_or(Refusal::NotFound)?;
        self.change(caller, id, me.id, |roster, _| rules::ban(roster, me.id, &person)).await.map(|_| ())
    }

    /// Returns the invites of a group that still work, the oldest first, for its admins.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotAdmin`].
    pub async fn invites(&self, caller: &Caller, id: GroupId) -> Result<Vec<Invite>, Error> {
        let me = caller.actor()?;
        let mut roster = self.reader(caller).roster(id).await?.ok_or(Refusal::NotFound)?;
        roster.owner = caller.owner().cloned();
        rules::needs_admin(&roster, me.id)?;
        let now = self.monotonic.now();
        Ok(roster.invites.into_iter().filter(|invite| rules::is_open(invite, now)).collect())
    }

    /// Lifts a ban.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::unban`].
    pub async fn unban(&self, caller: &Caller, id: GroupId, user: UserId) -> Result<(), Error> {
        let me = caller.actor()?;
        self.change(caller, id, me.id, |roster, _| rules::unban(roster, me.id, user)).await.map(|_| ())
    }

    /// Sets the role of a member: admin or member.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::set_role`].
    pub async fn set_role(
        &self,
        caller: &Caller,
        id: GroupId,
        user: UserId,
        role: Role,
    ) -> Result<(), Error> {
        let me = caller.actor()?;
        self.change(caller, id, me.id, |roster, _| rules::set_role(roster, me.id, user, role))
            .await
            .map(|_| ())
    }

    /// Mutes a member for a number of minutes; 0 ends the mute.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::mute`].
    pub async fn mute(&self, caller: &Caller, id: GroupId, user: UserId, minutes: u32) -> Result<(), Error> {
        let me = caller.actor()?;
        let until = self.in_minutes(minutes)?;
        self.change(caller, id, me.id, |roster, _| rules::mute(roster, me.id, user, until)).await.map(|_| ())
    }

    /// Creates an invite that works for a number of minutes (0 for ever) and a number of uses (0 for any number).
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::invite`].
    pub async fn create_invite(
        &self,
        caller: &Caller,
        id: GroupId,
        minutes: u32,
        uses: u32,
    ) -> Result<InviteId, Error> {
        let me = caller.actor()?;
        let until = self.in_minutes(minutes)?;
        let uses = (uses > 0).then_some(uses);
        let invite = InviteId::from_bytes(self.random());
        self.change(caller, id, me.id, |roster, now| rules::invite(roster, me.id, invite, until, uses, now))
            .await?;
        Ok(invite)
    }

    /// Revokes an invite.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::revoke`].
    pub async fn revoke_invite(&self, caller: &Caller, id: GroupId, invite: InviteId) -> Result<(), Error> {
        let me = caller.actor()?;
        self.change(caller, id, me.id, |roster, _| rules::revoke(roster, me.id, invite)).await.map(|_| ())
    }

    fn in_minutes(&self, minutes: u32) -> Result<Option<Timestamp>, Refusal> {
        if minutes > LONGEST_MINUTES {
            return Err(Refusal::FieldWrong { field: "minutes".into(), wants: Expected::Minutes });
        }
        Ok((minutes > 0).then(|| Timestamp(self.monotonic.now().0 + i64::from(minutes) * 60_000)))
    }
}
