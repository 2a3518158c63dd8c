//! The rules for membership and the member limit: create, join, add, leave, remove and ban.

use wire::{Event, InviteId, JoinPolicy, Member, Person, Refusal, Role, Settings, Timestamp, UserId};

use super::decision::Decision;
use super::invites::usable;
use super::roles::needs_admin;
use crate::ports::store::{Fact, Roster};

/// The groups that a user has joined or created, and the limit. Groups that others added them to do not count, so
/// nobody can use up another user's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Groups {
    /// The number of groups that count towards the limit.
    pub count: usize,
    /// The most groups a user may have, from the operator's limits.
    pub max: usize,
}

/// A user creates a group and is its first admin; others may be members from the beginning.
///
/// # Errors
/// [`Refusal::TooManyGroups`], [`Refusal::GroupFull`].
pub fn create(
    group: wire::GroupId,
    settings: Settings,
    by: &Person,
    others: &[Person],
    groups: Groups,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    groups.room()?;
    let limit = settings.limit;
    if others.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
        return Err(Refusal::GroupFull { limit });
    }
    let founder = Member::new(by.clone(), Role::Admin, now);
    let name = settings.name.clone();
    let summary = wire::GroupSummary { id: group, name: name.clone() };
    let decision = Decision::fact(Fact::Created { settings, at: now })
        .and(Fact::MemberAdded(founder))
        .tell_and_note(Event::Created { by: by.clone(), name })
        .tell_user(by, Event::GroupAdded { group: summary.clone() });
    Ok(with_others(decision, &summary, by, others, now))
}

/// Adds the members whom somebody puts into a new group.
fn with_others(
    mut decision: Decision,
    summary: &wire::GroupSummary,
    by: &Person,
    others: &[Person],
    now: Timestamp,
) -> Decision {
    for person in others.iter().filter(|person| person.id != by.id) {
        let member = Member::new(person.clone(), Role::Member, now);
        decision = decision
            .and(Fact::MemberAdded(member.clone()))
            .and(Fact::AddedBy { to: person.id, by: by.id })
            .tell(Event::Joined { member: member.clone() })
            .note(Event::Added { member, by: by.clone() })
            .tell_user(person, Event::GroupAdded { group: summary.clone() });
    }
    decision
}

/// The application creates a group. It has no admin but the application; users may be members from the beginning.
///
/// # Errors
/// [`Refusal::GroupFull`].
pub fn establish(
    group: wire::GroupId,
    settings: Settings,
    by: &Person,
    others: &[Person],
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let limit = settings.limit;
    if others.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
        return Err(Refusal::GroupFull { limit });
    }
    let name = settings.name.clone();
    let summary = wire::GroupSummary { id: group, name: name.clone() };
    let decision = Decision::fact(Fact::Created { settings, at: now })
        .tell_and_note(Event::Created { by: by.clone(), name });
    Ok(with_others(decision, &summary, by, others, now))
}

/// A user joins: by the join policy, or with an invite. A member stays one: joining twice is joining once. The first
/// member of an empty group becomes its admin, since a group with members has one.
///
/// # Errors
/// The reason that joining is refused: that of [`may_join`], [`Refusal::InviteOver`], [`Refusal::TooManyGroups`].
pub fn join(
    roster: &Roster,
    person: &Person,
    invite: Option<InviteId>,
    groups: Groups,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    if roster.member(person.id).is_some() {
        return Ok(Decision::nothing());
    }
    let invite = match invite {
        Some(invite) => Some(usable(roster, invite, now)?),
        None => None,
    };
    may_join(roster, person.id, invite.is_some())?;
    groups.room()?;
    let role = if roster.members.is_empty() { Role::Admin } else { Role::Member };
    let mut decision = seat(roster, person, role, now);
    if let Some(invite) = invite {
        decision = decision.and(Fact::InviteUsed(invite.id));
    }
    Ok(decision)
}

/// Decides whether a user who is not a member, or a visitor, could join; either may have an invite.
///
/// # Errors
/// Those of [`may_join`], and [`Refusal::InviteOver`].
pub fn check_join_policy(
    roster: &Roster,
    user: Option<UserId>,
    invite: Option<InviteId>,
    now: Timestamp,
) -> Result<(), Refusal> {
    if let Some(invite) = invite {
        usable(roster, invite, now)?;
    }
    if user.is_some_and(|user| roster.is_banned(user)) {
        return Err(Refusal::Banned);
    }
    room(roster, invite.is_some())
}

/// Decides whether a user who is not a member may join, with or without an invite.
///
/// # Errors
/// [`Refusal::Banned`], [`Refusal::Archived`], [`Refusal::InviteNeeded`], [`Refusal::GroupFull`].
pub fn may_join(roster: &Roster, user: UserId, invited: bool) -> Result<(), Refusal> {
    if roster.is_banned(user) { Err(Refusal::Banned) } else { room(roster, invited) }
}

fn room(roster: &Roster, invited: bool) -> Result<(), Refusal> {
    if roster.settings.archived {
        return Err(Refusal::Archived);
    }
    if roster.settings.join_policy == JoinPolicy::Invite && !invited {
        return Err(Refusal::InviteNeeded);
    }
    let limit = roster.settings.limit;
    if roster.members.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
        return Err(Refusal::GroupFull { limit });
    }
    Ok(())
}

/// An admin adds a user. The user needs no invite, but a relation to the admin: see [`may_give_seat`].
///
/// # Errors
/// Those of [`may_join`], except that no invite is needed, those of [`may_give_seat`], and [`Refusal::NotAdmin`].
pub fn add(
    roster: &Roster,
    by: UserId,
    person: &Person,
    contact: Contact,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let admin = needs_admin(roster, by)?;
    if roster.member(person.id).is_some() {
        return Ok(Decision::nothing());
    }
    may_join(roster, person.id, true)?;
    may_give_seat(contact)?;
    let added = seat(roster, person, Role::Member, now).and(Fact::AddedBy { to: person.id, by });
    let member = Member::new(person.clone(), Role::Member, now);
    Ok(added.note(Event::Added { member, by: admin.clone() }))
}

/// The relation between a user who adds another and the user who is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// True if they share a group, or the added user has written to the other.
    pub known: bool,
    /// True if the adding user is an application admin, and so may add everybody.
    pub manages: bool,
    /// The number of groups that others have added the user to.
    pub given: usize,
    /// The number of those that the adding user has added them to.
    pub given_by: usize,
    /// The limit of groups that others add one user to.
    pub max: usize,
}

/// The limit of groups that one user adds another to.
pub const SEATS_FROM_ONE: usize = 20;

/// Decides whether a user may add another to a group without asking them.
///
/// # Errors
/// [`Refusal::NoContact`], [`Refusal::AddedTooOften`].
pub const fn may_give_seat(contact: Contact) -> Result<(), Refusal> {
    if contact.manages {
        return Ok(());
    }
    if !contact.known {
        return Err(Refusal::NoContact);
    }
    if contact.given >= contact.max || contact.given_by >= SEATS_FROM_ONE {
        return Err(Refusal::AddedTooOften);
    }
    Ok(())
}

/// A member leaves; nothing happens if the user is not one. The last admin of an archived group hands over to the
/// member who joined first.
///
/// # Errors
/// [`Refusal::LastAdmin`] if others would stay behind without an admin in a group that is not archived.
pub fn leave(roster: &Roster, user: UserId) -> Result<Decision, Refusal> {
    let Some(member) = roster.member(user) else { return Ok(Decision::nothing()) };
    let left = Event::Left { person: member.person.clone() };
    let decision = Decision::fact(Fact::MemberRemoved(user)).without_invites_of(roster, user);
    // The audit log is read by admins: it says that one of them has left, and their right to read it ends there.
    let is_admin = member.role == Role::Admin;
    let mut decision = if is_admin { decision.tell_and_note(left) } else { decision.tell(left) };
    if roster.is_last_admin(user)
        && let Some(heir) = roster.members.iter().find(|other| other.person.id != user)
    {
        if !roster.settings.archived {
            return Err(Refusal::LastAdmin);
        }
        let ranked =
            Event::Ranked { person: heir.person.clone(), role: Role::Admin, by: member.person.clone() };
        decision = decision.and(Fact::RoleChanged(heir.person.id, Role::Admin)).tell_and_note(ranked);
    }
    Ok(decision.tell_user(&member.person, Event::GroupGone { id: roster.id }))
}

/// An admin removes a member, and may ban them.
///
/// # Errors
/// [`Refusal::NotAdmin`], [`Refusal::NotOneself`], and [`Refusal::NotFound`] if there is no such member.
pub fn remove(roster: &Roster, by: UserId, user: UserId, ban: bool) -> Result<Decision, Refusal> {
    let admin = needs_admin(roster, by)?;
    if by == user {
        return Err(Refusal::NotOneself);
    }
    let member = roster.member(user).ok_or(Refusal::NotFound)?;
    let removed = Event::Removed { person: member.person.clone(), by: admin.clone(), banned: ban };
    let mut decision = Decision::fact(Fact::MemberRemoved(user)).without_invites_of(roster, user);
    if ban {
        decision = decision.and(Fact::Banned(member.person.clone()));
    }
    Ok(decision.tell_and_note(removed).tell_user(&member.person, Event::GroupGone { id: roster.id }))
}

/// An admin bans a user, who is removed if they are a member. Banning twice is banning once.
///
/// # Errors
/// [`Refusal::NotAdmin`], [`Refusal::NotOneself`].
pub fn ban(roster: &Roster, by: UserId, person: &Person) -> Result<Decision, Refusal> {
    let admin = needs_admin(roster, by)?;
    if by == person.id {
        return Err(Refusal::NotOneself);
    }
    if roster.is_banned(person.id) {
        return Ok(Decision::nothing());
    }
    if roster.member(person.id).is_some() {
        return remove(roster, by, person.id, true);
    }
    let banned = Event::Removed { person: person.clone(), by: admin.clone(), banned: true };
    Ok(Decision::fact(Fact::Banned(person.clone())).note(banned))
}

/// An admin lifts a ban.
///
/// # Errors
/// [`Refusal::NotAdmin`].
pub fn unban(roster: &Roster, by: UserId, user: UserId) -> Result<Decision, Refusal> {
    let admin = needs_admin(roster, by)?;
    let Some(person) = roster.bans.iter().find(|banned| banned.id == user) else {
        return Ok(Decision::nothing());
    };
    let unbanned = Event::Unbanned { person: person.clone(), by: admin.clone() };
    Ok(Decision::fact(Fact::Unbanned(user)).note(unbanned))
}

fn seat(roster: &Roster, person: &Person, role: Role, now: Timestamp) -> Decision {
    let member = Member::new(person.clone(), role, now);
    Decision::fact(Fact::MemberAdded(member.clone()))
        .tell(Event::Joined { member })
        .tell_user(person, Event::GroupAdded { group: roster.summary() })
}

impl Groups {
    /// Decides whether there is room for one more.
    ///
    /// # Errors
    /// [`Refusal::TooManyGroups`].
    pub const fn room(self) -> Result<(), Refusal> {
        if self.count >= self.max { Err(Refusal::TooManyGroups { max: self.max }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use wire::Invite;

    use super::*;
    use crate::rules::cast::{NOW, ann, ben, cal, roster};

    const ROOM: Groups = Groups { count: 0, max: 500 };
    const KNOWN: Contact = Contact { known: true, manages: false, given: 0, given_by: 0, max: 500 };

    #[test]
    fn nobody_is_put_into_a_group_without_a_reason_or_too_often() {
        let tea = roster(&[(ann(), Role::Admin)]);
        let facts = add(&tea, ann().id, &ben(), KNOWN, NOW).unwrap().facts;
        assert_eq!(facts[1..], [Fact::AddedBy { to: ben().id, by: ann().id }]);
        let refused = |contact| add(&tea, ann().id, &ben(), contact, NOW).unwrap_err();
        assert_eq!(refused(Contact { known: false, ..KNOWN }), Refusal::NoContact);
        assert_eq!(refused(Contact { given: 500, ..KNOWN }), Refusal::AddedTooOften);
        assert_eq!(refused(Contact { given_by: SEATS_FROM_ONE, ..KNOWN }), Refusal::AddedTooOften);
        let manager = Contact { known: false, manages: true, given: 500, ..KNOWN };
        assert!(add(&tea, ann().id, &ben(), manager, NOW).is_ok());
    }

    #[test]
    fn a_user_is_banned_whether_they_are_a_member_or_not_and_only_once() {
        let mut tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        let facts = |tea: &Roster, person| ban(tea, ann().id, &person).unwrap().facts;
        assert_eq!(facts(&tea, ben()), [Fact::MemberRemoved(ben().id), Fact::Banned(ben())]);
        assert_eq!(facts(&tea, cal()), [Fact::Banned(cal())]);
        tea.bans.push(cal());
        assert_eq!(facts(&tea, cal()), []);
        assert_eq!(ban(&tea, ben().id, &cal()), Err(Refusal::NotAdmin));
        assert_eq!(ban(&tea, ann().id, &ann()), Err(Refusal::NotOneself));
    }

    #[test]
    fn an_invite_ends_when_its_maker_leaves_or_is_removed_banned_or_made_a_member() {
        let (bens, anns) = (InviteId::from_bytes([1; 10]), InviteId::from_bytes([2; 10]));
        let mut tea = roster(&[(ann(), Role::Admin), (ben(), Role::Admin)]);
        for (id, by) in [(bens, ben()), (anns, ann())] {
            tea.invites.push(Invite { id, by, until: None, uses: None });
        }
        for decision in [
            remove(&tea, ann().id, ben().id, false),
            remove(&tea, ann().id, ben().id, true),
            leave(&tea, ben().id),
            crate::rules::set_role(&tea, ann().id, ben().id, Role::Member),
            crate::rules::set_role(&tea, ben().id, ben().id, Role::Member),
        ] {
            let ended: Vec<_> = decision
                .unwrap()
                .facts
                .into_iter()
                .filter(|fact| matches!(fact, Fact::InviteRevoked(_)))
                .collect();
            assert_eq!(ended, [Fact::InviteRevoked(bens)]);
        }
    }

    #[test]
    fn whoever_joins_has_one_seat_and_the_first_one_is_admin() {
        let empty = roster(&[]);
        let decision = join(&empty, &ann(), None, ROOM, NOW).unwrap();
        assert!(matches!(&decision.facts[..], [Fact::MemberAdded(member)] if member.role == Role::Admin));
        let tea = roster(&[(ann(), Role::Admin)]);
        let decision = join(&tea, &ben(), None, ROOM, NOW).unwrap();
        assert!(matches!(&decision.facts[..], [Fact::MemberAdded(member)] if member.role == Role::Member));
        assert_eq!(join(&tea, &ann(), None, ROOM, NOW), Ok(Decision::nothing()));
    }

    #[test]
    fn a_closed_door_says_why() {
        let open = roster(&[(ann(), Role::Admin)]);
        let with = |change: &dyn Fn(&mut Roster)| {
            let mut roster = open.clone();
            change(&mut roster);
            join(&roster, &ben(), None, ROOM, NOW).unwrap_err()
        };
        assert_eq!(with(&|r| r.settings.limit = 1), Refusal::GroupFull { limit: 1 });
        assert_eq!(with(&|r| r.settings.archived = true), Refusal::Archived);
        assert_eq!(with(&|r| r.settings.join_policy = JoinPolicy::Invite), Refusal::InviteNeeded);
        assert_eq!(with(&|r| r.bans.push(ben())), Refusal::Banned);
        let full = Groups { count: 3, max: 3 };
        assert_eq!(join(&open, &ben(), None, full, NOW), Err(Refusal::TooManyGroups { max: 3 }));
    }

    #[test]
    fn an_invite_opens_the_door_but_makes_no_room_and_lifts_no_ban() {
        let id = InviteId::from_bytes([1; 10]);
        let mut tea = roster(&[(ann(), Role::Admin)]);
        tea.settings.join_policy = JoinPolicy::Invite;
        tea.invites.push(Invite { id, by: ann(), until: None, uses: Some(1) });
        let decision = join(&tea, &ben(), Some(id), ROOM, NOW).unwrap();
        assert_eq!(decision.facts.last(), Some(&Fact::InviteUsed(id)));
        let other = InviteId::from_bytes([2; 10]);
        assert_eq!(join(&tea, &ben(), Some(other), ROOM, NOW), Err(Refusal::InviteOver));
        tea.settings.limit = 1;
        assert_eq!(join(&tea, &ben(), Some(id), ROOM, NOW), Err(Refusal::GroupFull { limit: 1 }));
        tea.bans.push(ben());
        assert_eq!(join(&tea, &ben(), Some(id), ROOM, NOW), Err(Refusal::Banned));
    }

    #[test]
    fn a_lowered_limit_keeps_who_is_there_and_stops_joins() {
        let mut tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        tea.settings.limit = 1;
        assert_eq!(join(&tea, &cal(), None, ROOM, NOW), Err(Refusal::GroupFull { limit: 1 }));
        assert_eq!(add(&tea, ann().id, &cal(), KNOWN, NOW), Err(Refusal::GroupFull { limit: 1 }));
        assert_eq!(join(&tea, &ben(), None, ROOM, NOW), Ok(Decision::nothing()), "ben is there already");
    }

    #[test]
    fn the_last_admin_stays_until_somebody_else_is_one_or_the_group_is_archived() {
        let (a, b) = (ann(), ben());
        let mut tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        assert_eq!(leave(&tea, a.id), Err(Refusal::LastAdmin));
        assert_eq!(leave(&tea, b.id).unwrap().facts, [Fact::MemberRemoved(b.id)]);
        assert_eq!(leave(&tea, cal().id), Ok(Decision::nothing()));
        tea.settings.archived = true;
        let facts = leave(&tea, a.id).unwrap().facts;
        assert_eq!(facts, [Fact::MemberRemoved(a.id), Fact::RoleChanged(b.id, Role::Admin)]);
        assert_eq!(leave(&roster(&[(ann(), Role::Admin)]), a.id).unwrap().facts, [Fact::MemberRemoved(a.id)]);
    }

    #[test]
    fn admins_remove_others_and_only_they_do() {
        let tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member), (cal(), Role::Member)]);
        assert_eq!(remove(&tea, ann().id, ben().id, false).unwrap().facts, [Fact::MemberRemoved(ben().id)]);
        let banned = remove(&tea, ann().id, ben().id, true).unwrap();
        assert_eq!(banned.facts, [Fact::MemberRemoved(ben().id), Fact::Banned(ben())]);
        assert_eq!(remove(&tea, ben().id, cal().id, false), Err(Refusal::NotAdmin));
        assert_eq!(remove(&tea, ann().id, ann().id, false), Err(Refusal::NotOneself));
    }
}
