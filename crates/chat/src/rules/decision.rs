//! A decision: the facts that a rule returns, and the entries that announce them, in logs and in the audit log.

use wire::{AppRole, AuditEvent, Event, Person, Role, UserId};

use crate::ports::store::{Ends, Fact, Roster};

/// The result of a rule: facts, and the entries that announce them. Empty if everything is so already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// The facts, in this order.
    pub facts: Vec<Fact>,
    /// The entries, in this order.
    pub news: Vec<News>,
}

/// The data of an entry, and the log it goes to.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// To the group's log.
    Group(Event),
    /// To the group's audit log.
    Audit(Event),
    /// To the audit log of the application.
    App(AuditEvent),
    /// To the user's own log.
    User(UserId, Event),
}

impl News {
    /// Returns the users whose right to read the log ends with the entry. Former members read neither log of a group,
    /// former admins not its audit log.
    #[must_use]
    pub fn ends(&self) -> Ends {
        match self {
            Self::Group(Event::Left { person } | Event::Removed { person, .. })
            | Self::Audit(
                Event::Left { person }
                | Event::Removed { person, .. }
                | Event::Ranked { person, role: Role::Member, .. },
            ) => Ends::of(person.id),
            Self::App(event) => ends_in_app(event),
            Self::Group(_) | Self::Audit(_) | Self::User(..) => Ends::Nobody,
        }
    }
}

/// Returns the users whose right to read the audit log of the application ends with an entry there: former admins.
#[must_use]
pub fn ends_in_app(event: &AuditEvent) -> Ends {
    match event {
        AuditEvent::Ranked { of, role, .. } if *role < AppRole::Admin => Ends::of(of.id),
        _ => Ends::Nobody,
    }
}

impl Decision {
    /// Returns a decision without facts or entries.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Returns a decision with one fact and no entries.
    #[must_use]
    pub fn fact(fact: Fact) -> Self {
        Self { facts: vec![fact], news: Vec::new() }
    }

    /// Adds a fact.
    #[must_use]
    pub fn and(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }

    /// Ends the invites of a user who is no longer an admin.
    #[must_use]
    pub fn without_invites_of(self, roster: &Roster, user: UserId) -> Self {
        let theirs = roster.invites.iter().filter(|invite| invite.by.id == user);
        theirs.fold(self, |decision, invite| decision.and(Fact::InviteRevoked(invite.id)))
    }

    /// Adds an entry to the group's log.
    #[must_use]
    pub fn tell(mut self, event: Event) -> Self {
        self.news.push(News::Group(event));
        self
    }

    /// Adds an entry to the group's log and to its audit log.
    #[must_use]
    pub fn tell_and_note(mut self, event: Event) -> Self {
        self.news.push(News::Group(event.clone()));
        self.news.push(News::Audit(event));
        self
    }

    /// Adds an entry to the audit log only.
    #[must_use]
    pub fn note(mut self, event: Event) -> Self {
        self.news.push(News::Audit(event));
        self
    }

    /// Adds an event to the audit log of the application.
    #[must_use]
    pub fn note_in_app(mut self, event: AuditEvent) -> Self {
        self.news.push(News::App(event));
        self
    }

    /// Adds an entry to one user's own log.
    #[must_use]
    pub fn tell_user(mut self, person: &Person, event: Event) -> Self {
        self.news.push(News::User(person.id, event));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::cast::{ann, ben, roster};
    use crate::rules::{leave, remove, set_role};

    /// Returns whose right ends with each entry of a decision that ends one.
    fn ending(decision: Decision) -> Vec<(&'static str, Ends)> {
        let ended = decision.news.iter().map(|news| match news {
            News::Group(_) => ("group", news.ends()),
            News::Audit(_) => ("audit", news.ends()),
            News::App(_) => ("application", news.ends()),
            News::User(..) => ("user", news.ends()),
        });
        ended.filter(|(_, ends)| !ends.is_nobody()).collect()
    }

    #[test]
    fn the_entry_that_takes_a_right_away_ends_it() {
        let of_ben = || Ends::of(ben().id);
        let tea = roster(&[(ann(), Role::Admin), (ben(), Role::Member)]);
        assert_eq!(
            ending(leave(&tea, ben().id).unwrap()),
            [("group", of_ben())],
            "he never read the audit log"
        );
        let both = [("group", of_ben()), ("audit", of_ben())];
        for ban in [false, true] {
            assert_eq!(ending(remove(&tea, ann().id, ben().id, ban).unwrap()), both);
        }
        assert_eq!(ending(set_role(&tea, ann().id, ben().id, Role::Admin).unwrap()), []);
        let tea = roster(&[(ann(), Role::Admin), (ben(), Role::Admin)]);
        assert_eq!(ending(leave(&tea, ben().id).unwrap()), both);
        assert_eq!(ending(set_role(&tea, ann().id, ben().id, Role::Member).unwrap()), [("audit", of_ben())]);
    }

    #[test]
    fn only_a_lost_role_ends_the_right_to_read_the_audit_log_of_the_application() {
        let ranked = |role| ends_in_app(&AuditEvent::Ranked { by: ann(), of: ben(), role });
        assert_eq!(ranked(AppRole::Member), Ends::of(ben().id));
        assert_eq!(ranked(AppRole::Admin), Ends::Nobody);
        assert_eq!(ends_in_app(&AuditEvent::Claimed { by: ben() }), Ends::Nobody);
    }
}
