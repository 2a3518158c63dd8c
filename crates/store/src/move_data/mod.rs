//! `hubbub move`: copies the database of a data folder into an empty PostgreSQL database, row by row as it is.
//!
//! All ids, Seqs, SendIds and positions stay, and so does the epoch, so that clients go on where they were. The rows go
//! through `COPY` in one transaction, and are read again and compared before it is committed.

mod plan;
mod rows;
mod target;

use std::path::PathBuf;

use chat::{Fault, MasterSecret, RandomSource};
use rusqlite::Connection;
use wire::Timestamp;

use self::plan::Table;
use self::rows::{Read, RowReader, shown};
use self::target::{Target, Uncommitted};
use crate::postgres::PostgresConfig;
use crate::sqlite::{Source, Verified};

/// A request to move the data of a folder.
#[derive(Debug)]
pub struct MoveRequest {
    /// The data folder.
    pub from: PathBuf,
    /// The empty database.
    pub to: PostgresConfig,
    /// The master secret of the servers so far, if it is in their settings; otherwise it is in the folder.
    pub secret: Option<MasterSecret>,
    /// True if rows that PostgreSQL cannot take are left out; otherwise the first of them ends the move.
    pub skip_damaged: bool,
    /// The time, for the mark in the folder.
    pub at: Timestamp,
}

/// The result of a move.
#[derive(Debug)]
pub struct Moved {
    /// The database that was moved.
    pub verified: Verified,
    /// The number of rows of each table.
    pub rows: Vec<(String, u64)>,
    /// The rows that were left out, each named with the reason.
    pub left_out: Vec<String>,
    /// The address of the data from now on, without a password.
    pub place: String,
}

/// Moves the data of a folder into an empty PostgreSQL database, and marks the folder, which is unchanged otherwise, so
/// that no server starts on it. `progress` gets a line for each step. It waits for both databases, so it is for a thread
/// without a runtime.
///
/// # Errors
/// If a server holds the folder, the data is damaged, the database is not empty, or anything else fails: nothing of it
/// is in the database then.
pub fn move_to_postgres(
    request: MoveRequest,
    chance: &dyn RandomSource,
    progress: &mut dyn FnMut(&str),
) -> Result<Moved, Fault> {
    let MoveRequest { from, to, secret, skip_damaged, at } = request;
    let fault = |wrong: &dyn std::fmt::Display| Fault::unlogged(format!("nothing was moved: {wrong}"));
    let source = Source::open(&from, chance).map_err(|wrong| fault(&wrong))?;
    let secret = source.secret(secret, chance).map_err(|wrong| fault(&wrong))?;
    let place = to.shown();
    let target = Target::open(to, &secret, chance).map_err(|wrong| fault(&wrong))?;
    let columns = target.columns().map_err(|error| fault(&error))?;
    let tables = plan::plan(source.db(), columns).map_err(|wrong| fault(&wrong))?;
    progress("verifying hubbub.db");
    let verified = match skip_damaged {
        true => source.verify_pages(),
        false => source.verify().map_err(|wrong| match first_damaged(source.db(), &tables) {
            Some(row) => damage(&row),
            None => wrong,
        }),
    };
    let verified = verified.map_err(|wrong| fault(&wrong))?;
    target.empty(&tables).map_err(|error| fault(&error))?;
    let unread = |error: rusqlite::Error| fault(&format_args!("hubbub.db cannot be read: {error}"));
    let mut reader = RowReader::new(source.db()).map_err(unread)?;
    let (mut rows, mut left_out) = (Vec::new(), Vec::new());
    for table in &tables {
        let damaged = |row: String| {
            if !skip_damaged {
                return Err(Fault::unlogged(damage(&row)));
            }
            left_out.push(row);
            Ok(())
        };
        let so_far = |rows: u64| progress(&format!("{}: {rows} rows so far", table.name));
        let copied = walk(source.db(), table, &mut reader, damaged, so_far, |next| target.copy(table, next));
        let (count, _) = copied.map_err(|wrong| fault(&wrong))?;
        progress(&format!("{}: {}", table.name, counted(count)));
        rows.push((table.name.clone(), count));
    }
    for table in &tables {
        progress(&format!("comparing {}", table.name));
        let so_far = |rows: u64| progress(&format!("comparing {}: {rows} rows so far", table.name));
        let is_equal = |next: &mut Next<'_>| target.has_equal(table, next);
        // Those that were left out were named already.
        let compared = walk(source.db(), table, &mut reader, |_| Ok(()), so_far, is_equal);
        let (is_equal, last) = compared.map_err(|wrong| fault(&wrong))?;
        if !is_equal {
            return Err(fault(&format_args!(
                "the row of {last}, or the next one, is another one in PostgreSQL"
            )));
        }
        let last = last_number(source.db(), table).map_err(unread)?;
        target.count_on(table, last).map_err(|error| fault(&error))?;
    }
    let last = source.last_position().map_err(unread)?;
    target.analyze(&tables).map_err(|error| fault(&error))?;
    target.continue_from(source.epoch, last).map_err(|error| fault(&error))?;
    // Before the commit: a folder that is marked in vain has a new epoch and all its data, and one that
    // is not could be served again.
    source.mark_as_moved(&place, at).map_err(|wrong| fault(&wrong))?;
    match target.commit() {
        Ok(()) => Ok(Moved { verified, rows, left_out, place }),
        Err(Uncommitted::Undone(error)) => {
            source.unmark()?;
            Err(fault(&error))
        }
        Err(Uncommitted::Unknown(error)) => Err(Fault::unlogged(format!(
            "{place} does not say if it has committed: {error}. Look for its table meta: if there is one, the data was \
             moved; if there is none, remove moved.txt from the folder and try again"
        ))),
    }
}

fn damage(row: &str) -> String {
    format!("a row cannot be moved, {row}; repair it, or leave such rows out with --skip-damaged")
}

/// The rows between two lines of progress.
const PROGRESS: u64 = 250_000;

/// Puts the next row into a buffer; returns false after the last one.
type Next<'a> = dyn FnMut(&mut Vec<u8>) -> Result<bool, Fault> + 'a;

/// Reads all rows of a table in the order of its key, for a consumer that fetches one after the other; returns its
/// result, and the name of the last row.
fn walk<T>(
    db: &Connection,
    table: &Table,
    reader: &mut RowReader<'_>,
    mut damaged: impl FnMut(String) -> Result<(), Fault>,
    mut so_far: impl FnMut(u64),
    consume: impl FnOnce(&mut Next<'_>) -> Result<T, Fault>,
) -> Result<(T, String), Fault> {
    let unread = |error: rusqlite::Error| Fault::unlogged(format!("{} cannot be read: {error}", table.name));
    let mut select = db.prepare(&table.select()).map_err(unread)?;
    let mut rows = select.query([]).map_err(unread)?;
    let (mut last, mut count) = (table.name.clone(), 0);
    let mut next = |tuple: &mut Vec<u8>| {
        while let Some(row) = rows.next().map_err(unread)? {
            match reader.read(table, row, tuple).map_err(unread)? {
                Read::Good => {
                    last = shown(table, row).map_err(unread)?;
                    count += 1;
                    if count % PROGRESS == 0 {
                        so_far(count);
                    }
                    return Ok(true);
                }
                Read::Damaged(row) => damaged(row)?,
            }
        }
        Ok(false)
    };
    let consumed = consume(&mut next)?;
    Ok((consumed, last))
}

/// Names the first row that cannot be moved, if there is one.
fn first_damaged(db: &Connection, tables: &[Table]) -> Option<String> {
    let mut reader = RowReader::new(db).ok()?;
    let mut first = None;
    for table in tables {
        let found = |row: String| Err(Fault::unlogged(first.insert(row).clone()));
        let mut tuple = Vec::new();
        let read = |next: &mut Next<'_>| {
            while next(&mut tuple)? {}
            Ok(())
        };
        // The error is the row, or one that the verification has met as well.
        if walk(db, table, &mut reader, found, |_| {}, read).is_err() {
            break;
        }
    }
    first
}

/// Returns the greatest number that a table with `AUTOINCREMENT` has had; 0 for others.
fn last_number(db: &Connection, table: &Table) -> rusqlite::Result<i64> {
    let select = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?";
    db.query_row(select, [&table.name], |row| row.get(0))
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}
