//! The cast of the tests: ann, ben and cal.

use wire::{Person, PersonName, UserId};

/// Returns the user who begins.
#[must_use]
pub fn ann() -> Person {
    person("ann")
}

/// Returns the user who joins.
#[must_use]
pub fn ben() -> Person {
    person("ben")
}

/// Returns the user who comes too late.
#[must_use]
pub fn cal() -> Person {
    person("cal")
}

/// Returns a user whose id is their name: the same name is the same user.
///
/// # Panics
/// If the name is longer than an id, or no name.
#[must_use]
pub fn person(name: &str) -> Person {
    let mut id = [0; wire::ID_BYTES];
    id[..name.len()].copy_from_slice(name.as_bytes());
    Person { id: UserId::from_bytes(id), name: PersonName::new(name).unwrap() }
}
