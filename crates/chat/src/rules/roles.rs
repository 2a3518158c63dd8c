//! The rules for roles: admins and mutes.

use wire::{Event, Person, Refusal, Role, Timestamp, UserId};

use super::decision::Decision;
use crate::ports::store::{Fact, Roster};

/// Returns a user who must be an admin, or the author of what the application does: it needs no membership.
///
/// # Errors
/// [`Refusal::NotMember`] without a membership, [`Refusal::NotAdmin`] without the role.
pub fn needs_admin(roster: &Roster, user: UserId) -> Result<&Person, Refusal> {
    if let Some(owner) = roster.owner.as_ref().filter(|owner| owner.id == user) {
        return Ok(owner);
    }
    let member = roster.member(user).ok_or(Refusal::NotMember)?;
    if member.role == Role::Admin { Ok(&member.person) } else { Err(Refusal::NotAdmin) }
}

/// An admin sets the role of a member, or their own. The invites of a former admin end.
///
/// # Errors
/// [`Refusal::NotAdmin`], [`Refusal::NotFound`] if there is no such member, [`Refusal::LastAdmin`] if nobody
/// would be admin.
pub fn set_role(roster: &Roster, by: UserId, user: UserId, role: Role) -> Result<Decision, Refusal> {
    let admin = needs_admin(roster, by)?;
    let member = roster.member(user).ok_or(Refusal::NotFound)?;
    if member.role == role {
        return Ok(Decision::nothing());
    }
    if role == Role::Member && roster.is_last_admin(user) {
        return Err(Refusal::LastAdmin);
    }
    let ranked = Event::Ranked { person: member.person.clone(), role, by: admin.clone() };
    let decision = Decision::fact(Fact::RoleChanged(user, role));
    let decision = if role == Role::Member { decision.without_invites_of(roster, user) } else { decision };
    Ok(decision.tell_and_note(ranked))
}

/// An admin mutes a member until then, or ends the mute.
///
/// # Errors
/// [`Refusal::NotAdmin`], [`Refusal::NotOneself`], [`Refusal::NotFound`] if there is no such member.
pub fn mute(
    roster: &Roster,
    by: UserId,
    user: UserId,
    until: Option<Timestamp>,
) -> Result<Decision, Refusal> {
    let admin = needs_admin(roster, by)?;
    if by == user {
        return Err(Refusal::NotOneself);
    }
    let member = roster.member(user).ok_or(Refusal::NotFound)?;
    if member.muted_until == until {
        return Ok(Decision::nothing());
    }
    let muted = Event::Muted { person: member.person.clone(), until, by: admin.clone() };
    Ok(Decision::fact(Fact::Muted(user, until)).tell_and_note(muted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::cast::{NOW, ann, ben, cal, roster};

    #[test]
    fn only_admins_decide_who_is_admin() {
        let tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        let promoted = set_role(&tea, ann().id, ben().id, Role::Admin).unwrap();
        assert_eq!(promoted.facts, [Fact::RoleChanged(ben().id, Role::Admin)]);
        assert_eq!(set_role(&tea, ann().id, ann().id, Role::Admin), Ok(Decision::nothing()));
        assert_eq!(set_role(&tea, ben().id, ben().id, Role::Admin), Err(Refusal::NotAdmin));
        assert_eq!(set_role(&tea, cal().id, ben().id, Role::Admin), Err(Refusal::NotMember));
        assert_eq!(set_role(&tea, ann().id, cal().id, Role::Admin), Err(Refusal::NotFound));
    }

    #[test]
    fn an_admin_steps_down_if_another_one_is_there() {
        let alone = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        assert_eq!(set_role(&alone, ann().id, ann().id, Role::Member), Err(Refusal::LastAdmin));
        let two = roster(&[(ann(), Role::Admin), (ben(), Role::Admin)]);
        let down = set_role(&two, ann().id, ann().id, Role::Member).unwrap();
        assert_eq!(down.facts, [Fact::RoleChanged(ann().id, Role::Member)]);
    }

    #[test]
    fn an_admin_mutes_others_and_gives_the_word_back() {
        let mut tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        let muted = mute(&tea, ann().id, ben().id, Some(NOW)).unwrap();
        assert_eq!(muted.facts, [Fact::Muted(ben().id, Some(NOW))]);
        tea.members[1].muted_until = Some(NOW);
        assert_eq!(mute(&tea, ann().id, ben().id, Some(NOW)), Ok(Decision::nothing()));
        assert_eq!(mute(&tea, ann().id, ben().id, None).unwrap().facts, [Fact::Muted(ben().id, None)]);
        assert_eq!(mute(&tea, ben().id, ann().id, None), Err(Refusal::NotAdmin));
        assert_eq!(mute(&tea, ann().id, ann().id, Some(NOW)), Err(Refusal::NotOneself));
    }
}
