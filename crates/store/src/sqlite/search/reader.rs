//! The reading thread of the search index: candidates for searches.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use chat::Fault;
use chat::search_index::CandidateRequest;
use chat::store::Position;
use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use super::expression::expression;
use super::{Shared, file};
use crate::threads::Worker;

/// A search.
pub(super) struct Job {
    pub(super) request: CandidateRequest,
    pub(super) answer: oneshot::Sender<Result<Vec<Position>, Failed>>,
}

/// A search that failed.
pub(super) struct Failed {
    pub(super) fault: Fault,
    /// The number of the file, if it is damaged.
    pub(super) damaged: Option<u64>,
}

/// The state of the thread.
pub(super) struct IndexReader {
    shared: Arc<Shared>,
    /// The connection, and the number of the file that it reads.
    connection: Option<(Connection, u64)>,
}

impl IndexReader {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), connection: None }
    }

    fn candidates(&mut self, request: &CandidateRequest) -> rusqlite::Result<Vec<Position>> {
        let Some(expression) = expression(request) else { return Ok(Vec::new()) };
        let number = self.shared.files.load(Ordering::Acquire);
        let (db, _) = match self.connection.take().filter(|(_, of)| *of == number) {
            Some(connection) => self.connection.insert(connection),
            None => self.connection.insert((file::open_reader(&self.shared)?, number)),
        };
        let mut select = db.prepare_cached(
            "SELECT rowid FROM messages WHERE messages MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
        )?;
        let before = request.before.and_then(|before| i64::try_from(before.0).ok()).unwrap_or(i64::MAX);
        let limit = i64::try_from(request.limit).unwrap_or(i64::MAX);
        select.query_map(params![expression, before, limit], |row| row.get(0).map(Position))?.collect()
    }
}

impl Worker for IndexReader {
    type Job = Job;

    fn work(&mut self, Job { request, answer }: Job) {
        if answer.is_closed() {
            return;
        }
        let found = self.candidates(&request).map_err(|error| {
            let number = self.connection.take().map(|(_, number)| number);
            let damaged = number.filter(|_| file::is_damage(&error));
            Failed { fault: Fault::new("search.read", error), damaged }
        });
        if found.is_ok() {
            Fault::over("search.read");
        }
        // An error is a caller that no longer waits.
        let _ = answer.send(found);
    }

    fn end(self) -> Result<(), Fault> {
        let closed = self.connection.map_or(Ok(()), |(db, _)| db.close().map_err(|(_, error)| error));
        closed.map_err(|error| Fault::new("search.read", error))
    }
}
