//! The migration runner: brings a database to this version's schema. A new file gets `schema.sql`; an older one gets the missing
//! steps.

use chat::Fault;
use rusqlite::Connection;

/// The schema of a new file, and its number: the oldest that is supported.
const FIRST: i64 = 10;
const SCHEMA: &str = include_str!("schema.sql");
/// Later changes of the schema, in order. Step `n` leads from schema `FIRST + n` to the next one in a transaction of
/// its own, so that a process that is killed continues after the last committed step. A step takes time in proportion
/// to the rows it reads.
const STEPS: &[&str] = &[
    include_str!("migrate/11.sql"),
    include_str!("migrate/12.sql"),
    include_str!("migrate/13.sql"),
    include_str!("migrate/14.sql"),
    include_str!("migrate/15.sql"),
    include_str!("migrate/16.sql"),
    include_str!("migrate/17.sql"),
    include_str!("migrate/18.sql"),
    include_str!("migrate/19.sql"),
    include_str!("migrate/20.sql"),
    include_str!("migrate/21.sql"),
];

/// The number of the schema that this version works with.
pub(crate) const NEWEST: i64 = FIRST + STEPS.len() as i64;

/// The initial schema of a file, and the steps since.
struct Migration<'a> {
    schema: &'a str,
    steps: &'a [&'a str],
}

/// Migrates the file to this version's schema. Writes nothing if it is up to date.
pub(crate) fn migrate(db: &mut Connection) -> Result<(), Fault> {
    Migration { schema: SCHEMA, steps: STEPS }.run(db)
}

/// Refuses a schema that this version neither knows nor can migrate.
pub(super) fn check(number: i64) -> Result<(), Fault> {
    check_number(number, newest(STEPS))
}

/// Returns true if this version can read the schema, once it is migrated.
pub(super) fn is_known(number: i64) -> bool {
    (FIRST..=newest(STEPS)).contains(&number)
}

/// Returns the number of a file's schema; 0 if it has none of ours.
pub(super) fn number(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Returns true if the file has no tables at all.
pub(super) fn is_empty(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

impl Migration<'_> {
    fn run(&self, db: &mut Connection) -> Result<(), Fault> {
        let outdated = |error| Fault::new("store", format!("the data cannot be brought up to date: {error}"));
        let mut number = number(db).map_err(outdated)?;
        if number == 0 && is_empty(db).map_err(outdated)? {
            step(db, self.schema, FIRST).map_err(outdated)?;
            number = FIRST;
        }
        check_number(number, newest(self.steps))?;
        for (sql, after) in self.steps.iter().zip(FIRST + 1..).filter(|(_, after)| *after > number) {
            step(db, sql, after).map_err(outdated)?;
        }
        Ok(())
    }
}

fn newest(steps: &[&str]) -> i64 {
    steps.iter().fold(FIRST, |number, _| number + 1)
}

fn check_number(number: i64, newest: i64) -> Result<(), Fault> {
    let sentence = match number {
        0 => "hubbub.db is a database of another program; choose another folder with --data".to_owned(),
        ..FIRST => format!(
            "hubbub.db is from before the first release (schema {number}), which this version cannot read; move it \
             away, or choose another folder with --data"
        ),
        _ if number > newest => format!(
            "hubbub.db is from a newer version (schema {number}; this one knows {newest}); start that version, or \
             restore a backup that this one has made"
        ),
        _ => return Ok(()),
    };
    Err(Fault::new("store", sentence))
}

/// Makes one change of the schema, all of it or nothing. Foreign keys are off meanwhile, because a step may make tables
/// anew that others refer to; within the transaction they could not be switched.
fn step(db: &mut Connection, sql: &str, after: i64) -> rusqlite::Result<()> {
    db.pragma_update(None, "foreign_keys", false)?;
    let changed = change(db, sql, after);
    db.pragma_update(None, "foreign_keys", true)?;
    changed
}

fn change(db: &mut Connection, sql: &str, after: i64) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", after)?;
    transaction.commit()
}

#[cfg(test)]
mod tests;
