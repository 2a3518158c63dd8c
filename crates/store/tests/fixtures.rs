//! Databases of every supported schema, made by `examples/fixture.rs` when it was the newest: they open with all their
//! data, and migrate to the schema of a new database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chat::store::Range;
use chat::testing::{Node, User};
use chat::{Caller, Limits, LocalBus, OsRandom};
use rusqlite::Connection;
use store::SqliteStore;
use wire::{AppRole, Event, GroupView, Json, PageStart, Refusal, Seq, Topic};

#[tokio::test]
async fn a_database_of_every_schema_opens_and_has_what_was_in_it() {
    for fixture in fixtures() {
        let shown = fixture.display();
        let folder = restored(&fixture);
        let store = Arc::new(SqliteStore::open(folder.path(), &OsRandom).unwrap());
        // The node that made the fixture has another seed.
        let node = Node::start(store, Arc::new(LocalBus::default()), Node::patient(), 2);
        let (ann, _) = node.chat.sign_in(&Caller::default(), "ANN", "one pot of oolong").await.unwrap();
        assert_eq!(ann.name.as_str(), "Ann", "{shown}");
        let ann = User::from(ann);
        let (role, accounts) = node.chat.accounts(&ann, "", None).await.unwrap();
        assert_eq!((role, accounts.items.len()), (AppRole::Owner, 2), "{shown}");
        let ben = accounts
            .items
            .into_iter()
            .map(|listed| User::from(listed.person))
            .find(|person| person.id != ann.id)
            .unwrap();
        assert_eq!(node.chat.profile(&ann, ann.id).await.unwrap().0.bio.as_str(), "Tea at four.", "{shown}");

        let mine = node.chat.overview(&ann).await.unwrap().mine;
        assert_eq!(mine.len(), 2, "a group and a direct: {shown}");
        let tea = node.chat.listed_groups(&ann.caller(), "tea", None).await.unwrap().items.remove(0).group.id;
        let view = node.chat.open_group(&ben, tea, PageStart::Newest, None).await.unwrap();
        assert!(matches!(&view, GroupView::Inside(page) if page.members.len() == 2), "{shown}: {view:?}");
        let caller = Caller { open_topics: true, ..ben.caller() };
        let all = Range { limit: 100, ..Range::default() };
        let entries = node.chat.events(&caller, &Topic::group(tea), all).await.unwrap().entries;
        let said: Vec<_> = entries
            .iter()
            .filter_map(|entry| match &entry.data {
                Event::Message { text, reactions, pinned, .. } => {
                    Some((text.as_str(), reactions.len(), *pinned))
                }
                Event::Unknown => panic!("{shown}: an event of this version is not read: {entry:?}"),
                _ => None,
            })
            .collect();
        assert_eq!(said, [("Hello @Ben, the tea is ready", 1, true), ("Coming", 0, false)], "{shown}");
        assert_eq!(
            node.chat.management(&ann, tea, "", None).await.unwrap().management.bans.len(),
            1,
            "{shown}"
        );
        assert_eq!(node.chat.blocked(&ben).await.unwrap().len(), 1, "{shown}");
        let news = node.chat.history(&caller, &Topic::new("news").unwrap(), all).await.unwrap();
        assert_eq!(
            news.entries.iter().map(|entry| entry.data.as_str()).collect::<Vec<_>>(),
            ["1", "2", "3"],
            "{shown}"
        );
        node.say(&ann, tea, "More tea?").await;
        node.chat.shut_down().await.unwrap();
    }
}

#[tokio::test]
async fn what_is_in_open_topics_counts_against_their_bounds_whichever_version_wrote_it() {
    for fixture in fixtures() {
        let folder = restored(&fixture);
        let store = Arc::new(SqliteStore::open(folder.path(), &OsRandom).unwrap());
        // It holds 1, 2 and 3 in one topic.
        let limits = Limits { open_topics: 1, open_topics_bytes: 4, ..Node::patient() };
        let node = Node::start(store, Arc::new(LocalBus::default()), limits, 7);
        let caller = Caller { open_topics: true, ..Caller::default() };
        let publish = async |topic: &str| {
            let published = node.chat.publish(&caller, Topic::new(topic).unwrap(), None, Json::of(&4)).await;
            published.map(|ack| ack.seq)
        };
        let full = Refusal::OpenTopicsFull { max: 4 };
        assert_eq!(publish("orders").await, Err(Refusal::TooManyOpenTopics { max: 1 }.into()));
        assert_eq!(publish("news").await, Ok(Seq(4)));
        assert_eq!(publish("news").await, Err(full.into()));
        node.chat.shut_down().await.unwrap();
    }
}

#[test]
fn a_database_of_every_schema_comes_to_the_schema_of_a_new_one() {
    let new = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(new.path(), &OsRandom).unwrap());
    let new = schema(&new.path().join("hubbub.db"));
    for fixture in fixtures() {
        let folder = restored(&fixture);
        drop(SqliteStore::open(folder.path(), &OsRandom).unwrap());
        let old = schema(&folder.path().join("hubbub.db"));
        let changed: Vec<_> = new.iter().filter(|(name, sql)| old.get(*name) != Some(sql)).collect();
        let lost: Vec<_> = old.keys().filter(|name| !new.contains_key(*name)).collect();
        assert!(
            changed.is_empty() && lost.is_empty(),
            "a database of {} does not come to the schema of a new one. Leave schema.sql as it was and write the \
             change as a step of its own in migrate.rs; then make a fixture of the new schema (examples/fixture.rs). \
             Only in a new database: {changed:?}; only in the old one: {lost:?}",
            fixture.display(),
        );
    }
}

#[test]
fn rows_of_every_schema_belong_to_application_1_and_to_each_other() {
    for fixture in fixtures() {
        let shown = fixture.display();
        let folder = restored(&fixture);
        let before = counts(&Connection::open(folder.path().join("hubbub.db")).unwrap());
        drop(SqliteStore::open(folder.path(), &OsRandom).unwrap());
        let db = Connection::open(folder.path().join("hubbub.db")).unwrap();
        let after = counts(&db);
        for (table, count) in &before {
            assert_eq!(after.get(table), Some(count), "{table} of {shown}");
        }
        let orphans: i64 =
            db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
        assert_eq!(orphans, 0, "{shown}");
        let without = ["meta", "mentions", "relay", "applications", "tokens"];
        for table in after.keys().filter(|table| !without.contains(&table.as_str())) {
            // Of the other application there is only its system user, of the server itself the log of revocations.
            let own = match table.as_str() {
                "users" => " AND kind <> 'system'",
                "logs" | "entries" => " AND application <> 0",
                _ => "",
            };
            let others = format!("SELECT count(*) FROM {table} WHERE application <> 1{own}");
            let others: i64 = db.query_row(&others, [], |row| row.get(0)).unwrap();
            assert_eq!(others, 0, "{table} of {shown}");
        }
        let policy: (String, bool) = db
            .query_row("SELECT join_policy, listed FROM groups WHERE name = 'Tea'", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!(policy, ("open".to_owned(), true), "{shown}");
    }
}

#[test]
fn the_newest_schema_has_a_fixture() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path(), &OsRandom).unwrap());
    let db = Connection::open(folder.path().join("hubbub.db")).unwrap();
    let schema: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let wanted = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/schema-{schema}.db"));
    assert!(wanted.exists(), "run `cargo run -p store --example fixture` and commit {}", wanted.display());
}

/// Returns the fixtures, one for each schema.
fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut fixtures: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    fixtures.sort();
    assert!(
        fixtures[0].ends_with("schema-10.db"),
        "the first schema that is supported has its fixture: {fixtures:?}"
    );
    fixtures
}

fn restored(fixture: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    store::restore(folder.path(), fixture, true, &OsRandom).unwrap();
    folder
}

/// Returns the number of rows of every table.
fn counts(db: &Connection) -> BTreeMap<String, i64> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut select = db.prepare(tables).unwrap();
    let tables = select.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    tables
        .map(|table| {
            // The author of what an application does has been a user only since schema 17.
            let system = db.prepare("SELECT kind FROM users LIMIT 1").is_ok();
            let of = if system && table == "users" { " WHERE kind <> 'system'" } else { "" };
            let count = format!("SELECT count(*) FROM {table}{of}");
            let count = db.query_row(&count, [], |row| row.get(0)).unwrap();
            (table, count)
        })
        .collect()
}

/// Returns every table and index of a database, by name, without comments.
fn schema(file: &Path) -> BTreeMap<String, String> {
    let db = Connection::open(file).unwrap();
    let mut select = db.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema").unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).unwrap();
    let bare = |sql: String| {
        let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    };
    rows.map(Result::unwrap).map(|(name, sql)| (name, bare(sql))).collect()
}
