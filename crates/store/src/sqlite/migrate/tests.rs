use std::path::Path;
use std::process::Command;

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::{Batch, Connection};

use super::*;
use crate::sqlite::open::{self, SharedIndex};

/// Environment variables for the process that is going to be killed: its folder, and the step after which it dies.
const FOLDER: &str = "HUBBUB_TEST_MIGRATES_IN";
const DIES_AFTER: &str = "HUBBUB_TEST_DIES_AFTER";

const TEA: &str = "CREATE TABLE tea (leaf TEXT NOT NULL) STRICT; INSERT INTO tea VALUES ('oolong')";
const STEPS: [&str; 3] = [
    "ALTER TABLE tea ADD COLUMN cups INTEGER NOT NULL DEFAULT 0",
    "UPDATE tea SET cups = cups + 1",
    "INSERT INTO tea (leaf) VALUES ('茶')",
];

fn file(folder: &Path) -> Connection {
    open::connection(&folder.join("hubbub.db"), SharedIndex::Processes).unwrap()
}

fn leaves(db: &Connection) -> Vec<(String, i64)> {
    let mut select = db.prepare("SELECT leaf, cups FROM tea").unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn an_upgrade_that_is_killed_between_two_steps_goes_on_there_and_does_nothing_twice() {
    for dies_after in 0..=STEPS.len() {
        let folder = tempfile::tempdir().unwrap();
        Migration { schema: TEA, steps: &[] }.run(&mut file(folder.path())).unwrap();
        let killed = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sqlite::migrate::tests::the_upgrade_that_is_going_to_be_killed"])
            .env(FOLDER, folder.path())
            .env(DIES_AFTER, dies_after.to_string())
            .output()
            .unwrap();
        assert!(!killed.status.success(), "it ended by itself");
        let mut db = file(folder.path());
        assert_eq!(number(&db).unwrap(), FIRST + i64::try_from(dies_after).unwrap());
        for _ in 0..2 {
            Migration { schema: TEA, steps: &STEPS }.run(&mut db).unwrap();
            assert_eq!(leaves(&db), [("oolong".to_owned(), 1), ("茶".to_owned(), 0)]);
        }
    }
}

/// The other process: it dies without closing anything, in the middle of the step after the named one. Without the name
/// of a folder it does nothing.
#[test]
fn the_upgrade_that_is_going_to_be_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let dies_after: usize = std::env::var(DIES_AFTER).unwrap().parse().unwrap();
    let mut db = file(Path::new(&folder));
    Migration { schema: TEA, steps: &STEPS[..dies_after] }.run(&mut db).unwrap();
    let half = db.transaction().unwrap();
    half.execute_batch("UPDATE tea SET leaf = 'spilled'; DELETE FROM tea").unwrap();
    std::process::abort();
}

/// The number of statements of the newest step that are executed before the process dies.
const STATEMENTS: &str = "HUBBUB_TEST_DIES_AFTER_STATEMENTS";

#[test]
fn the_newest_step_is_all_or_nothing_wherever_it_is_killed() {
    let rows = |db: &Connection| -> Vec<String> {
        let mut select =
            db.prepare("SELECT 'schema: ' || sql FROM sqlite_schema WHERE sql IS NOT NULL").unwrap();
        let schema = select.query_map([], |row| row.get(0)).unwrap();
        let mut rows: Vec<String> = schema.map(Result::unwrap).collect();
        for table in ["users", "members", "accounts", "groups", "entries", "sessions", "open_topics"] {
            rows.push(
                db.query_row(&format!("SELECT count(*) || ' {table}' FROM {table}"), [], |row| row.get(0))
                    .unwrap(),
            );
        }
        rows
    };
    let whole = fixture();
    let before = rows(&file(whole.path()));
    migrate(&mut file(whole.path())).unwrap();
    let after = rows(&file(whole.path()));
    for statements in [1, 17, 30, 50, 64, 80] {
        let folder = fixture();
        let killed = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sqlite::migrate::tests::the_newest_step_that_is_going_to_be_killed"])
            .env(FOLDER, folder.path())
            .env(STATEMENTS, statements.to_string())
            .output()
            .unwrap();
        assert!(!killed.status.success(), "it ended by itself");
        let mut db = file(folder.path());
        assert_eq!(rows(&db), before, "after {statements}");
        migrate(&mut db).unwrap();
        assert_eq!(rows(&db), after, "after {statements}");
    }
}

/// Copies the fixture of the schema before the newest one into a folder, to which it belongs from then on.
fn fixture() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("tests/fixtures/schema-{}.db", newest(super::STEPS) - 1);
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(name), folder.path().join("hubbub.db")).unwrap();
    folder
}

/// The other process: it dies in the middle of the newest step, after what it has done so far is in the file. Without
/// the name of a folder it does nothing.
#[test]
fn the_newest_step_that_is_going_to_be_killed() {
    let (Ok(folder), Ok(statements)) = (std::env::var(FOLDER), std::env::var(STATEMENTS)) else { return };
    let mut db = file(Path::new(&folder));
    db.pragma_update(None, "foreign_keys", false).unwrap();
    // Changed pages do not stay in memory until the commit.
    db.pragma_update(None, "cache_size", 1).unwrap();
    let half = db.transaction().unwrap();
    let mut batch = Batch::new(&half, super::STEPS[super::STEPS.len() - 1]);
    for _ in 0..statements.parse().unwrap() {
        batch.next().unwrap().expect("the step has more statements").execute([]).unwrap();
    }
    std::process::abort();
}

#[test]
fn an_upgrade_of_rows_that_belong_to_nothing_keeps_them() {
    let folder = fixture();
    let mut db = file(folder.path());
    db.execute_batch(
        "PRAGMA foreign_keys = OFF; DELETE FROM users WHERE name = 'Ben'; PRAGMA foreign_keys = ON",
    )
    .unwrap();
    let members = |db: &Connection| -> i64 {
        db.query_row("SELECT count(*) FROM members", [], |row| row.get(0)).unwrap()
    };
    let before = members(&db);
    migrate(&mut db).unwrap();
    assert_eq!(members(&db), before);
    let is_on: bool = db.pragma_query_value(None, "foreign_keys", |row| row.get(0)).unwrap();
    assert!(is_on, "foreign keys are checked again");
}

#[test]
fn an_upgrade_that_fails_leaves_the_file_as_the_last_step_has_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = file(folder.path());
    let steps = [STEPS[0], "UPDATE tea SET cups = 9; INSERT INTO nowhere VALUES (1)"];
    let fault = Migration { schema: TEA, steps: &steps }.run(&mut db).unwrap_err().to_string();
    assert!(fault.starts_with("the data cannot be brought up to date: no such table: nowhere"), "{fault}");
    assert_eq!((number(&db).unwrap(), leaves(&db)), (FIRST + 1, vec![("oolong".to_owned(), 0)]));
    Migration { schema: TEA, steps: &STEPS }.run(&mut db).unwrap();
    assert_eq!(leaves(&db), [("oolong".to_owned(), 1), ("茶".to_owned(), 0)]);
}

#[test]
fn a_file_that_is_up_to_date_is_only_read() {
    let folder = tempfile::tempdir().unwrap();
    migrate(&mut file(folder.path())).unwrap();
    let mut db = file(folder.path());
    db.pragma_update(None, "query_only", true).unwrap();
    migrate(&mut db).unwrap();
}

#[test]
fn files_of_other_schemas_are_refused_and_the_operator_is_told_what_to_do() {
    for (number, says) in [
        (1, "before the first release (schema 1), which this version cannot read; move it away"),
        (9, "before the first release (schema 9), which this version cannot read; move it away"),
        (-1, "before the first release (schema -1)"),
        (22, "a newer version (schema 22; this one knows 21); start that version, or restore a backup"),
        (i64::from(i32::MAX), "a newer version (schema 2147483647; this one knows 21)"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut db = file(folder.path());
        db.execute_batch(TEA).unwrap();
        db.pragma_update(None, "user_version", number).unwrap();
        let fault = migrate(&mut db).unwrap_err().to_string();
        assert!(fault.contains(says), "{fault}");
        let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 1, "nothing was changed");
    }
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = file(folder.path());
    db.execute_batch(TEA).unwrap();
    let fault = migrate(&mut db).unwrap_err().to_string();
    assert_eq!(fault, "hubbub.db is a database of another program; choose another folder with --data");
}
