//! The scope of a write, and the positions of entries: a write knows its transaction, its application and the news of
//! its batch, and the single writer counts the positions.

use std::cell::{Cell, RefCell};

use chat::store::{Appended, Committed, Draft, Rewritten, Shortened};
use wire::{ApplicationId, Entry, Json, LogKey, Seq, Topic};

use super::locks::Locks;
use crate::sql::{Db, SqlResult};

/// The transaction of a batch, as the writes of one application have it.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) db: Db<'a>,
    pub(super) application: ApplicationId,
    pub(super) positions: &'a Positions,
    pub(super) locks: &'a Locks,
    pub(super) news: &'a News,
}

/// The part of a batch that subscribers hear of, as it grows with each write.
#[derive(Default)]
pub(super) struct News {
    appended: RefCell<Vec<Appended>>,
    rewritten: RefCell<Vec<Rewritten>>,
    shortened: RefCell<Vec<Shortened>>,
    closed: RefCell<Vec<LogKey>>,
}

/// The positions of entries: they count all entries of the store in the order of their commits. No position is used
/// twice, even if its entry was rolled back or deleted.
///
/// On SQLite the one writer counts them in memory, so that they cost no write. On PostgreSQL each transaction has a range
/// of its own, which begins with its id; see `postgres/writer.rs`.
#[derive(Default)]
pub(crate) struct Positions {
    last: Cell<i64>,
    /// The greatest position among the entries, as far as it is known.
    newest: Cell<i64>,
    /// The last position before the transaction's own range, if it has one.
    before: Option<i64>,
}

impl Scope<'_> {
    /// Returns the key of a log of the application.
    pub(super) fn log(&self, topic: &Topic) -> LogKey {
        LogKey::new(self.application, topic.clone())
    }

    /// Notes that a draft was appended.
    pub(super) fn appended(&self, draft: Draft, seq: Seq) {
        self.news.appended.borrow_mut().push(Appended::new(self.application, draft, seq));
    }

    /// Notes that the data of an entry was replaced.
    pub(super) fn rewritten(&self, log: &LogKey, entry: Entry<Json>, data: Json) {
        self.news.rewritten.borrow_mut().push(Rewritten { log: log.clone(), entry: Entry { data, ..entry } });
    }

    /// Notes that a log has lost its entries from one Seq up to another.
    pub(super) fn shortened(&self, log: &LogKey, from: Seq, to: Seq) {
        self.news.shortened.borrow_mut().push(Shortened { log: log.clone(), from, to });
    }

    /// Notes that a log is gone.
    pub(super) fn closed(&self, topic: &Topic) {
        self.news.closed.borrow_mut().push(self.log(topic));
    }
}

impl News {
    /// Returns the news as a part of what a commit returns.
    pub(super) fn into_committed(self) -> Committed {
        Committed {
            appended: self.appended.into_inner(),
            rewritten: self.rewritten.into_inner(),
            shortened: self.shortened.into_inner(),
            closed: self.closed.into_inner(),
            ..Committed::default()
        }
    }
}

impl Positions {
    /// Returns the positions of a transaction that may use those after `before`.
    pub(crate) fn after(before: i64) -> Self {
        Self { last: Cell::new(before), newest: Cell::new(0), before: Some(before) }
    }

    /// Returns true if the transaction's own range is before a position.
    pub(super) fn precede(&self, position: i64) -> bool {
        self.before.is_some_and(|before| position > before && position > self.last.get())
    }

    /// Continues after every position that was used in a database.
    pub(crate) fn catch_up(&self, db: Db<'_>) -> SqlResult<()> {
        let mut find =
            db.prepare_cached("SELECT position, coalesce((SELECT max(position) FROM entries), 0) FROM meta")?;
        let (used, newest) = find.query_row([], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
        self.last.set(self.last.get().max(used).max(newest));
        self.newest.set(newest);
        Ok(())
    }

    /// Reserves the next position; returns it only if SQLite would not choose it by itself, which is cheaper: it
    /// continues after the newest entry.
    pub(super) fn next(&self) -> Option<i64> {
        let last = self.last.get();
        self.last.set(last.saturating_add(1));
        (self.before.is_some() || last != self.newest.get()).then_some(last + 1)
    }

    /// Returns the position that was reserved last.
    pub(super) fn last(&self) -> i64 {
        self.last.get()
    }

    /// Reserves the next position for something that is no entry; returns it.
    pub(super) fn reserve(&self) -> i64 {
        self.last.set(self.last.get().saturating_add(1));
        self.last.get()
    }

    /// Notes that an entry has the position that was reserved last.
    pub(super) fn used(&self) {
        self.newest.set(self.last.get());
    }

    /// Stores the last position, in a transaction that deletes entries: the newest ones may be among them.
    pub(super) fn keep(&self, db: Db<'_>) -> SqlResult<()> {
        if self.before.is_some() {
            return Ok(());
        }
        db.prepare_cached("UPDATE meta SET position = ?")?.execute([self.last.get()])?;
        self.newest.set(0);
        Ok(())
    }
}
