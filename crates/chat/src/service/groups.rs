//! Groups: creating, opening, joining and leaving them, and lists of groups and members.

use wire::limits::{PAGE_ENTRIES, PAGE_MEMBERS, PAGE_ROWS};
use wire::{
    Conversation, ConversationView, Description, Event, GroupId, GroupSummary, GroupView, InviteId,
    JoinPolicy, Json, Member, Page, PageStart, Person, Rows, completes, mention_of,
};
use wire::{ConversationSummary, Refusal, Refused, SendId, Seq, Settings, Timestamp, Topic, UserId};

use super::application_room::Limited;
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::names;
use crate::ports::store::{
    BodyHash, Checked, Draft, Ends, GroupChange, GroupListing, Mentions, Roster, RowRange, Sender, event_of,
};
use crate::rules::{self, Decision, Groups, News};
use crate::service::error::{Error, Fault};
use crate::service::part::ListPart;

/// Groups and the caller's own membership.
impl Chat {
    /// Creates a group; its creator is its first admin.
    ///
    /// # Errors
    /// The refusals of [`names::group_name`], and those of [`rules::create`].
    pub async fn create_group(
        &self,
        caller: &Caller,
        name: &str,
        join_policy: JoinPolicy,
    ) -> Result<GroupSummary, Error> {
        self.create_group_of(caller, name, join_policy, &[]).await
    }

    pub(super) async fn create_group_of(
        &self,
        caller: &Caller,
        name: &str,
        join_policy: JoinPolicy,
        others: &[Person],
    ) -> Result<GroupSummary, Error> {
        let me = caller.user()?;
        let name = names::group_name(name)?;
        self.action_rate.take(caller.key(me.id), self.monotonic.now())?;
        let id = GroupId::from_bytes(self.random());
        let settings = Settings {
            name: name.clone(),
            description: Description::default(),
            limit: self.limits.group_members,
            join_policy,
            announcing: false,
            slow_s: 0,
            archived: false,
        };
        let groups = self.groups_of(caller, me.id).await?;
        let decision = rules::create(id, settings, me, others, groups, self.clock.now())?;
        let decision = self.with_accounts(caller, decision).await?;
        let room = self.take_room(caller.application, Limited::Conversations).await?;
        match self.commit(caller, self.write_down(id, None, me.id, decision)).await? {
            Checked::Done => {
                room.used();
                Ok(GroupSummary { id, name })
            }
            Checked::Stale => Err(Fault::new("create_group", "a new group's id was taken").into()),
        }
    }

    /// Returns the data of a group's link: the group for its members, with the messages at a page start; its name, and
    /// whether they could join, for everybody else who has the link.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn open_group(
        &self,
        caller: &Caller,
        id: GroupId,
        place: PageStart,
        invite: Option<InviteId>,
    ) -> Result<GroupView, Error> {
        let me = caller.signed_in();
        let viewer = me.map(|me| me.id);
        let group = self.reader(caller).group(id, viewer, PAGE_MEMBERS).await?.ok_or(Refusal::NotFound)?;
        let has_seat = |me: &&Person| group.members.iter().any(|member| member.person.id == me.id);
        let Some(me) = me.filter(has_seat) else {
            let roster = self.reader(caller).roster(id).await?.ok_or(Refusal::NotFound)?;
            let closed =
                rules::check_join_policy(&roster, me.map(|me| me.id), invite, self.monotonic.now()).err();
            return Ok(GroupView::Outside {
                members: u32::try_from(roster.members.len()).unwrap_or(u32::MAX),
                closed: closed.as_ref().map(Refused::from),
                group: roster.summary(),
            });
        };
        let conversation = Conversation::Group(id);
        let standing = self.reader(caller).standing(conversation, me.id).await?.unwrap_or_default();
        let summary = ConversationSummary::Group(GroupSummary { id, name: group.settings.name.clone() });
        let opened = self.opened(caller, summary, conversation, me.id, standing, place).await?;
        Ok(GroupView::Inside(Box::new(ConversationView {
            settings: Some(group.settings),
            members: group.members,
            member_count: group.count,
            members_at: group.head,
            ..opened
        })))
    }

    /// Returns the rows of a conversation at a page start, for a user with this read mark.
    pub(super) async fn rows_at(
        &self,
        caller: &Caller,
        conversation: Conversation,
        me: UserId,
        place: PageStart,
        read: Seq,
    ) -> Result<Rows, Error> {
        let topic = &Topic::of(conversation);
        let newest = RowRange::newest(PAGE_ROWS);
        let around = |seq| RowRange::split(seq, PAGE_ROWS / 2, PAGE_ROWS - PAGE_ROWS / 2);
        let range = match place {
            PageStart::Unread | PageStart::Newest => newest,
            PageStart::Before(seq) => RowRange::before(seq, PAGE_ROWS),
            PageStart::Around(seq) => around(seq),
            PageStart::From(at) => self.reader(caller).place_at(topic, at).await?.map_or(newest, around),
        };
        let rows = self.reader(caller).rows(topic, range.seen_by(Some(me))).await?;
        let is_all = rows.from <= read.next();
        if place != PageStart::Unread
            || is_all
            || self.reader(caller).unread(conversation, me, read).await?.messages == 0
        {
            return Ok(rows.map(|data| event_of(&data)));
        }
        // The unread rows begin before the newest page. The last of the read ones stay above them.
        let unread = RowRange::split(read.next(), PAGE_ROWS / 5, PAGE_ROWS - PAGE_ROWS / 5);
        Ok(self.reader(caller).rows(topic, unread.seen_by(Some(me))).await?.map(|data| event_of(&data)))
    }

    /// Returns members of a group, for its members: those whose name contains these words, or without words those
    /// after one of them; and the group as a list shows it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`].
    pub async fn members(
        &self,
        caller: &Caller,
        id: GroupId,
        words: &str,
        after: Option<UserId>,
    ) -> Result<(GroupListing, ListPart<Member>), Error> {
        self.may_see_members(caller, Conversation::Group(id)).await?;
        let group = self.reader(caller).group(id, None, 0).await?.ok_or(Refusal::NotFound)?;
        let found = self.reader(caller).members(id, words.trim(), after, PAGE_ENTRIES + 1).await?;
        let Settings { name, description, .. } = group.settings;
        let listing = GroupListing { group: GroupSummary { id, name }, description, members: group.count };
        Ok((listing, ListPart::of(found, PAGE_ENTRIES)))
    }

    /// Returns mentions that complete the text after the `@`, for members of a group: up to a limit, and none of
    /// oneself. Each is written so that it means that one member.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`].
    pub async fn mentions(
        &self,
        caller: &Caller,
        id: GroupId,
        typed: &str,
        most: usize,
    ) -> Result<Vec<String>, Error> {
        let me = caller.user()?;
        self.seat_in(caller, Conversation::Group(id)).await?;
        let members = self.reader(caller).roster(id).await?.ok_or(Refusal::NotFound)?.members;
        let typed = typed.to_lowercase();
        let found = members.iter().filter(|member| {
            member.person.id != me.id && completes(&member.person.name.as_str().to_lowercase(), &typed)
        });
        Ok(found.take(most).map(|member| mention_of(member, &members)).collect())
    }

    /// Joins a group whose link, or an invite to which, the caller has. Joining twice is joining once.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::join`].
    pub async fn join(
        &self,
        caller: &Caller,
        id: GroupId,
        invite: Option<InviteId>,
    ) -> Result<GroupSummary, Error> {
        let me = caller.user()?;
        let groups = self.groups_of(caller, me.id).await?;
        self.change(caller, id, me.id, |roster, now| rules::join(roster, me, invite, groups, now)).await
    }

    /// Leaves a group. Live delivery ends with the entry that announces it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::leave`].
    pub async fn leave(&self, caller: &Caller, id: GroupId) -> Result<GroupSummary, Error> {
        let me = caller.user()?;
        self.change(caller, id, me.id, |roster, _| rules::leave(roster, me.id)).await
    }

    /// Applies the rate limit for changes. An application has that of its token instead.
    pub(super) fn take_action(&self, caller: &Caller, by: UserId) -> Result<(), Refusal> {
        if caller.owner().is_some() {
            return Ok(());
        }
        self.action_rate.take(caller.key(by), self.monotonic.now())
    }

    /// Decides on the present roster and commits; if another change was committed first, decides again.
    pub(super) async fn change(
        &self,
        caller: &Caller,
        id: GroupId,
        by: UserId,
        decide: impl Fn(&Roster, Timestamp) -> Result<Decision, Refusal>,
    ) -> Result<GroupSummary, Error> {
        self.take_action(caller, by)?;
        loop {
            let mut roster = self.reader(caller).roster(id).await?.ok_or(Refusal::NotFound)?;
            roster.owner = caller.owner().cloned();
            let decision = decide(&roster, self.monotonic.now())?;
            if decision.facts.is_empty() {
                return Ok(roster.summary());
            }
            let decision = self.with_accounts(caller, decision).await?;
            let change = self.write_down(id, Some(&roster), by, decision);
            // Each time another change was committed, so the group as a whole always makes progress.
            if self.commit(caller, change).await? != Checked::Stale {
                return Ok(roster.summary());
            }
        }
    }

    /// Returns groups that anybody may join, whose name contains these words, by name; without words those after one
    /// of them.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn listed_groups(
        &self,
        caller: &Caller,
        words: &str,
        after: Option<GroupId>,
    ) -> Result<ListPart<GroupListing>, Error> {
        let found = self.reader(caller).groups(words.trim(), false, after, PAGE_ENTRIES + 1).await?;
        Ok(ListPart::of(found, PAGE_ENTRIES))
    }

    /// Returns all groups, by name, for admins of the application; without words those after one of them.
    ///
    /// # Errors
    /// [`Refusal::NotAppAdmin`].
    pub async fn all_groups(
        &self,
        caller: &Caller,
        words: &str,
        after: Option<GroupId>,
    ) -> Result<ListPart<GroupListing>, Error> {
        let me = caller.user()?;
        rules::needs_app_admin(self.own_app_role(caller, me.id).await?)?;
        let found = self.reader(caller).groups(words.trim(), true, after, PAGE_ENTRIES + 1).await?;
        Ok(ListPart::of(found, PAGE_ENTRIES))
    }

    /// Returns the number of groups a user has joined or created, and the limit.
    pub(super) async fn groups_of(&self, caller: &Caller, user: UserId) -> Result<Groups, Error> {
        let count = self.reader(caller).seats(user, user).await?.taken;
        Ok(Groups { count, max: self.limits.user_groups })
    }

    /// Adds to the entries about new members whether they are known: see [`Chat::is_known`].
    pub(super) async fn with_accounts(
        &self,
        caller: &Caller,
        mut decision: Decision,
    ) -> Result<Decision, Error> {
        for news in &mut decision.news {
            if let News::Group(Event::Joined { member }) | News::Audit(Event::Added { member, .. }) = news {
                member.account = self.is_known(caller, member.person.id).await?;
            }
        }
        Ok(decision)
    }

    /// Returns the write of a decision.
    pub(super) fn write_down(
        &self,
        id: GroupId,
        roster: Option<&Roster>,
        by: UserId,
        decision: Decision,
    ) -> GroupChange {
        let Decision { facts, news } = decision;
        let at = self.clock.now();
        let draft = |news: News| {
            let ends = news.ends();
            let (topic, data) = match news {
                News::Group(event) => (Topic::group(id), Json::of(&event)),
                News::Audit(event) => (Topic::audit(id), Json::of(&event)),
                News::App(event) => (Topic::app_audit(), Json::of(&event)),
                News::User(user, event) => (Topic::user(user), Json::of(&event)),
            };
            Draft { ends, ..self.draft(topic, by, data, at) }
        };
        let version = roster.map(|roster| roster.version);
        GroupChange { group: id, version, facts, news: news.into_iter().map(draft).collect() }
    }

    pub(super) fn draft_news(&self, topic: Topic, by: UserId, event: &Event, at: Timestamp) -> Draft {
        self.draft(topic, by, Json::of(event), at)
    }

    /// Returns the draft of an entry about a change, with a fresh id.
    pub(crate) fn draft(&self, topic: Topic, by: UserId, data: Json, at: Timestamp) -> Draft {
        let id = SendId::from_bytes(self.random());
        Draft {
            topic,
            sender: Sender::User(by),
            id,
            body: BodyHash(self.random()),
            data,
            at,
            right: None,
            about: None,
            counts: false,
            is_row: true,
            mentions: Mentions::default(),
            ends: Ends::Nobody,
        }
    }
}

/// Decodes the data of a conversation's entries.
pub(super) fn events(page: Page<Json>) -> Page {
    let entries = page.entries.into_iter().map(|entry| entry.map(|data| event_of(&data))).collect();
    Page { entries, epoch: page.epoch, begins: page.begins, head: page.head }
}
