//! The rules for a group's settings, to archive a group, and to delete it.

use wire::limits::SLOW_SECONDS;
use wire::{AuditEvent, Event, Expected, Refusal, Setting, Settings, UserId};

use super::decision::Decision;
use super::roles::needs_admin;
use crate::ports::store::{Fact, Roster};

/// An admin changes settings; each that differs is announced.
///
/// # Errors
/// [`Refusal::NotAdmin`], [`Refusal::LimitBad`], [`Refusal::FieldWrong`] if the wait of slow mode is too
/// long.
pub fn update_settings(
    roster: &Roster,
    by: UserId,
    new: Vec<Setting>,
    max_limit: u32,
) -> Result<Decision, Refusal> {
    let admin = needs_admin(roster, by)?;
    let mut settings = roster.settings.clone();
    for setting in new {
        settings.set(setting);
    }
    let changes = settings.changes_from(&roster.settings);
    // A limit from before the operator lowered the highest one may stay.
    let is_same_limit = settings.limit == roster.settings.limit;
    check_settings(&settings, if is_same_limit { u32::MAX } else { max_limit })?;
    if changes.is_empty() {
        return Ok(Decision::nothing());
    }
    let told = Decision::fact(Fact::SettingsChanged(settings));
    Ok(changes.into_iter().fold(told, |decision, setting| {
        decision.tell_and_note(Event::Changed { setting, by: admin.clone() })
    }))
}

/// Decides whether a group may have these settings.
///
/// # Errors
/// [`Refusal::LimitBad`], and [`Refusal::FieldWrong`] if the wait of slow mode is too long.
pub fn check_settings(settings: &Settings, max_limit: u32) -> Result<(), Refusal> {
    if settings.slow_s > SLOW_SECONDS {
        return Err(Refusal::FieldWrong { field: "slow_s".into(), wants: Expected::SlowMode });
    }
    if !(1..=max_limit).contains(&settings.limit) {
        return Err(Refusal::LimitBad { max: max_limit });
    }
    Ok(())
}

/// An admin deletes the group with all its data; `typed` must be its name. Every member is notified.
///
/// # Errors
/// [`Refusal::NotAdmin`], [`Refusal::ConfirmationWrong`].
pub fn delete(roster: &Roster, by: UserId, typed: &str) -> Result<Decision, Refusal> {
    let admin = needs_admin(roster, by)?.clone();
    if typed.trim() != roster.settings.name.as_str() {
        return Err(Refusal::ConfirmationWrong);
    }
    // Its own audit log is deleted with it.
    let event = AuditEvent::GroupDeleted { by: admin, group: roster.summary() };
    let told = Decision::fact(Fact::Deleted).note_in_app(event);
    Ok(roster.members.iter().fold(told, |decision, member| {
        decision.tell_user(&member.person, Event::GroupGone { id: roster.id })
    }))
}

#[cfg(test)]
mod tests {
    use wire::{Description, GroupName, Role};

    use super::*;
    use crate::rules::News;
    use crate::rules::cast::{ann, ben, roster};

    #[test]
    fn each_setting_that_differs_is_told_and_nothing_else() {
        let tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        let name = Setting::Name(GroupName::new("coffee").unwrap());
        let about = Setting::Description(Description::new("").unwrap());
        let decision =
            update_settings(&tea, ann().id, vec![name.clone(), about, Setting::Limit(1)], 50).unwrap();
        let told: Vec<_> = decision
            .news
            .iter()
            .filter_map(|news| match news {
                News::Group(Event::Changed { setting, .. }) => Some(setting.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(told, [name, Setting::Limit(1)], "the description is as it was");
        assert_eq!(update_settings(&tea, ann().id, vec![], 50), Ok(Decision::nothing()));
    }

    #[test]
    fn a_limit_is_within_what_the_operator_allows_and_may_be_below_the_present_count() {
        let tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        for bad in [0, 51] {
            let refused = update_settings(&tea, ann().id, vec![Setting::Limit(bad)], 50);
            assert_eq!(refused, Err(Refusal::LimitBad { max: 50 }));
        }
        assert!(update_settings(&tea, ann().id, vec![Setting::Limit(1)], 50).is_ok());
        assert_eq!(update_settings(&tea, ben().id, vec![Setting::Limit(1)], 50), Err(Refusal::NotAdmin));
    }

    #[test]
    fn a_group_is_deleted_by_typing_its_name() {
        let tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        assert_eq!(delete(&tea, ann().id, "te"), Err(Refusal::ConfirmationWrong));
        assert_eq!(delete(&tea, ben().id, "tea"), Err(Refusal::NotAdmin));
        let decision = delete(&tea, ann().id, " tea ").unwrap();
        assert_eq!((decision.facts, decision.news.len()), (vec![Fact::Deleted], 3));
    }
}
