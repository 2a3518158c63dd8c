//! Locks of a transaction. SQLite has one writer and needs none; on PostgreSQL whatever decides a right holds the lock of
//! the log concerned until its commit, so that the entries of a log follow each other in the order of the commits.

use std::cell::RefCell;
use std::collections::HashSet;

use wire::LogKey;

use super::scope::Positions;
use crate::sql::{Db, SqlError, SqlResult};

/// The locks that a transaction holds.
#[derive(Default)]
pub(crate) struct Locks {
    held: RefCell<HashSet<i64>>,
}

/// A lock: a number that every node computes alike. Two things with the same number only wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lock(pub(crate) i64);

impl Lock {
    /// Returns the lock of a log.
    pub(crate) fn log(log: &LogKey) -> Self {
        Self::of(log.application.0, log.topic.as_str())
    }

    /// Returns the lock of whatever an application has besides its logs: people, accounts, keys, tokens.
    pub(crate) fn application(application: wire::ApplicationId) -> Self {
        Self::of(application.0, "")
    }

    /// Returns the lock of the jobs of all applications.
    pub(crate) fn jobs() -> Self {
        Self::of(0, "jobs")
    }

    /// Hashes a name: FNV-1a with 64 bits.
    fn of(application: u32, name: &str) -> Self {
        let bytes = application.to_be_bytes().into_iter().chain(name.bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(i64::from_be_bytes(hash.to_be_bytes()))
    }
}

impl Locks {
    /// Returns the locks that a transaction has taken at its beginning.
    pub(crate) fn held(locks: impl IntoIterator<Item = Lock>) -> Self {
        Self { held: RefCell::new(locks.into_iter().map(|lock| lock.0).collect()) }
    }

    /// Waits for the lock of a log, unless the transaction holds it.
    pub(crate) fn take(&self, db: Db<'_>, log: &LogKey) -> SqlResult<()> {
        let Some(connection) = db.as_postgres() else { return Ok(()) };
        let lock = Lock::log(log).0;
        if self.held.borrow_mut().insert(lock) { connection.lock(&[lock]).map(|_| ()) } else { Ok(()) }
    }

    /// Refuses to append to a log whose newest entry has a later position than the transaction: it has waited for the
    /// lock after it got its positions.
    pub(crate) fn check_order(log: &LogKey, newest: i64, positions: &Positions) -> SqlResult<()> {
        if positions.precede(newest) { Err(SqlError::LockFirst(Lock::log(log).0)) } else { Ok(()) }
    }
}
