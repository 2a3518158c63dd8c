//! Cutoffs: the users whose right to read a log ends with one of its entries.

use wire::UserId;

/// The users whose right to read a log ends with an entry: they get that entry, and nothing later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    /// The entry ends no right: most entries.
    #[default]
    Nobody,
    /// The right of some users.
    Users(Vec<UserId>),
    /// The right of everyone, also of anonymous readers: the log is over.
    Everyone,
}

impl Ends {
    /// Ends the right of one user.
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self::Users(vec![user])
    }

    /// Returns true if it ends no right.
    #[must_use]
    pub const fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }

    /// Returns true if it ends the right of a reader, who may be anonymous.
    #[must_use]
    pub fn has(&self, reader: Option<UserId>) -> bool {
        match self {
            Self::Nobody => false,
            Self::Users(users) => reader.is_some_and(|reader| users.contains(&reader)),
            Self::Everyone => true,
        }
    }
}
