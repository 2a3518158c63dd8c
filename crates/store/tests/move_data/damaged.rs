//! Damaged rows: none is lost without a word, and none keeps the others from being moved.

use std::path::Path;
use std::sync::Arc;

use chat::testing::{Node, User};
use chat::{LocalBus, OsRandom};
use rusqlite::Connection;
use store::SqliteStore;
use wire::GroupId;

use crate::damage::{LOG_DAMAGE, PEOPLE_DAMAGE, damage};
use crate::{is_empty, move_folder, name, open};

/// The reason why PostgreSQL cannot take the data after each damage of [`LOG_DAMAGE`]; none if it can, as it can a text
/// that is no JSON.
const LOG_REASONS: [Option<&str>; 12] = [
    None,
    None,
    None,
    None,
    Some("seq 4: data has a text that is not UTF-8"),
    Some("seq 4: data has bytes"),
    Some("seq 4: data has no value"),
    None,
    Some("seq 4: at has a text"),
    Some("seq 4: body_hash has a text"),
    Some("seq 'four': seq has a text"),
    Some("only 5 of its entries are there"),
];

/// The same for [`PEOPLE_DAMAGE`].
const PEOPLE_REASONS: [Option<&str>; 16] = [
    None,
    Some("users with application 1, id"),
    Some("name has a text that is not UTF-8"),
    Some("bio has bytes"),
    Some("the row of users that it belongs to is missing"),
    Some("the row of users that it belongs to is missing"),
    None,
    Some("delivered_mark has a text"),
    Some("the row of users that it belongs to is missing"),
    Some("role has no value"),
    Some("password has bytes"),
    None,
    Some("user has bytes"),
    None,
    Some("groups with application 1, id"),
    Some("newcomers with application 1, user 'nobody'"),
];

/// Ann, Zoë and 李雷 in a group; Zoë has sent three messages, at Seq 4 to 6.
struct Tea {
    folder: tempfile::TempDir,
    ann: User,
    group: GroupId,
}

impl Tea {
    async fn pour() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(folder.path(), &OsRandom).unwrap());
        store.master_secret(&OsRandom).unwrap();
        let node = Node::start(store, Arc::new(LocalBus::default()), Node::patient(), 1);
        let [ann, zoe, li] =
            [node.introduce("Ann").await, node.introduce("Zoë").await, node.introduce("李雷").await];
        for person in [&ann, &zoe, &li] {
            node.chat.create_account(person, "one pot of oolong").await.unwrap();
        }
        let group = node.group(&ann, "茶").await;
        node.chat.join(&zoe, group, None).await.unwrap();
        node.chat.join(&li, group, None).await.unwrap();
        for text in ["hello @Ann", "two", "three"] {
            node.say(&zoe, group, text).await;
        }
        node.chat.shut_down().await.unwrap();
        Self { folder, ann, group }
    }

    /// Copies the folder, and damages the copy.
    fn damaged(&self, sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in ["hubbub.db", "hubbub.life", "hubbub.lock", "secret.key"] {
            std::fs::copy(self.path().join(file), folder.path().join(file)).unwrap();
        }
        damage(folder.path(), sql);
        Self { folder, ann: self.ann.clone(), group: self.group }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the number of rows of every table.
    fn counts(&self) -> Vec<(String, u64)> {
        let db = Connection::open(self.path().join("hubbub.db")).unwrap();
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'meta'";
        let mut select = db.prepare(tables).unwrap();
        let tables: Vec<String> =
            select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let count = |table: String| {
            let count =
                db.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| row.get(0)).unwrap();
            (table, count)
        };
        tables.into_iter().map(count).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_moved_is_named_and_left_out_only_on_request() {
    let Some(server) = services::postgres() else { return };
    let damages =
        LOG_DAMAGE.into_iter().zip(LOG_REASONS).chain(PEOPLE_DAMAGE.into_iter().zip(PEOPLE_REASONS));
    let whole = Tea::pour().await;
    for (sql, reason) in damages {
        let tea = whole.damaged(sql);
        let database = server.database();
        let moved = move_folder(tea.path(), &database, false);
        let (moved, damaged) = match reason {
            None => (moved.unwrap(), 0),
            Some(reason) => {
                let refused = moved.unwrap_err().to_string();
                assert!(
                    refused.starts_with("nothing was moved: ") && refused.contains(reason),
                    "{sql}: {refused}"
                );
                assert!(is_empty(server, &database), "{sql}");
                let moved = move_folder(tea.path(), &database, true).unwrap();
                // An entry that is gone already is no row.
                let is_row = !reason.starts_with("only 5");
                assert_eq!(moved.left_out.is_empty(), !is_row, "{sql}");
                assert!(
                    !is_row || moved.left_out.iter().any(|row| row.contains(reason)),
                    "{:?}",
                    moved.left_out
                );
                let damaged = moved.left_out.len();
                (moved, damaged)
            }
        };
        for (table, count) in tea.counts() {
            let of_table = format!("{table} with ");
            let left_out = moved.left_out.iter().filter(|row| row.starts_with(&of_table)).count();
            let there = moved.rows.iter().find(|(moved, _)| *moved == table).unwrap().1;
            assert_eq!(there + u64::try_from(left_out).unwrap(), count, "{sql}: {table}");
        }
        assert_eq!(moved.left_out.len(), damaged, "{sql}");
        goes_on(&tea, &database, sql).await;
    }
}

/// Ann reads the list of people and says something.
async fn goes_on(tea: &Tea, database: &str, sql: &str) {
    let index = tempfile::tempdir().unwrap();
    let store = Arc::new(open(tea.path(), database, index.path()));
    let node = Node::start(store, Arc::new(LocalBus::default()), Node::patient(), 9);
    let people = node.chat.people(&tea.ann, "李").await.unwrap();
    let has_li = people.iter().any(|person| person.name.as_str() == "李雷");
    // A row of a group that cannot be moved takes the memberships with it, but nobody's account.
    assert!(has_li, "{sql}: {people:?}");
    if !sql.contains("slow_s = 'slow'") {
        node.say(&tea.ann, tea.group, "it goes on").await;
    }
    node.chat.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_with_a_nul_is_damaged_and_shown_without_what_is_in_it() {
    let Some(server) = services::postgres() else { return };
    let tea = Tea::pour().await;
    let db = Connection::open(tea.path().join("hubbub.db")).unwrap();
    db.execute("UPDATE users SET bio = 'secret' || char(0) WHERE name = 'Ann'", []).unwrap();
    drop(db);
    let refused = move_folder(tea.path(), &server.database(), false).unwrap_err().to_string();
    assert!(
        refused.contains(&format!("users with application 1, id '{}': bio has", tea.ann.id)),
        "{refused}"
    );
    assert!(refused.contains("NUL") && refused.contains("--skip-damaged"), "{refused}");
    assert!(!refused.contains("secret"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_breaks_a_condition_of_its_table_is_found_before_postgres_refuses_it() {
    let Some(server) = services::postgres() else { return };
    let tea = Tea::pour().await.damaged("UPDATE members SET notify = 'sometimes' WHERE role = 'admin'");
    let database = server.database();
    let refused = move_folder(tea.path(), &database, false).unwrap_err().to_string();
    assert!(refused.contains("members with id 1: a value is not one of its column"), "{refused}");
    let moved = move_folder(tea.path(), &database, true).unwrap();
    assert_eq!(moved.left_out.len(), 1, "{:?}", moved.left_out);
    assert_eq!(server.run(name(&database), "SELECT count(*) FROM members"), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_pages_are_damaged_is_never_moved() {
    let Some(server) = services::postgres() else { return };
    let tea = Tea::pour().await;
    let db = Connection::open(tea.path().join("hubbub.db")).unwrap();
    db.execute_batch(
        "PRAGMA writable_schema = ON;
         DELETE FROM sqlite_schema WHERE name = 'entries_by_seq';
         PRAGMA writable_schema = RESET",
    )
    .unwrap();
    drop(db);
    let database = server.database();
    for skip_damaged in [false, true] {
        let refused = move_folder(tea.path(), &database, skip_damaged).unwrap_err().to_string();
        assert!(refused.contains("it is damaged"), "{refused}");
        assert!(is_empty(server, &database));
    }
}
