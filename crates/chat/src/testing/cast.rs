use wire::{Person, PersonName, UserId};

/// The one who begins.
#[must_use]
pub fn ann() -> Person {
    person("ann")
}

/// The one who joins.
#[must_use]
pub fn ben() -> Person {
    person("ben")
}

/// The one who comes too late.
#[must_use]
pub fn cal() -> Person {
    person("cal")
}

/// Somebody whose id is their name: the same name is the same person.
///
/// # Panics
/// If the name is longer than an id, or no name.
#[must_use]
pub fn person(name: &str) -> Person {
    let mut id = [0; wire::ID_BYTES];
    id[..name.len()].copy_from_slice(name.as_bytes());
    Person { id: UserId::from_bytes(id), name: PersonName::new(name).unwrap() }
}
