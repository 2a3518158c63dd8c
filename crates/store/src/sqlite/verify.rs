//! Verification of a whole database.

use rusqlite::{Connection, OptionalExtension};
use wire::Timestamp;

use super::meta::{self, Backup};
use super::migrate;

/// A verified database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The number of its schema.
    pub schema: i64,
    /// The count of its logs.
    pub logs: u64,
    /// The count of all entries.
    pub entries: u64,
    /// The count of people, including guests.
    pub people: u64,
    /// The count of accounts.
    pub accounts: u64,
    /// The time of the newest entry.
    pub newest: Option<Timestamp>,
    /// The backup that this database is, if it is one.
    pub backup: Option<Backup>,
}

/// The first schema in which a log knows its oldest entry; before it, all logs began at 1.
const SCHEMA_WITH_BEGINNINGS: i64 = 16;

/// A sentence that says what is wrong.
pub(super) type Wrong = String;

/// Reads a whole database and verifies that it is one of ours, that its pages and indexes belong together, and that
/// each log is dense.
pub(super) fn verify(db: &Connection) -> Result<Verified, Wrong> {
    let sql = |error: rusqlite::Error| error.to_string();
    let schema = migrate::number(db).map_err(sql)?;
    if schema == 0 && migrate::is_empty(db).map_err(sql)? {
        return Err("it is empty; a server keeps the newest in hubbub.db-wal until it stops".into());
    }
    migrate::check(schema).map_err(|fault| fault.to_string())?;
    let found: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(sql)?;
    if found != "ok" {
        return Err(format!("it is damaged: {found}"));
    }
    let orphan: Option<String> =
        db.query_row("PRAGMA foreign_key_check", [], |row| row.get(0)).optional().map_err(sql)?;
    if let Some(table) = orphan {
        return Err(format!("it is damaged: a row of {table} belongs to nothing"));
    }
    if let Some(hole) = hole(db, schema).map_err(sql)? {
        return Err(hole);
    }
    count(db, schema).map_err(sql)
}

/// The beginnings of reports that a row has a value which its column should not hold.
const ABOUT_VALUES: [&str; 5] =
    ["NULL value in ", "NUMERIC value in ", "TEXT value in ", "non-", "CHECK constraint failed in "];
/// The most reports that are read.
const REPORTS: u32 = 1_000_000;

/// Verifies that the pages and indexes of a database belong together. Rows may have damaged values, or lack others that
/// they belong to.
pub(super) fn verify_pages(db: &Connection) -> Result<Verified, Wrong> {
    let sql = |error: rusqlite::Error| error.to_string();
    let schema = migrate::number(db).map_err(sql)?;
    migrate::check(schema).map_err(|fault| fault.to_string())?;
    let mut check = db.prepare(&format!("PRAGMA integrity_check({REPORTS})")).map_err(sql)?;
    let mut reports = check.query([]).map_err(sql)?;
    while let Some(report) = reports.next().map_err(sql)? {
        let report: String = report.get(0).map_err(sql)?;
        if report != "ok" && !is_about_value(&report) {
            return Err(format!("it is damaged: {report}"));
        }
    }
    count(db, schema).map_err(sql)
}

fn is_about_value(report: &str) -> bool {
    ABOUT_VALUES.iter().any(|begin| report.starts_with(begin))
        && (report.contains(" value in ") || report.contains("CHECK"))
}

/// Finds the first log with a missing Seq. A log is dense from its beginning to its head; its oldest entries may have been
/// trimmed, perhaps all.
fn hole(db: &Connection, schema: i64) -> rusqlite::Result<Option<Wrong>> {
    let begins = if schema >= SCHEMA_WITH_BEGINNINGS { "logs.begins" } else { "1" };
    let mut find = db.prepare(&format!(
        "SELECT logs.topic, logs.head, coalesce(kept.count, 0) FROM logs LEFT JOIN (
             SELECT log, count(*) AS count, min(seq) AS first, max(seq) AS last FROM entries GROUP BY log
         ) AS kept ON kept.log = logs.id
         WHERE logs.head - {begins} + 1 <> coalesce(kept.count, 0)
            OR kept.first <> {begins} OR kept.last <> logs.head
         LIMIT 1"
    ))?;
    let wrong = find.query_row([], |row| {
        let (topic, head, count): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("the log of {topic} has come to place {head}, but only {count} of its entries are there"))
    });
    wrong.optional()
}

fn count(db: &Connection, schema: i64) -> rusqlite::Result<Verified> {
    let count = |table: &str| -> rusqlite::Result<u64> {
        db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
    };
    Ok(Verified {
        schema,
        logs: count("logs")?,
        entries: count("entries")?,
        people: count(if schema < 17 { "users" } else { "users WHERE kind <> 'system'" })?,
        accounts: count("accounts")?,
        newest: db
            .query_row("SELECT max(at) FROM entries WHERE typeof(at) = 'integer'", [], |row| {
                row.get::<_, Option<i64>>(0)
            })?
            .map(Timestamp),
        backup: meta::read(db)?.and_then(|meta| meta.backup),
    })
}
