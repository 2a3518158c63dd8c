use wire::{AuditEvent, Event, Person, UserId};

use crate::ports::store::Fact;

/// What a rule decides: what becomes true, and who is told. Empty if everything is so already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// What becomes true, in this order.
    pub facts: Vec<Fact>,
    /// What is told of it, in this order.
    pub news: Vec<News>,
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// To the group's log.
    Group(Event),
    /// To the group's audit log.
    Audit(Event),
    /// To the audit log of the application.
    App(AuditEvent),
    /// To the log of one user's own news.
    User(UserId, Event),
}

impl Decision {
    /// Nothing to do.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// One fact, nothing told yet.
    #[must_use]
    pub fn fact(fact: Fact) -> Self {
        Self { facts: vec![fact], news: Vec::new() }
    }

    /// Also makes this true.
    #[must_use]
    pub fn and(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }

    /// Tells the group.
    #[must_use]
    pub fn tell(mut self, event: Event) -> Self {
        self.news.push(News::Group(event));
        self
    }

    /// Tells the group, and notes it in the audit log.
    #[must_use]
    pub fn tell_and_note(mut self, event: Event) -> Self {
        self.news.push(News::Group(event.clone()));
        self.news.push(News::Audit(event));
        self
    }

    /// Notes it in the audit log only.
    #[must_use]
    pub fn note(mut self, event: Event) -> Self {
        self.news.push(News::Audit(event));
        self
    }

    /// Notes it in the audit log of the application.
    #[must_use]
    pub fn note_in_app(mut self, deed: AuditEvent) -> Self {
        self.news.push(News::App(deed));
        self
    }

    /// Tells one person.
    #[must_use]
    pub fn tell_user(mut self, person: &Person, event: Event) -> Self {
        self.news.push(News::User(person.id, event));
        self
    }
}
