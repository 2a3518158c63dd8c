//! Nodes of two versions on one database: the newer one has a step more that adds and one that takes away.

use std::time::Duration;

use chat::store::{
    Commit, LogOutcome, LogWrite, NodeReport, Range, ReportAnswer, RevocationSlice, Sender, TypedWrite as _,
};
use chat::testing::SeededChance;
use chat::testing::store::draft;
use chat::{MasterSecret, Store};
use services::Postgres;
use store::{OpenError, PostgresConfig, PostgresStore, Schema, Step, StepKind};
use wire::{ApplicationId, Seq, Topic};

/// The pause between two looks, and the most of them.
const PAUSE: Duration = Duration::from_millis(50);
const LOOKS: usize = 1_200;

/// The present version, and one that adds a column, which must not be empty once nobody leaves it out.
fn present() -> Schema {
    Schema::default()
}

fn later() -> Schema {
    let number = present().newest();
    let add = "ALTER TABLE users ADD COLUMN nickname text COLLATE \"C\" DEFAULT ''";
    let need = "ALTER TABLE users ALTER COLUMN nickname SET NOT NULL";
    present().with(Step { number: number + 1, kind: StepKind::Expand, sql: add }).with(Step {
        number: number + 2,
        kind: StepKind::Contract,
        sql: need,
    })
}

fn open(database: &str, name: &str, schema: Schema) -> Result<PostgresStore, OpenError> {
    let folder = tempfile::tempdir().unwrap();
    let config = PostgresConfig::new(database, None, folder.path().to_owned()).unwrap();
    let config = config.with_connections(1, 1).with_node(name).with_schema(schema);
    // As for real nodes, no two draw the same id.
    let seed = name.bytes().map(u64::from).sum();
    PostgresStore::open(config, &MasterSecret::from_bytes([7; 32]), &SeededChance::new(seed))
}

fn refusal(opened: Result<PostgresStore, OpenError>) -> String {
    match opened.err() {
        Some(OpenError::Refused(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

/// A database with its server.
struct Database {
    server: &'static Postgres,
    url: String,
}

impl Database {
    fn new() -> Option<Self> {
        let server = services::postgres()?;
        Some(Self { server, url: server.database() })
    }

    fn run(&self, sql: &str) -> String {
        self.server.run(self.url.rsplit('/').next().unwrap(), sql)
    }

    /// Returns the number of the schema.
    fn schema(&self) -> i64 {
        self.run("SELECT schema FROM meta").parse().unwrap()
    }

    /// Lets a node report until the schema has this number.
    async fn until_schema(&self, node: &PostgresStore, number: i64) {
        for _ in 0..LOOKS {
            if self.schema() == number {
                return;
            }
            assert_eq!(report(node).await, current());
            tokio::time::sleep(PAUSE).await;
        }
        panic!("the schema does not become {number}");
    }
}

async fn report(node: &PostgresStore) -> ReportAnswer {
    let report = NodeReport { sockets: 0, is_stopping: false, revocations_after: Seq::ZERO };
    node.report(report).await.unwrap()
}

fn current() -> ReportAnswer {
    ReportAnswer::Current(RevocationSlice::default())
}

/// Appends an entry through a node, and reads it through another one.
async fn say(from: &PostgresStore, to: &PostgresStore, id: &str) {
    let topic = Topic::new("tea").unwrap();
    let draft = draft(&topic, Sender::Open, id, id);
    let commit = Commit { application: ApplicationId::BUILT_IN, write: LogWrite::Post(draft).into() };
    let committed = from.commit(vec![commit], Seq::ZERO).await.unwrap();
    let LogOutcome::Posted { seq } = LogWrite::outcome(committed.outcomes[0].clone()).unwrap() else {
        panic!("{id} is not posted")
    };
    let range = Range { limit: usize::MAX, ..Range::default() };
    let page = to.reader(ApplicationId::BUILT_IN).page(&topic, range).await.unwrap();
    let last = page.entries.last().unwrap();
    assert_eq!((last.seq, last.id.as_str()), (seq, id));
}

#[tokio::test]
async fn an_old_node_and_a_new_one_work_side_by_side_until_the_old_one_ends() {
    let Some(database) = Database::new() else { return };
    let number = present().newest();
    let old = open(&database.url, "old", present()).unwrap();
    say(&old, &old, "alone").await;
    let new = open(&database.url, "new", later()).unwrap();
    assert_eq!(database.schema(), number + 1, "what adds runs at once");
    for round in 0..3 {
        say(&old, &new, &format!("from-old-{round}")).await;
        say(&new, &old, &format!("from-new-{round}")).await;
        for _ in 0..10 {
            assert_eq!((report(&old).await, report(&new).await), (current(), current()));
        }
    }
    assert_eq!(database.schema(), number + 1, "what takes away waits");
    // Another one of the old version may still start.
    let older = open(&database.url, "older", present()).unwrap();
    say(&older, &new, "from-older").await;
    older.close().await.unwrap();

    old.close().await.unwrap();
    database.until_schema(&new, number + 2).await;
    say(&new, &new, "afterwards").await;
    assert_eq!(report(&new).await, current());
    let steps = database.run(&format!(
        "SELECT number, takes_away FROM schema_steps WHERE number >= {number} ORDER BY number"
    ));
    assert_eq!(steps, format!("{number}|f\n{}|f\n{}|t", number + 1, number + 2));
    let refused = refusal(open(&database.url, "late", present()));
    let expected = format!("the database has schema {}, and this version works with {number}", number + 2);
    assert!(refused.starts_with(&expected) && refused.ends_with("start a newer version"), "{refused}");
    say(&open(&database.url, "next", later()).unwrap(), &new, "from-the-next").await;
}

#[tokio::test]
async fn an_old_node_that_was_paused_too_long_ends_when_it_wakes() {
    let Some(database) = Database::new() else { return };
    let old = open(&database.url, "old", present()).unwrap();
    let new = open(&database.url, "new", later()).unwrap();
    assert_eq!(report(&old).await, current());
    database.run("UPDATE nodes SET seen = seen - 11000 WHERE name = 'old'");
    database.until_schema(&new, later().newest()).await;
    assert_eq!(report(&old).await, ReportAnswer::Replaced);
    assert_eq!(report(&new).await, current());
}

#[tokio::test]
async fn a_version_that_is_two_ahead_waits_for_the_old_nodes_to_end() {
    let Some(database) = Database::new() else { return };
    let number = present().newest();
    let two = later().with(Step {
        number: number + 3,
        kind: StepKind::Expand,
        sql: "ALTER TABLE users ADD COLUMN motto text COLLATE \"C\" DEFAULT ''",
    });
    let old = open(&database.url, "old", present()).unwrap();
    let refused = refusal(open(&database.url, "two", two.clone()));
    let sentence = format!("this version needs {}, and the node old of version", number + 3);
    assert!(refused.contains(&sentence), "{refused}");
    assert_eq!(database.schema(), number, "nothing of it was done");
    say(&old, &old, "alone").await;
    old.close().await.unwrap();
    let new = open(&database.url, "two", two).unwrap();
    assert_eq!(database.schema(), number + 3);
    say(&new, &new, "ahead").await;
    assert!(refusal(open(&database.url, "old", present())).contains("start a newer version"));
    // The version in between does not know the last step, which only adds.
    let between = open(&database.url, "between", later()).unwrap();
    say(&between, &new, "between").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_gives_up_on_a_table_in_use_and_is_tried_again() {
    let Some(database) = Database::new() else { return };
    let old = open(&database.url, "old", present()).unwrap();
    let (server, name) = (database.server, database.url.rsplit('/').next().unwrap().to_owned());
    let holding = std::thread::spawn(move || {
        // A longer transaction than a step waits for.
        server.run(&name, "LOCK TABLE users IN ACCESS SHARE MODE; SELECT pg_sleep(5)")
    });
    let held = "SELECT count(*) FROM pg_locks WHERE relation = 'users'::regclass AND mode = 'AccessShareLock'
                    AND pid <> pg_backend_pid()";
    while database.run(held) == "0" {
        tokio::time::sleep(PAUSE).await;
    }
    let busy = open(&database.url, "new", later()).err();
    assert!(
        matches!(&busy, Some(OpenError::Busy(sentence)) if sentence.contains("pg_stat_activity")),
        "{busy:?}"
    );
    say(&old, &old, "meanwhile").await;
    holding.join().unwrap();
    let new = open(&database.url, "new", later()).unwrap();
    say(&old, &new, "afterwards").await;
}
