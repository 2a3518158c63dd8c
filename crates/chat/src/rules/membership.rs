use wire::{GroupName, Member, Person, Refusal, Role, Timestamp, UserId};

use crate::store::{Fact, Roster};

/// Who founds a group is its first admin.
#[must_use]
pub fn found(name: GroupName, limit: u32, by: &Person, now: Timestamp) -> Vec<Fact> {
    let founder = Member { person: by.clone(), role: Role::Admin, since: now };
    vec![Fact::Created { name, limit, at: now }, Fact::Seated(founder)]
}

/// Takes a seat. Gives none if the person has one already: joining twice is joining once. Whoever joins an
/// empty group becomes its admin, since a group with members has one.
///
/// # Errors
/// [`Refusal::GroupFull`], [`Refusal::TooManyGroups`].
pub fn join(
    roster: &Roster,
    person: &Person,
    groups: usize,
    max_groups: usize,
    now: Timestamp,
) -> Result<Option<Member>, Refusal> {
    if roster.member(person.id).is_some() {
        return Ok(None);
    }
    if roster.members.len() >= usize::try_from(roster.limit).unwrap_or(usize::MAX) {
        return Err(Refusal::GroupFull { limit: roster.limit });
    }
    if groups >= max_groups {
        return Err(Refusal::TooManyGroups { max: max_groups });
    }
    let role = if roster.members.is_empty() { Role::Admin } else { Role::Member };
    Ok(Some(Member { person: person.clone(), role, since: now }))
}

/// Gives up a seat. Gives none if there is no seat to give up.
///
/// # Errors
/// [`Refusal::LastAdmin`] if others stay behind without an admin.
pub fn leave(roster: &Roster, user: UserId) -> Result<Option<Fact>, Refusal> {
    let Some(member) = roster.member(user) else { return Ok(None) };
    let others = roster.members.iter().filter(|other| other.person.id != user);
    let left_without_admin =
        others.clone().count() > 0 && !others.clone().any(|other| other.role == Role::Admin);
    if member.role == Role::Admin && left_without_admin {
        return Err(Refusal::LastAdmin);
    }
    Ok(Some(Fact::Unseated(user)))
}

/// Makes a member an admin. Gives none if they are one already.
///
/// # Errors
/// [`Refusal::NotMember`] if the caller has no seat, [`Refusal::NotAdmin`] if the caller may not, and
/// [`Refusal::NotFound`] if there is no such member.
pub fn promote(roster: &Roster, by: UserId, user: UserId) -> Result<Option<Fact>, Refusal> {
    let caller = roster.member(by).ok_or(Refusal::NotMember)?;
    if caller.role != Role::Admin {
        return Err(Refusal::NotAdmin);
    }
    let member = roster.member(user).ok_or(Refusal::NotFound)?;
    Ok((member.role != Role::Admin).then_some(Fact::Ranked(user, Role::Admin)))
}

#[cfg(test)]
mod tests {
    use wire::{GroupId, GroupSummary, PersonName, Seq};

    use super::*;
    use crate::store::Version;

    fn person(name: &str) -> Person {
        let mut bytes = [0; 10];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        Person { id: UserId::from_bytes(bytes), name: PersonName::new(name).unwrap() }
    }

    fn roster(limit: u32, members: &[(&str, Role)]) -> Roster {
        let members =
            members.iter().map(|&(name, role)| Member { person: person(name), role, since: Timestamp(0) });
        Roster {
            group: GroupSummary { id: GroupId::from_bytes([0; 10]), name: GroupName::new("tea").unwrap() },
            limit,
            members: members.collect(),
            version: Version(1),
            head: Seq(1),
        }
    }

    fn join_as(roster: &Roster, name: &str) -> Result<Option<Role>, Refusal> {
        join(roster, &person(name), 0, 500, Timestamp(0)).map(|member| member.map(|member| member.role))
    }

    #[test]
    fn ben_joins_as_a_member_and_joining_twice_changes_nothing() {
        let tea = roster(3, &[("ann", Role::Admin)]);
        assert_eq!(join_as(&tea, "ben"), Ok(Some(Role::Member)));
        assert_eq!(join_as(&tea, "ann"), Ok(None));
    }

    #[test]
    fn a_full_group_refuses_cal_but_not_who_is_in_it() {
        let tea = roster(2, &[("ann", Role::Admin), ("ben", Role::Member)]);
        assert_eq!(join_as(&tea, "cal"), Err(Refusal::GroupFull { limit: 2 }));
        assert_eq!(join_as(&tea, "ben"), Ok(None));
    }

    #[test]
    fn nobody_collects_groups_without_end() {
        let tea = roster(3, &[("ann", Role::Admin)]);
        let refused = join(&tea, &person("ben"), 500, 500, Timestamp(0));
        assert_eq!(refused, Err(Refusal::TooManyGroups { max: 500 }));
    }

    #[test]
    fn the_last_admin_hands_over_before_leaving() {
        let mut tea = roster(3, &[("ann", Role::Admin), ("ben", Role::Member)]);
        assert_eq!(leave(&tea, person("ann").id), Err(Refusal::LastAdmin));
        assert_eq!(leave(&tea, person("ben").id), Ok(Some(Fact::Unseated(person("ben").id))));
        assert_eq!(leave(&tea, person("cal").id), Ok(None));
        tea.members[1].role = Role::Admin;
        assert_eq!(leave(&tea, person("ann").id), Ok(Some(Fact::Unseated(person("ann").id))));
    }

    #[test]
    fn who_is_alone_may_leave_and_who_finds_a_group_empty_is_its_admin() {
        let tea = roster(3, &[("ann", Role::Admin)]);
        assert!(leave(&tea, person("ann").id).unwrap().is_some());
        assert_eq!(join_as(&roster(3, &[]), "ben"), Ok(Some(Role::Admin)));
    }

    #[test]
    fn only_an_admin_makes_admins() {
        let tea = roster(3, &[("ann", Role::Admin), ("ben", Role::Member)]);
        let [ann, ben, cal] = ["ann", "ben", "cal"].map(|name| person(name).id);
        assert_eq!(promote(&tea, ann, ben), Ok(Some(Fact::Ranked(ben, Role::Admin))));
        assert_eq!(promote(&tea, ann, ann), Ok(None));
        assert_eq!(promote(&tea, ben, ben), Err(Refusal::NotAdmin));
        assert_eq!(promote(&tea, cal, ben), Err(Refusal::NotMember));
        assert_eq!(promote(&tea, ann, cal), Err(Refusal::NotFound));
    }
}
