//! The list of all data in `docs/data.md`, compared with a new data folder.

use std::collections::BTreeSet;
use std::path::Path;

use chat::{OsRandom, Store};
use rusqlite::Connection;
use store::SqliteStore;

const LIST: &str = include_str!("../../../docs/data.md");

/// Returns the names in the first column of the table under a heading.
fn listed(heading: &str) -> BTreeSet<String> {
    let (_, part) = LIST.split_once(&format!("\n## {heading}\n")).expect("the heading is there");
    let part = part.split("\n## ").next().unwrap_or_default();
    part.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_table_says_how_its_rows_are_backed_up_and_when_they_go() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path(), &OsRandom).unwrap());
    let db = Connection::open(folder.path().join("hubbub.db")).unwrap();
    let mut select = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap();
    let tables: BTreeSet<String> =
        select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(listed("Tables of `hubbub.db`"), tables, "docs/data.md lists every table, and no other");
}

#[test]
fn every_table_of_a_postgresql_database_is_listed_as_well() {
    let schema = [
        include_str!("../src/postgres/schema.sql"),
        include_str!("../src/postgres/migrate/20.sql"),
        include_str!("../src/postgres/migrate/21.sql"),
    ]
    .concat();
    let tables: BTreeSet<String> = schema
        .lines()
        .filter_map(|line| line.strip_prefix("CREATE TABLE ")?.split_once(' '))
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut all = listed("Tables of `hubbub.db`");
    all.extend(listed("Tables of a PostgreSQL database"));
    assert_eq!(all, tables);
}

#[tokio::test]
async fn every_table_of_the_search_index_says_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &OsRandom).unwrap();
    store.search_index().position().await.unwrap();
    let db = Connection::open(folder.path().join("search.db")).unwrap();
    // The full-text table keeps its parts in tables of its own.
    let mut select = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'messages_%'")
        .unwrap();
    let tables: BTreeSet<String> =
        select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(listed("Tables of `search.db`"), tables);
}

#[tokio::test]
async fn every_file_of_the_data_folder_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), &OsRandom).unwrap();
    // These files are made at the first use.
    store.search_index().position().await.unwrap();
    store.master_secret(&OsRandom).unwrap();
    let files: BTreeSet<String> = files(folder.path());
    drop(store);
    let mut listed = listed("Files of the data folder");
    // The server makes it, not the store.
    assert!(listed.remove("control.sock"));
    // So it does this folder.
    assert!(listed.remove("blobs"));
    // And this one only `hubbub move`.
    assert!(listed.remove("moved.txt"));
    assert_eq!(listed, files, "docs/data.md lists every file, and no other");
}

fn files(folder: &Path) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}
