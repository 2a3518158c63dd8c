//! The rules for invite links.

use wire::limits::GROUP_INVITES;
use wire::{Event, Invite, InviteId, Refusal, Timestamp, UserId};

use super::decision::Decision;
use super::roles::needs_admin;
use crate::ports::store::{Fact, Roster};

/// An admin creates an invite. Expired and used-up ones make room for it.
///
/// # Errors
/// [`Refusal::NotAdmin`], [`Refusal::TooManyInvites`].
pub fn invite(
    roster: &Roster,
    by: UserId,
    id: InviteId,
    until: Option<Timestamp>,
    uses: Option<u32>,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let by = needs_admin(roster, by)?.clone();
    let (open, over): (Vec<_>, Vec<_>) = roster.invites.iter().partition(|invite| is_open(invite, now));
    if open.len() >= GROUP_INVITES {
        return Err(Refusal::TooManyInvites);
    }
    let tidied = over.into_iter().map(|invite| Fact::InviteRevoked(invite.id)).collect();
    let invited = Event::Invited { until, uses, by: by.clone() };
    let tidied = Decision { facts: tidied, news: Vec::new() };
    Ok(tidied.and(Fact::Invited(Invite { id, by, until, uses })).note(invited))
}

/// An admin revokes an invite.
///
/// # Errors
/// [`Refusal::NotAdmin`].
pub fn revoke(roster: &Roster, by: UserId, id: InviteId) -> Result<Decision, Refusal> {
    let by = needs_admin(roster, by)?.clone();
    if roster.invites.iter().all(|invite| invite.id != id) {
        return Ok(Decision::nothing());
    }
    Ok(Decision::fact(Fact::InviteRevoked(id)).note(Event::Uninvited { by }))
}

/// Returns the invite of this id, if it still works.
///
/// # Errors
/// [`Refusal::InviteOver`].
pub fn usable(roster: &Roster, id: InviteId, now: Timestamp) -> Result<&Invite, Refusal> {
    let invite = roster.invites.iter().find(|invite| invite.id == id);
    invite.filter(|invite| is_open(invite, now)).ok_or(Refusal::InviteOver)
}

/// Returns true if an invite still works.
#[must_use]
pub fn is_open(invite: &Invite, now: Timestamp) -> bool {
    invite.until.is_none_or(|until| now < until) && invite.uses != Some(0)
}

#[cfg(test)]
mod tests {
    use wire::Role;

    use super::*;
    use crate::rules::cast::{NOW, ann, ben, roster};

    #[test]
    fn an_invite_works_until_its_time_or_its_uses_are_over() {
        let mut tea = roster(&[(ann(), Role::Admin)]);
        let id = InviteId::from_bytes([1; 10]);
        assert_eq!(usable(&tea, id, NOW), Err(Refusal::InviteOver));
        let open = Invite { id, by: ann(), until: Some(Timestamp(NOW.0 + 1)), uses: Some(1) };
        tea.invites = vec![open.clone()];
        assert_eq!(usable(&tea, id, NOW), Ok(&open));
        tea.invites[0].until = Some(NOW);
        assert_eq!(usable(&tea, id, NOW), Err(Refusal::InviteOver));
        tea.invites[0] = Invite { until: None, uses: Some(0), ..open };
        assert_eq!(usable(&tea, id, NOW), Err(Refusal::InviteOver));
    }

    #[test]
    fn there_are_only_so_many_open_invites_and_old_ones_make_room() {
        let mut tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        let fresh = InviteId::from_bytes([200; 10]);
        let ask = |tea: &Roster| invite(tea, ann().id, fresh, None, None, NOW);
        for n in 0..GROUP_INVITES {
            let id = InviteId::from_bytes([u8::try_from(n).unwrap(); 10]);
            tea.invites.push(Invite { id, by: ann(), until: None, uses: None });
        }
        assert_eq!(ask(&tea), Err(Refusal::TooManyInvites));
        tea.invites[3].uses = Some(0);
        let facts = ask(&tea).unwrap().facts;
        assert_eq!(facts[0], Fact::InviteRevoked(InviteId::from_bytes([3; 10])));
        assert_eq!(facts.len(), 2);
        assert_eq!(invite(&tea, ben().id, fresh, None, None, NOW), Err(Refusal::NotAdmin));
    }
}
