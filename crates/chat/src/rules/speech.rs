//! The rules for sending, with slow mode: messages, amendments and mentions of everyone.

use wire::{Refusal, Role, Timestamp, UserId};

use crate::ports::store::{MembershipState, Permission, PermissionTo, Roster};

impl Permission {
    /// Decides whether a user with this membership state has the permission. The store asks inside the commit.
    ///
    /// # Errors
    /// Those of [`may_speak`], [`may_amend`] or [`may_manage`].
    pub fn check(&self, standing: Option<&MembershipState>) -> Result<(), Refusal> {
        match self.to {
            PermissionTo::Speak => may_speak(standing, self.now),
            PermissionTo::Amend => may_amend(standing, self.now),
            PermissionTo::Manage => may_manage(standing),
        }
    }
}

/// Decides whether a user with this membership state may send a message now; none means that there is no such group.
/// The store applies it inside the commit.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::NotMember`], [`Refusal::Blocked`], [`Refusal::Archived`], [`Refusal::Muted`],
/// [`Refusal::Announcing`], [`Refusal::TooFast`] in slow mode.
pub fn may_speak(standing: Option<&MembershipState>, now: Timestamp) -> Result<(), Refusal> {
    let (standing, role) = has_the_word(standing, now)?;
    if role == Role::Admin {
        return Ok(());
    }
    if standing.announcing {
        return Err(Refusal::Announcing);
    }
    let pause = i64::from(standing.slow_s) * 1_000;
    // A time in the future is one before the clock was set back.
    let spoke = standing.spoke_at.filter(|spoke| *spoke <= now);
    let wait = spoke.map_or(0, |spoke| spoke.0 + pause - now.0);
    match u32::try_from(wait) {
        Ok(retry_ms) if retry_ms > 0 => Err(Refusal::TooFast { retry_ms }),
        _ => Ok(()),
    }
}

/// Decides whether a user with this membership state may amend or react to a message: announcing and slow mode do not
/// restrict it.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::NotMember`], [`Refusal::Blocked`], [`Refusal::Archived`], [`Refusal::Muted`].
pub fn may_amend(standing: Option<&MembershipState>, now: Timestamp) -> Result<(), Refusal> {
    has_the_word(standing, now).map(|_| ())
}

/// Decides whether the application may send to a conversation and amend what is in it: it must exist, and not be
/// archived.
///
/// # Errors
/// [`Refusal::NotFound`], [`Refusal::Archived`].
pub fn may_manage(standing: Option<&MembershipState>) -> Result<(), Refusal> {
    match standing {
        None => Err(Refusal::NotFound),
        Some(standing) if standing.archived => Err(Refusal::Archived),
        Some(_) => Ok(()),
    }
}

/// Returns true if a user may mention every member at once: in a small group everyone may, in a larger one admins and
/// the application.
#[must_use]
pub fn may_mention_everyone(roster: &Roster, user: UserId) -> bool {
    roster.members.len() <= SMALL_GROUP
        || roster.owner.as_ref().is_some_and(|owner| owner.id == user)
        || roster.member(user).is_some_and(|member| member.role == Role::Admin)
}

/// The most members of a group in which everyone may mention all.
const SMALL_GROUP: usize = 30;

fn has_the_word(
    standing: Option<&MembershipState>,
    now: Timestamp,
) -> Result<(&MembershipState, Role), Refusal> {
    let standing = standing.ok_or(Refusal::NotFound)?;
    let role = standing.role.ok_or(Refusal::NotMember)?;
    if standing.blocked {
        return Err(Refusal::Blocked);
    }
    if standing.archived {
        return Err(Refusal::Archived);
    }
    if let Some(minutes) = standing.muted_until.and_then(|until| minutes_to(until, now)) {
        return Err(Refusal::Muted { minutes });
    }
    Ok((standing, role))
}

/// Returns the minutes that are left, rounded up; none if the time is past.
fn minutes_to(until: Timestamp, now: Timestamp) -> Option<u32> {
    let left = until.0 - now.0;
    (left > 0).then(|| u32::try_from(left.saturating_add(59_999) / 60_000).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn member() -> MembershipState {
        MembershipState { role: Some(Role::Member), listed: true, ..MembershipState::default() }
    }

    fn says(standing: MembershipState) -> Result<(), Refusal> {
        may_speak(Some(&standing), NOW)
    }

    #[test]
    fn a_member_speaks_and_nobody_else() {
        assert_eq!(says(member()), Ok(()));
        assert_eq!(says(MembershipState { role: None, ..member() }), Err(Refusal::NotMember));
        assert_eq!(may_speak(None, NOW), Err(Refusal::NotFound));
        assert_eq!(says(MembershipState { archived: true, ..member() }), Err(Refusal::Archived));
    }

    #[test]
    fn the_application_speaks_where_there_is_a_conversation() {
        let outside = MembershipState { role: None, announcing: true, ..member() };
        assert_eq!(may_manage(Some(&outside)), Ok(()));
        assert_eq!(may_manage(None), Err(Refusal::NotFound));
        assert_eq!(may_manage(Some(&MembershipState { archived: true, ..outside })), Err(Refusal::Archived));
    }

    #[test]
    fn a_mute_ends_by_itself() {
        let muted = |until| says(MembershipState { muted_until: Some(Timestamp(NOW.0 + until)), ..member() });
        assert_eq!(muted(60_001), Err(Refusal::Muted { minutes: 2 }));
        assert_eq!(muted(1), Err(Refusal::Muted { minutes: 1 }));
        assert_eq!(muted(0), Ok(()));
    }

    #[test]
    fn where_only_admins_write_members_do_not() {
        let announcing = MembershipState { announcing: true, ..member() };
        assert_eq!(says(announcing), Err(Refusal::Announcing));
        assert_eq!(says(MembershipState { role: Some(Role::Admin), ..announcing }), Ok(()));
        assert_eq!(may_amend(Some(&announcing), NOW), Ok(()), "they still react");
        let muted = MembershipState { muted_until: Some(Timestamp(NOW.0 + 1)), ..announcing };
        assert_eq!(may_amend(Some(&muted), NOW), Err(Refusal::Muted { minutes: 1 }));
    }

    #[test]
    fn slow_mode_asks_members_for_a_pause() {
        let spoke =
            |ago: i64| MembershipState { slow_s: 10, spoke_at: Some(Timestamp(NOW.0 - ago)), ..member() };
        assert_eq!(says(spoke(9_999)), Err(Refusal::TooFast { retry_ms: 1 }));
        assert_eq!(says(spoke(10_000)), Ok(()));
        assert_eq!(says(MembershipState { role: Some(Role::Admin), ..spoke(1) }), Ok(()));
        // A clock that was set back keeps nobody from sending.
        assert_eq!(says(spoke(-99_999)), Ok(()));
    }
}
