//! A whole folder is moved: nothing is lost, changed or doubled, and everything goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use chat::store::{InboxRequest, Position};
use chat::testing::Node;
use chat::{LocalBus, OsRandom, Store};
use rusqlite::Connection;
use store::SqliteStore;
use wire::{ApplicationId, SendId, Seq, Topic};

use crate::folder::Filled;
use crate::reads::{Ids, everything};
use crate::{move_folder, name, open};

/// The columns of the one row of `meta`, which is made anew from the row of the other database. A new column needs a
/// decision in `move_data/`, and then a line here.
const META: [&[&str]; 2] = [
    &["backup_at", "backup_secret", "backup_version", "epoch", "id", "life", "mark", "position"],
    &[
        "blobs",
        "buckets",
        "cluster",
        "database_oid",
        "epoch",
        "one",
        "schema",
        "secret_check",
        "system_identifier",
        "table_oid",
        "timeline",
        "tx_base",
    ],
];

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_every_table_is_there_and_every_read_says_the_same() {
    let Some(server) = services::postgres() else { return };
    let filled = Filled::new().await;
    let before = SqliteStore::open(filled.path(), &OsRandom).unwrap();
    let ids = Ids::of(filled.path());
    let expected = everything(&before, &ids).await;
    before.close().await.unwrap();

    let database = server.database();
    let moved = move_folder(filled.path(), &database, false).unwrap();
    assert_eq!(moved.left_out, [""; 0]);
    assert!(moved.rows.iter().all(|(_, rows)| *rows > 0), "{:?}", moved.rows);

    let db = Connection::open(filled.path().join("hubbub.db")).unwrap();
    for (table, columns) in tables(&db) {
        let here = rows_here(&db, &table, &columns);
        let types = server.run(
            name(&database),
            &format!(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{table}'"
            ),
        );
        let there = server.run(name(&database), &rows_there(&table, &columns, &types));
        assert_eq!(here, sorted(there.lines()), "{table}");
        let moved = moved.rows.iter().find(|(moved, _)| *moved == table).unwrap().1;
        assert_eq!(moved, u64::try_from(here.len()).unwrap(), "{table}");
    }
    let index = tempfile::tempdir().unwrap();
    let after = open(filled.path(), &database, index.path());
    let found = everything(&after, &ids).await;
    after.close().await.unwrap();
    assert!(expected.len() > 1_000, "{} reads", expected.len());
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected, found);
    }
    assert_eq!(expected.len(), found.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversation_goes_on_with_greater_positions_and_a_retry_is_no_second_message() {
    // A server of its own: the inbox waits for older transactions, such as the moves of other tests.
    let Some(server) = services::Postgres::start() else { return };
    let filled = Filled::new().await;
    // Positions that were used by entries which are gone, far more than a new database would begin with.
    let kept = 9_000_000_000_000_i64;
    let db = Connection::open(filled.path().join("hubbub.db")).unwrap();
    db.execute("UPDATE meta SET position = ?", [kept]).unwrap();
    drop(db);
    let database = server.database();
    move_folder(filled.path(), &database, false).unwrap();
    let index = tempfile::tempdir().unwrap();
    let store = Arc::new(open(filled.path(), &database, index.path()));
    let reader = store.reader(ApplicationId::BUILT_IN);
    let topic = Topic::group(filled.group);
    let inbox = InboxRequest { user: filled.ann.id, after: Position(0), limit: 9, bytes: 1 << 20 };
    let before = reader.inbox(InboxRequest { limit: 1_000, ..inbox }).await.unwrap();
    let head = reader.page(&topic, chat::store::Range::default()).await.unwrap().head;

    let node = Node::start(store.clone(), Arc::new(LocalBus::default()), Node::patient(), 77);
    let new = node.say(&filled.ann, filled.group, "it goes on").await.seq;
    assert_eq!(new, Seq(head.0 + 1));
    let position = reader.position_of(&topic, new).await.unwrap().unwrap();
    assert!(position > before.head && position > Position(u64::try_from(kept).unwrap()), "{position:?}");
    // A cursor from before the move reads on after it.
    let next = reader.inbox(InboxRequest { after: before.head, ..inbox }).await.unwrap();
    assert_eq!(next.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [new]);
    let (id, text) = (SendId::new("open-tea").unwrap(), "one cup");
    let first = node.chat.post(&filled.ann, topic.clone(), id.clone(), text, None).await.unwrap();
    let again = node.chat.post(&filled.ann, topic.clone(), id, text, None).await.unwrap();
    assert_eq!((again.seq, again.duplicate, first.duplicate), (first.seq, true, false));
    let secret = SendId::new("secret").unwrap();
    let zoe = node.chat.people(&filled.ann, "Zoë").await.unwrap().remove(0).id;
    let text = "for @Zoë only";
    let repeated = node.chat.post_to(&filled.ann, topic.clone(), secret, text, None, Some(&[zoe])).await;
    let repeated = repeated.unwrap();
    assert!(repeated.duplicate && repeated.seq < new, "it was sent before the move: {repeated:?}");
    // Numbers are never used again: the last job had 40.
    let number = server.run(name(&database), "SELECT nextval(pg_get_serial_sequence('jobs', 'id'))");
    assert!(number.parse::<u64>().unwrap() > 40, "{number}");
    let joined = node.introduce("نور").await;
    node.chat.join(&joined, filled.group, None).await.unwrap();
    let shop = node.chat.create_application(&chat::Caller::operator(), "Books", "").await.unwrap();
    assert_eq!(shop.application.title.as_str(), "Books");
    node.chat.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_was_copied_gets_a_new_epoch_with_the_move() {
    let Some(server) = services::postgres() else { return };
    let filled = Filled::new().await;
    let epoch = SqliteStore::open(filled.path(), &OsRandom).unwrap().epoch();
    let copy = tempfile::tempdir().unwrap();
    for file in ["hubbub.db", "hubbub.life", "secret.key", "hubbub.lock"] {
        std::fs::copy(filled.path().join(file), copy.path().join(file)).unwrap();
    }
    for (folder, same) in [(copy.path(), false), (filled.path(), true)] {
        let database = server.database();
        move_folder(folder, &database, false).unwrap();
        let index = tempfile::tempdir().unwrap();
        let store = open(folder, &database, index.path());
        assert_eq!(store.epoch() == epoch, same, "{}", folder.display());
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_to_which_its_operator_goes_back_has_another_epoch_than_the_moved_data() {
    let Some(server) = services::postgres() else { return };
    let filled = Filled::new().await;
    let before = SqliteStore::open(filled.path(), &OsRandom).unwrap().epoch();
    let database = server.database();
    move_folder(filled.path(), &database, false).unwrap();
    let index = tempfile::tempdir().unwrap();
    let moved = open(filled.path(), &database, index.path());
    assert_eq!(moved.epoch(), before, "readers go on");
    moved.close().await.unwrap();
    std::fs::remove_file(filled.path().join("moved.txt")).unwrap();
    let back = SqliteStore::open(filled.path(), &OsRandom).unwrap();
    assert_ne!(back.epoch(), before, "the same Seq may be another message there");
    let epoch = back.epoch();
    back.close().await.unwrap();
    assert_eq!(SqliteStore::open(filled.path(), &OsRandom).unwrap().epoch(), epoch, "once");
}

#[test]
fn every_column_of_the_row_about_the_database_has_a_decision() {
    let Some(server) = services::postgres() else { return };
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path(), &OsRandom).unwrap());
    let db = Connection::open(folder.path().join("hubbub.db")).unwrap();
    let mut select = db.prepare("SELECT name FROM pragma_table_info('meta') ORDER BY name").unwrap();
    let here: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let database = server.database();
    move_folder(folder.path(), &database, false).unwrap();
    let there = server.run(
        name(&database),
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'meta' ORDER BY column_name",
    );
    assert_eq!([here, there.lines().map(str::to_owned).collect()], META.map(owned));
    // Whatever refers to something in PostgreSQL does so in SQLite, so that the order of the tables is right.
    let there =
        "SELECT conrelid::regclass || ' ' || confrelid::regclass FROM pg_constraint WHERE contype = 'f'";
    let here = "SELECT tables.name || ' ' || keys.\"table\" FROM sqlite_schema AS tables
                JOIN pragma_foreign_key_list(tables.name) AS keys WHERE tables.type = 'table'";
    let mut select = db.prepare(here).unwrap();
    let here: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let there = server.run(name(&database), there);
    assert!(there.lines().count() > 10, "{there}");
    assert!(there.lines().all(|key| here.iter().any(|same| same == key)), "{there}: {here:?}");
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Returns the tables of a file with their columns, but for the row about the database.
fn tables(db: &Connection) -> BTreeMap<String, Vec<String>> {
    let all = "SELECT schema.name, columns.name FROM sqlite_schema AS schema
               JOIN pragma_table_info(schema.name) AS columns
               WHERE schema.type = 'table' AND schema.name NOT LIKE 'sqlite_%' AND schema.name <> 'meta'";
    let mut select = db.prepare(all).unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut tables = BTreeMap::<String, Vec<String>>::new();
    for (table, column) in rows.map(Result::unwrap) {
        tables.entry(table).or_default().push(column);
    }
    assert!(tables.len() > 30, "{tables:?}");
    tables
}

/// Returns the rows of a table as texts: numbers as they are, texts and bytes in hexadecimal.
fn rows_here(db: &Connection, table: &str, columns: &[String]) -> Vec<String> {
    let columns: Vec<String> = columns
        .iter()
        .map(|name| {
            format!(
                "CASE typeof(\"{name}\") WHEN 'integer' THEN CAST(\"{name}\" AS TEXT)
                 WHEN 'null' THEN '-' ELSE lower(hex(\"{name}\")) END"
            )
        })
        .collect();
    let mut select = db.prepare(&format!("SELECT {} FROM \"{table}\"", columns.join(" || '|' || "))).unwrap();
    let rows = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let rows: Vec<String> = rows.map(Result::unwrap).collect();
    sorted(rows.iter().map(String::as_str))
}

/// Returns the statement that reads the same from PostgreSQL.
fn rows_there(table: &str, columns: &[String], types: &str) -> String {
    let types: BTreeMap<&str, &str> = types.lines().filter_map(|line| line.split_once('|')).collect();
    let columns: Vec<String> = columns
        .iter()
        .map(|name| {
            let text = match types[name.as_str()] {
                "boolean" => format!("\"{name}\"::int::text"),
                "bigint" => format!("\"{name}\"::text"),
                "bytea" => format!("encode(\"{name}\", 'hex')"),
                _ => format!("encode(convert_to(\"{name}\", 'UTF8'), 'hex')"),
            };
            format!("coalesce({text}, '-')")
        })
        .collect();
    format!("SELECT {} FROM \"{table}\"", columns.join(" || '|' || "))
}

fn sorted<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}
