//! A decision: the facts that a rule returns, and the entries that announce them, in logs and in the audit log.

use wire::{AuditEvent, Event, Person, UserId};

use crate::ports::store::{Fact, Roster};

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
