//! A signed-in user for tests: their data, and the caller for operations in their name.

use std::ops::Deref;

use wire::{Person, PersonName, UserId};

use crate::auth::caller::Caller;
use crate::auth::session::Token;
use crate::chat::Chat;

/// A signed-in user. Where an operation takes a [`Caller`], `&ann` is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their name, as they chose it.
    pub name: PersonName,
    caller: Caller,
}

impl User {
    /// Returns the user as messages and member lists show them.
    #[must_use]
    pub fn person(&self) -> Person {
        Person { id: self.id, name: self.name.clone() }
    }

    /// Returns a caller for this user.
    #[must_use]
    pub fn caller(&self) -> Caller {
        self.caller.clone()
    }
}

/// Creates a guest; returns them and the token of their session.
///
/// # Panics
/// If it is refused.
pub async fn guest(chat: &Chat, name: &str) -> (User, Token) {
    let (person, token) = chat.create_guest(&Caller::default(), name).await.unwrap();
    (person.into(), token)
}

impl From<Person> for User {
    fn from(person: Person) -> Self {
        Self { id: person.id, name: person.name.clone(), caller: person.into() }
    }
}

impl Deref for User {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}
