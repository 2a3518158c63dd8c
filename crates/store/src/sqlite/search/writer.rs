//! The writing thread of the search index: updates, each in one transaction.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chat::Fault;
use chat::search::{application_prefixes, conversation_terms, copies_term, terms};
use chat::search_index::{IndexUpdate, SearchDocument};
use chat::store::Position;
use rusqlite::{Connection, Transaction, params};
use tokio::sync::oneshot;
use wire::{ApplicationId, TopicKind};

use super::{Shared, file};
use crate::threads::Worker;

/// A job of the thread.
pub(super) enum Job {
    Position(oneshot::Sender<Result<Position, Fault>>),
    Apply(IndexUpdate, oneshot::Sender<Result<bool, Fault>>),
    /// Remove some of the messages of an application; answered with true if none is left.
    RemoveApplication(ApplicationId, oneshot::Sender<Result<bool, Fault>>),
    /// Make the file anew, if it is still the one with this number.
    Rebuild(u64),
}

/// The state of the thread.
pub(super) struct IndexWriter {
    shared: Arc<Shared>,
    /// None before the first use and after a failure.
    connection: Option<Connection>,
}

/// The most messages that are removed in one transaction: updates come in between.
const REMOVED_AT_ONCE: i64 = 1_000;
/// After every position.
const LAST: Position = Position(u64::MAX >> 1);

impl IndexWriter {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), connection: None }
    }

    /// Does something with the file. After an error the connection is closed, and if the file is damaged, it is made
    /// anew: everything in it can be found again.
    fn with<T>(
        &mut self,
        act: impl FnOnce(&mut Connection, &Shared) -> rusqlite::Result<T>,
    ) -> Result<T, Fault> {
        let fault = |error: &dyn std::fmt::Display| Fault::new("search", error);
        let mut db = match self.connection.take() {
            Some(db) => db,
            None => file::open(&self.shared).map_err(|error| fault(&error))?,
        };
        match act(&mut db, &self.shared) {
            Ok(done) => {
                self.connection = Some(db);
                Fault::over("search");
                Ok(done)
            }
            Err(error) => {
                drop(db);
                if file::is_damage(&error) {
                    self.connection = file::create(&self.shared).ok();
                }
                Err(fault(&error))
            }
        }
    }
}

impl Worker for IndexWriter {
    type Job = Job;

    fn work(&mut self, job: Job) {
        // An error is a caller that no longer waits.
        match job {
            Job::Position(answer) => drop(answer.send(self.with(|db, shared| position(db, shared)))),
            Job::RemoveApplication(application, answer) => {
                drop(answer.send(self.with(|db, _| remove_application(db, application))));
            }
            Job::Apply(update, answer) => {
                drop(answer.send(self.with(|db, shared| apply(db, shared, &update))));
            }
            Job::Rebuild(number) if number == self.shared.files.load(Ordering::Relaxed) => {
                self.connection = None;
                self.connection = file::create(&self.shared).ok();
            }
            Job::Rebuild(_) => {}
        }
    }

    fn end(self) -> Result<(), Fault> {
        self.connection.map_or(Ok(()), |db| db.close().map_err(|(_, error)| Fault::new("search", error)))
    }
}

fn position(db: &Connection, shared: &Shared) -> rusqlite::Result<Position> {
    file::position(db, shared)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn apply(db: &mut Connection, shared: &Shared, update: &IndexUpdate) -> rusqlite::Result<bool> {
    let transaction = db.transaction()?;
    if position(&transaction, shared)? != update.from {
        return Ok(false);
    }
    insert(&transaction, &update.documents)?;
    for position in &update.deleted {
        transaction.prepare_cached("DELETE FROM messages WHERE rowid = ?")?.execute([position.0])?;
    }
    let all = update.deleted_logs.iter().map(|log| (log, LAST));
    for (log, last) in all.chain(update.trimmed.iter().map(|(log, newest)| (log, *newest))) {
        // A copy for a reader has a later position than the entry that it is a copy of.
        let terms = match (log.topic.kind(), log.topic.conversation()) {
            (TopicKind::User(user), _) => vec![copies_term(log.application, user)],
            (_, Some(conversation)) => conversation_terms(log.application, conversation).into(),
            _ => continue,
        };
        let terms: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
        remove_matching(&transaction, &terms.join(" OR "), last, i64::MAX)?;
    }
    transaction.prepare_cached("UPDATE state SET position = ?")?.execute([update.to.0])?;
    transaction.commit()?;
    Ok(true)
}

/// Removes some of the messages of an application; returns true if none is left.
fn remove_application(db: &mut Connection, application: ApplicationId) -> rusqlite::Result<bool> {
    let transaction = db.transaction()?;
    let prefixes = application_prefixes(application).map(|prefix| format!("\"{prefix}\"*"));
    let removed = remove_matching(&transaction, &prefixes.join(" OR "), LAST, REMOVED_AT_ONCE)?;
    transaction.commit()?;
    Ok(removed < REMOVED_AT_ONCE)
}

/// Removes the messages up to a position that match a full-text expression, at most a number of them; returns the number
/// of those removed.
fn remove_matching(
    db: &Transaction<'_>,
    expression: &str,
    last: Position,
    limit: i64,
) -> rusqlite::Result<i64> {
    let mut find =
        db.prepare_cached("SELECT rowid FROM messages WHERE messages MATCH ? AND rowid <= ? LIMIT ?")?;
    let rows: Vec<i64> =
        find.query_map(params![expression, last.0, limit], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut delete = db.prepare_cached("DELETE FROM messages WHERE rowid = ?")?;
    let mut removed = 0;
    for row in rows {
        delete.execute([row])?;
        removed += 1;
    }
    Ok(removed)
}

fn insert(db: &Transaction<'_>, documents: &[SearchDocument]) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached("INSERT OR REPLACE INTO messages (rowid, terms) VALUES (?, ?)")?;
    for document in documents {
        insert.execute(params![document.position.0, terms(document).join(" ")])?;
    }
    Ok(())
}
