use wire::{
    Event, GroupId, GroupName, GroupPage, GroupSummary, GroupView, Json, Page, Person, Refusal, Role,
};
use wire::{SendId, Seq, Timestamp, Topic, UserId};

use crate::chat::Chat;
use crate::no::{Fault, No};
use crate::rules;
use crate::store::{BodyHash, Change, Draft, Fact, Outcome, Range, Roster, Sender, Write};

/// How many messages a page of a group begins with.
const FIRST_PAGE: usize = 50;

/// Groups and their seats.
impl Chat {
    /// Makes a group; its founder is its first admin.
    ///
    /// # Errors
    /// The refusals of [`GroupName::new`], and [`Refusal::TooManyGroups`].
    pub async fn create_group(&self, me: &Person, name: &str) -> Result<GroupSummary, No> {
        let name = GroupName::new(name)?;
        self.acts.take(me.id, self.clock.now())?;
        let max = self.limits.user_groups;
        if self.store.groups(me.id).await?.groups.len() >= max {
            return Err(Refusal::TooManyGroups { max }.into());
        }
        let group = GroupSummary { id: GroupId::from_bytes(self.random()), name: name.clone() };
        let now = self.clock.now();
        let facts = rules::found(name.clone(), self.limits.group_members, me, now);
        let news = vec![
            self.group_news(group.id, me, &Event::Created { by: me.clone(), name }, now),
            self.user_news(me.id, &Event::GroupAdded { group: group.clone() }, now),
        ];
        let change = Change { group: group.id, version: None, facts, news };
        match self.commit(Write::Change(change)).await? {
            Outcome::Changed { .. } => Ok(group),
            _ => Err(Fault::new("create_group", "a new group's id was taken").into()),
        }
    }

    /// What opening a group's link shows: the group to its members, with its newest messages or those
    /// before a place; its name to everybody else who has the link.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn open_group(
        &self,
        me: Option<&Person>,
        id: GroupId,
        before: Option<Seq>,
    ) -> Result<GroupView, No> {
        let roster = self.store.roster(id).await?.ok_or(Refusal::NotFound)?;
        let inside = me.is_some_and(|me| roster.member(me.id).is_some());
        if !inside {
            let members = u32::try_from(roster.members.len()).unwrap_or(u32::MAX);
            return Ok(GroupView::Outside { group: roster.group, members });
        }
        let range = Range { after: None, before, limit: FIRST_PAGE };
        let page = self.store.page(&Topic::group(id), range).await?;
        Ok(GroupView::Inside(Box::new(GroupPage {
            group: roster.group,
            members: roster.members,
            members_at: roster.head,
            page: events(page),
        })))
    }

    /// Takes a seat in a group whose link one has. Joining twice is joining once.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::join`].
    pub async fn join(&self, me: &Person, id: GroupId) -> Result<GroupSummary, No> {
        let groups = self.store.groups(me.id).await?.groups.len();
        let max = self.limits.user_groups;
        self.change(id, |roster, now| {
            let Some(member) = rules::join(roster, me, groups, max, now)? else { return Ok(None) };
            let news = vec![
                self.group_news(id, me, &Event::Joined { member: member.clone() }, now),
                self.user_news(me.id, &Event::GroupAdded { group: roster.group.clone() }, now),
            ];
            Ok(Some((vec![Fact::Seated(member)], news)))
        })
        .await
    }

    /// Gives up one's seat. Live delivery ends with the news of it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::leave`].
    pub async fn leave(&self, me: &Person, id: GroupId) -> Result<GroupSummary, No> {
        self.change(id, |roster, now| {
            let Some(fact) = rules::leave(roster, me.id)? else { return Ok(None) };
            let news = vec![
                self.group_news(id, me, &Event::Left { person: me.clone() }, now),
                self.user_news(me.id, &Event::GroupGone { group: id }, now),
            ];
            Ok(Some((vec![fact], news)))
        })
        .await
    }

    /// Makes a member an admin.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and those of [`rules::promote`].
    pub async fn promote(&self, me: &Person, id: GroupId, user: UserId) -> Result<GroupSummary, No> {
        self.change(id, |roster, now| {
            let Some(fact) = rules::promote(roster, me.id, user)? else { return Ok(None) };
            let person = roster.member(user).map_or_else(|| me.clone(), |member| member.person.clone());
            let ranked = Event::Ranked { person, role: Role::Admin, by: me.clone() };
            Ok(Some((vec![fact], vec![self.group_news(id, me, &ranked, now)])))
        })
        .await
    }

    /// Decides on the roster as it is and commits; if somebody was quicker, decides again.
    async fn change(
        &self,
        id: GroupId,
        decide: impl Fn(&Roster, Timestamp) -> Result<Option<(Vec<Fact>, Vec<Draft>)>, Refusal>,
    ) -> Result<GroupSummary, No> {
        loop {
            let roster = self.store.roster(id).await?.ok_or(Refusal::NotFound)?;
            let Some((facts, news)) = decide(&roster, self.clock.now())? else { return Ok(roster.group) };
            let change = Change { group: id, version: Some(roster.version), facts, news };
            // Each turn somebody else's change went through, so the group as a whole always gets on.
            if self.commit(Write::Change(change)).await? != Outcome::Stale {
                return Ok(roster.group);
            }
        }
    }

    fn group_news(&self, group: GroupId, by: &Person, event: &Event, at: Timestamp) -> Draft {
        self.news(Topic::group(group), by.id, event, at)
    }

    fn user_news(&self, user: UserId, event: &Event, at: Timestamp) -> Draft {
        self.news(Topic::user(user), user, event, at)
    }

    fn news(&self, topic: Topic, by: UserId, event: &Event, at: Timestamp) -> Draft {
        let id = SendId::from_bytes(self.random());
        let data = Json::of(event);
        Draft { topic, sender: Sender::User(by), id, body: BodyHash(self.random()), data, at, seat: None }
    }
}

/// Reads the data of a conversation's entries.
pub(super) fn events(page: Page<Json>) -> Page {
    let read = |data: Json| serde_json::from_str(data.as_str()).unwrap_or(Event::Unknown);
    let entries = page.entries.into_iter().map(|entry| entry.map(read)).collect();
    Page { entries, epoch: page.epoch, begins: page.begins, head: page.head }
}
