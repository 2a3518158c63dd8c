//! Applications in one database: no row of one is seen or changed by another.

use std::collections::BTreeSet;
use std::path::Path;

use chat::names::Login;
use chat::store::{
    ApplicationWrite, Attempt, AttemptKey, AttemptOutcome, AttemptWrite, BodyHash, Checked, Commit,
    CreateAccount, Draft, Fact, FirstRole, GroupChange, JobKind, LogOutcome, LogWrite, Mentions, NewJob,
    NewSession, OpenTopicBounds, Outcome, PasswordHash, Range, RemoveData, Sender, Sweep, Swept, TypedWrite,
    UserWrite,
};
use chat::{OsRandom, Store, TokenHash};
use rusqlite::Connection;
use store::SqliteStore;
use wire::{
    ApplicationId, Description, GroupId, GroupName, JoinPolicy, Json, Member, Person, PersonName, Refusal,
    Role, SendId, Seq, Settings, Timestamp, Topic, UserId,
};

/// The tables without a column `application`: the one row about the database, and rows that hang on a log.
const WITHOUT: [&str; 3] = ["meta", "mentions", "relay"];

/// Keys and indexes that do not begin with it: a token is unique everywhere, and a log belongs to one application.
const OTHER_KEYS: &[&str] = &[
    "sessions: token_hash",
    "resets: token_hash",
    "tokens: token_hash",
    "tokens_by_expiry: expires",
    "tokens_by_revocation: revoked",
    "allowed_origins_by_origin: origin",
    "sqlite_autoindex_applications_1: public_id",
    "deliveries_by_time: at",
    "deliveries_due: run_at",
    "entries_by_seq: log",
    "entries_by_about: log",
    "entries_by_ends: log",
    "entries_pinned: log",
    "entries_rows: log",
    "entries_to_plan: position",
    "hooks_by_token: token_hash",
    "jobs_by_lease: lease",
    "jobs_dead: run_at",
    "jobs_due: run_at",
    "logs_trimmed: trimmed_at",
    "webhooks_by_state: state",
];

const ONE: ApplicationId = ApplicationId(1);
const OTHER: ApplicationId = ApplicationId(2);

#[test]
fn every_table_has_the_application_and_its_keys_begin_with_it() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path(), &OsRandom).unwrap());
    let db = Connection::open(folder.path().join("hubbub.db")).unwrap();
    let names = |sql: &str, of: &str| -> Vec<String> {
        let mut select = db.prepare(sql).unwrap();
        select.query_map([of], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let tables = names("SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite_%'", "table");
    assert!(tables.len() > 20, "{tables:?}");
    let mut others = BTreeSet::new();
    for table in tables.iter().filter(|table| !WITHOUT.contains(&table.as_str())) {
        let has = "SELECT name FROM pragma_table_info(?) WHERE name = 'application' AND \"notnull\" + pk > 0";
        assert_eq!(names(has, table), ["application"], "{table}");
        // A key that is one number is that of the row, and a key of nothing else.
        let key = names(
            "SELECT name FROM pragma_table_info(?1) AS columns WHERE pk = 1 AND NOT (
                 type = 'INTEGER' AND (SELECT count(*) FROM pragma_table_info(?1) WHERE pk) = 1)",
            table,
        );
        others.extend(key.into_iter().map(|column| format!("{table}: {column}")));
        for index in names("SELECT name FROM pragma_index_list(?) WHERE origin <> 'pk'", table) {
            let first = names("SELECT name FROM pragma_index_info(?) WHERE seqno = 0", &index);
            others.extend(first.into_iter().map(|column| format!("{index}: {column}")));
        }
        for column in names("SELECT \"from\" FROM pragma_foreign_key_list(?) WHERE seq = 0", table) {
            assert!(
                column == "application" || column == "log",
                "a foreign key of {table} begins with {column}"
            );
        }
    }
    others.retain(|key| !key.ends_with(": application"));
    assert_eq!(others.into_iter().collect::<Vec<_>>(), sorted(OTHER_KEYS));
}

#[tokio::test]
async fn the_same_people_groups_and_topics_of_two_applications_are_different_ones() {
    let folder = tempfile::tempdir().unwrap();
    let before = open(folder.path());
    for (application, name, words) in [(ONE, "Ann", ["one", "two"]), (OTHER, "李雷", ["三", "四"])] {
        let token = TokenHash([u8::try_from(application.0).unwrap(); 32]);
        commit(&before, application, guest(name, token)).await;
        commit(&before, application, account("one pot of oolong")).await;
        commit(&before, application, found(name)).await;
        for words in words {
            let posted = commit(&before, application, post(&Topic::group(group()), words)).await;
            assert!(matches!(posted, LogOutcome::Posted { .. }), "{posted:?}");
        }
    }
    before.close().await.unwrap();

    let store = open(folder.path());
    for (application, name, words) in [(ONE, "Ann", ["one", "two"]), (OTHER, "李雷", ["三", "四"])] {
        let token = TokenHash([u8::try_from(application.0).unwrap(); 32]);
        let session = store.session(token).await.unwrap().unwrap();
        assert_eq!((session.application, session.person.name.as_str()), (application, name));
        let reader = store.reader(application);
        let all = Range { limit: 9, ..Range::default() };
        let page = reader.page(&Topic::group(group()), all).await.unwrap();
        assert_eq!(page.head, Seq(2));
        let said: Vec<Json> = page.entries.into_iter().map(|entry| entry.data).collect();
        assert_eq!(said, words.map(|words| Json::of(&words)));
        let roster = reader.roster(group()).await.unwrap().unwrap();
        assert_eq!(roster.settings.name.as_str(), name);
        assert_eq!(roster.members.len(), 1);
        assert_eq!(reader.sessions(user()).await.unwrap().len(), 1);
        assert!(reader.has_owner().await.unwrap());
    }
    let nobody = store.reader(ApplicationId(3));
    assert_eq!(nobody.person(user()).await.unwrap(), None);
    assert!(!nobody.has_accounts().await.unwrap());

    let gone = GroupChange {
        group: group(),
        version: store.reader(OTHER).roster(group()).await.unwrap().map(|roster| roster.version),
        facts: vec![Fact::Deleted],
        news: vec![],
    };
    commit(&store, OTHER, gone).await;
    assert_eq!(store.reader(OTHER).roster(group()).await.unwrap(), None);
    assert_eq!(store.reader(ONE).roster(group()).await.unwrap().unwrap().head, Seq(2));
    store.close().await.unwrap();
}

#[tokio::test]
async fn each_application_fills_its_own_open_topics() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = OpenTopicBounds { topics: 1, bytes: 9 };
    let publish = |topic: &str, words: &str| LogWrite::Publish {
        draft: post(&Topic::new(topic).unwrap(), words),
        bounds,
    };
    let store = open(folder.path());
    for application in [ONE, OTHER] {
        assert_eq!(
            commit(&store, application, publish("news", "1")).await,
            LogOutcome::Posted { seq: Seq(1) }
        );
        let second = commit(&store, application, publish("orders", "2")).await;
        assert_eq!(second, LogOutcome::Refused(Refusal::TooManyOpenTopics { max: 1 }));
    }
    assert_eq!(commit(&store, OTHER, publish("news", "3")).await, LogOutcome::Posted { seq: Seq(2) });
    store.close().await.unwrap();
    let store = open(folder.path());
    let both = [ONE, OTHER].map(|application| Commit { application, write: publish("news", "long").into() });
    let outcomes = store.commit(both.into(), wire::Seq(u64::MAX)).await.unwrap().outcomes;
    let full = LogOutcome::Refused(Refusal::OpenTopicsFull { max: 9 });
    let expected = [LogOutcome::Posted { seq: Seq(2) }, full].map(Outcome::Log);
    assert_eq!(outcomes, expected, "the other has less room left");
}

#[tokio::test]
async fn a_sweep_removes_only_what_is_of_its_application() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let attempt = Attempt { key: AttemptKey([1; 16]), max: 1, window_ms: 100 };
    let take = || AttemptWrite::Take { attempts: vec![attempt], at: Timestamp(1) };
    for application in [ONE, OTHER] {
        let token = TokenHash([u8::try_from(application.0).unwrap(); 32]);
        commit(&store, application, guest("Ann", token)).await;
        assert_eq!(commit(&store, application, take()).await, AttemptOutcome::Done);
    }
    let sweep = Sweep {
        guests_before: Timestamp(50),
        guests: 9,
        attempts_before: Timestamp(50),
        links_before: Timestamp(50),
        ..Sweep::default()
    };
    assert_eq!(commit(&store, OTHER, sweep).await, Swept { guests: vec![user()] });
    assert!(store.reader(ONE).person(user()).await.unwrap().is_some());
    assert!(store.reader(OTHER).person(user()).await.unwrap().is_none());
    assert!(store.session(TokenHash([1; 32])).await.unwrap().is_some());
    assert!(store.session(TokenHash([2; 32])).await.unwrap().is_none());
    assert!(matches!(commit(&store, ONE, take()).await, AttemptOutcome::Exhausted { .. }));
    assert_eq!(commit(&store, OTHER, take()).await, AttemptOutcome::Done);
}

#[tokio::test]
async fn no_table_keeps_a_row_of_a_deleted_application() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let newest = std::fs::read_dir(fixtures).unwrap().map(|file| file.unwrap().path()).max().unwrap();
    store::restore(folder.path(), &newest, true, &OsRandom).unwrap();
    drop(open(folder.path()));
    // Everything of the built-in application becomes that of another one.
    let db = Connection::open(folder.path().join("hubbub.db")).unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let tables = tables(&db);
    for table in tables.iter().filter(|table| !["applications", "tokens"].contains(&table.as_str())) {
        db.execute(&format!("UPDATE {table} SET application = 2 WHERE application = 1"), []).unwrap();
    }
    let pictures =
        "INSERT INTO pictures (application, user, jpeg) SELECT application, id, x'00' FROM users LIMIT 1";
    db.execute(pictures, []).unwrap();
    let rows = |db: &Connection, table: &str| -> i64 {
        let count = format!("SELECT count(*) FROM {table} WHERE application = 2");
        db.query_row(&count, [], |row| row.get(0)).unwrap()
    };
    let filled: Vec<&String> = tables.iter().filter(|table| rows(&db, table) > 0).collect();
    // The fixture leaves only these without rows.
    let empty: Vec<&String> = tables.iter().filter(|table| rows(&db, table) == 0).collect();
    assert_eq!(empty, ["broadcast_refusals", "group_numbers", "recipients", "restricted"], "{filled:?}");
    let restricted = "INSERT INTO restricted (application, log, seq, sender, send_id, at, data)
                      SELECT application, id, 1, 'system', '1', 0, '{}' FROM logs WHERE application = 2 LIMIT 1";
    let recipient = "INSERT INTO recipients
                         (application, log, seq, user, copy_seq, is_author, is_row, counts, mentions)
                     SELECT application, log, seq, 'zoë', 1, 1, 1, 0, 0 FROM restricted";
    for insert in [restricted, recipient] {
        assert_eq!(db.execute(insert, []).unwrap(), 1);
    }
    db.execute("INSERT INTO group_numbers (application, last) VALUES (2, 7)", []).unwrap();
    let refusal = "INSERT INTO broadcast_refusals (application, user, seq, target, code, number)
                   SELECT application, id, 1, 1, 'blocked', 0 FROM users LIMIT 1";
    db.execute(refusal, []).unwrap();
    drop(db);

    let store = open(folder.path());
    let job = NewJob {
        application: ApplicationId::SERVER,
        kind: JobKind::RemoveApplication,
        lane: "remove".into(),
        key: None,
        arguments: Json::of(&2),
        run_at: Timestamp(i64::MAX / 2),
    };
    let delete = ApplicationWrite::Delete { at: Timestamp(9), job };
    assert_eq!(commit(&store, OTHER, delete).await, Checked::Done);
    while !commit(&store, OTHER, RemoveData { limit: 5 }).await.all {}
    commit(&store, OTHER, ApplicationWrite::Forget).await;
    store.close().await.unwrap();
    let db = Connection::open(folder.path().join("hubbub.db")).unwrap();
    for table in tables {
        assert_eq!(rows(&db, &table), 0, "{table}");
    }
    let left: i64 = db.query_row("SELECT count(*) FROM mentions", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    let orphans: i64 =
        db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(orphans, 0);
}

/// Returns the tables whose rows belong to an application.
fn tables(db: &Connection) -> Vec<String> {
    let mut select = db
        .prepare(
            "SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
             AND EXISTS (SELECT 1 FROM pragma_table_info(t.name) AS c WHERE c.name = 'application') ORDER BY name",
        )
        .unwrap();
    select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, &OsRandom).unwrap()
}

async fn commit<W: TypedWrite>(store: &SqliteStore, application: ApplicationId, write: W) -> W::Outcome {
    let commits = vec![Commit { application, write: write.into() }];
    let outcome = store.commit(commits, wire::Seq(u64::MAX)).await.unwrap().outcomes.remove(0);
    W::outcome(outcome).unwrap()
}

fn user() -> UserId {
    UserId::from_bytes([7; 10])
}

fn group() -> GroupId {
    GroupId::from_bytes([8; 10])
}

fn person(name: &str) -> Person {
    Person { id: user(), name: PersonName::new(name).unwrap() }
}

fn guest(name: &str, token: TokenHash) -> UserWrite {
    let session = NewSession { token, label: String::new(), at: Timestamp(1) };
    UserWrite::CreateGuest { person: person(name), session }
}

fn account(password: &str) -> CreateAccount {
    CreateAccount {
        user: user(),
        login: Login::new("ann").unwrap(),
        password: PasswordHash(password.into()),
        rank: FirstRole::FirstIsOwner,
    }
}

fn found(name: &str) -> GroupChange {
    let settings = Settings {
        name: GroupName::new(name).unwrap(),
        description: Description::default(),
        limit: 9,
        join_policy: JoinPolicy::Listed,
        announcing: false,
        slow_s: 0,
        archived: false,
    };
    let ann = Member::new(person(name), Role::Admin, Timestamp(1));
    let facts = vec![Fact::Created { settings, at: Timestamp(1) }, Fact::MemberAdded(ann)];
    GroupChange { group: group(), version: None, facts, news: vec![] }
}

fn post(topic: &Topic, words: &str) -> Draft {
    let id: String = words.bytes().map(|byte| format!("{byte:x}")).collect();
    Draft {
        topic: topic.clone(),
        sender: Sender::Open,
        id: SendId::new(&id).unwrap(),
        body: BodyHash([1; 16]),
        data: Json::of(&words),
        at: Timestamp(1),
        right: None,
        about: None,
        counts: false,
        is_row: false,
        mentions: Mentions::default(),
        ends: chat::store::Ends::Nobody,
    }
}

fn sorted(keys: &[&str]) -> Vec<String> {
    let keys: BTreeSet<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    keys.into_iter().collect()
}
