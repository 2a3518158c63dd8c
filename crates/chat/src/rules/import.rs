//! The rule for a group that an import makes.

use wire::{Event, Member, Person, Settings, Timestamp};

use super::decision::Decision;
use crate::names::ExternalKey;
use crate::ports::store::Fact;

/// An import makes a group as it was elsewhere: under a key, by the application, with its members from the beginning. They
/// have joined it elsewhere, so no entry says that they do.
#[must_use]
pub fn import_group(
    settings: Settings,
    by: &Person,
    members: Vec<Member>,
    key: ExternalKey,
    at: Timestamp,
) -> Decision {
    let name = settings.name.clone();
    let decision = Decision::fact(Fact::Created { settings, at })
        .and(Fact::Keyed(key))
        .tell_and_note(Event::Created { by: by.clone(), name });
    members.into_iter().fold(decision, |decision, member| decision.and(Fact::MemberAdded(member)))
}

#[cfg(test)]
mod tests {
    use wire::Role;

    use super::*;
    use crate::rules::cast::{ann, ben, roster};

    #[test]
    fn an_imported_group_has_its_members_and_says_only_that_it_was_created() {
        let tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        let key = ExternalKey::new("import/slack/C1").unwrap();
        let decision = import_group(tea.settings, &ann(), tea.members.clone(), key.clone(), Timestamp(5));
        let members = tea.members.into_iter().map(Fact::MemberAdded);
        assert_eq!(decision.facts[1..], [vec![Fact::Keyed(key)], members.collect()].concat());
        assert_eq!(decision.news.len(), 2, "in the log and in the audit log");
    }
}
