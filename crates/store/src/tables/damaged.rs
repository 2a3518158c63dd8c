//! Damaged rows: a value that cannot be read is skipped or replaced by something harmless, so that everything else
//! still works. Each damaged row is logged once.

use std::collections::BTreeSet;
use std::fmt;

use parking_lot::Mutex;

use crate::sql::{Params, Row, SqlResult, Statement, ValueRef};

/// The damaged rows that are logged already.
static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// The most rows that are logged; more of them are the same trouble.
const MOST: usize = 1_000;

/// Returns the readable rows of a list.
pub(super) fn list<T>(
    statement: &mut Statement<'_>,
    params: impl Params,
    table: &'static str,
    read: impl Fn(Row<'_>) -> SqlResult<T>,
) -> SqlResult<Vec<T>> {
    let mut rows = statement.query(params)?;
    let mut list = Vec::new();
    while let Some(found) = rows.next()? {
        list.extend(row(found, table, read(found))?);
    }
    Ok(list)
}

/// Returns the only row, if any; none if it cannot be read.
pub(super) fn one<T>(
    statement: &mut Statement<'_>,
    params: impl Params,
    table: &'static str,
    read: impl FnOnce(Row<'_>) -> SqlResult<T>,
) -> SqlResult<Option<T>> {
    let mut rows = statement.query(params)?;
    match rows.next()? {
        Some(found) => row(found, table, read(found)),
        None => Ok(None),
    }
}

/// Returns the value read from a row; none if it is damaged.
pub(super) fn row<T>(row: Row<'_>, table: &'static str, read: SqlResult<T>) -> SqlResult<Option<T>> {
    or(row, table, read.map(Some), None)
}

/// Returns the value read from a column, or a replacement if it is damaged. The first column of the row is its key.
pub(super) fn or<T>(row: Row<'_>, table: &'static str, read: SqlResult<T>, instead: T) -> SqlResult<T> {
    match read {
        Err(error) if error.is_about_value() => {
            log(table, &Key(row), &error);
            Ok(instead)
        }
        read => read,
    }
}

/// Logs a damaged row, once.
pub(super) fn log(table: &'static str, key: &dyn fmt::Display, error: &dyn fmt::Display) {
    let line = format!("{table} {key}: {error}");
    if is_new(&mut KNOWN.lock(), &line) {
        tracing::error!(damaged.row = line, "a row of the database is damaged; everything else goes on");
    }
}

fn is_new(known: &mut BTreeSet<String>, line: &str) -> bool {
    known.len() < MOST && known.insert(line.to_owned())
}

/// The key of a row, formatted for the log.
struct Key<'a>(Row<'a>);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get_ref(0) {
            Ok(ValueRef::Integer(number)) => number.fmt(f),
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).escape_debug().fmt(f),
            // A token hash, or no key at all.
            _ => f.write_str("?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Db;

    #[test]
    fn each_damaged_row_is_logged_once_and_a_damaged_file_does_not_fill_the_log() {
        let mut known = BTreeSet::new();
        let lines = || (0..5_000).map(|number| format!("users {number}"));
        assert_eq!(lines().filter(|line| is_new(&mut known, line)).count(), MOST);
        assert_eq!(lines().filter(|line| is_new(&mut known, line)).count(), 0);
    }

    #[test]
    fn a_statement_that_fails_is_no_damage_of_a_row() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let db = Db::sqlite(&connection);
        assert!(!db.prepare_cached("VALUES (tea)").err().unwrap().is_about_value());
        let mut select = db.prepare_cached("VALUES (1, x'ff'), (2, 'oolong')").unwrap();
        let list = list(&mut select, [], "tea", |row| row.get::<String>(1)).unwrap();
        assert_eq!(list, ["oolong"]);
        let wrong = |row: Row<'_>| row.get::<String>(9);
        assert!(super::list(&mut select, [], "tea", wrong).is_err());
    }
}
