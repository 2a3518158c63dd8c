//! Checks of query plans: every statement on SQLite, without full scans of tables that grow.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::migrate;

/// Files whose statements read everything on purpose: they verify or copy a whole database for the operator.
const WHOLE: [&str; 6] = ["blob_names.rs", "verify.rs", "backup.rs", "restore.rs", "plans.rs", "tests.rs"];

/// The folder of the statements of `search.db`. Its one table that grows is a full-text index, and each request names
/// conversations by terms with the application in them.
const OTHER_DATABASE: &str = "search";

/// The prefix of statements that only tests of this folder have.
const TESTED: &str = "INSERT INTO t ";

/// The placeholders in statements, and their possible values.
const STANDS_FOR: [(&str, &[&str]); 6] = [
    ("{COLUMNS}", &["id, owner, name"]),
    ("{order}", &["ASC", "DESC"]),
    ("{marks}", &["read_mark = ?1"]),
    ("{table}", &["members", "directs", "bans", "invites", "hooks", "group_keys"]),
    ("{queue}", &["kind = 'deliver_webhook'", "kind <> 'deliver_webhook'"]),
    ("{}", &["\"group\"", "other"]),
];

/// Things that may be scanned: those with one row, and parts of the same statement that are bounded themselves.
const MAY_SCAN: [&str; 10] = [
    "meta",
    "relay",
    "sqlite_schema",
    "sqlite_master",
    "CONSTANT",
    "2-ROW VALUES",
    "near",
    "counted",
    "mentioned",
    "(subquery",
];

/// Statements that read everything of one group or user, and no more, because all of it is deleted or needed.
const WHOLE_OF_ONE: [&str; 26] = [
    // A deleted group.
    "DELETE FROM mentions WHERE log = (",
    "DELETE FROM entries WHERE log = (",
    "DELETE FROM {table} WHERE application = ? AND \"group\" = ?",
    // The foreign key check, which stops at the first reference.
    "DELETE FROM logs",
    "INSERT INTO logs",
    // A roster, for decisions: as large as the group.
    "WHERE members.application = ? AND members.\"group\" = ? ORDER BY members.id",
    "FROM bans JOIN users",
    "FROM invites JOIN users",
    // The people somebody has blocked.
    "FROM blocks JOIN users",
    // The sessions and devices of a user, of which there are few.
    "FROM sessions",
    "FROM devices",
    // Jobs that wait for a worker, of which there are few unless something is broken; and those that a process which
    // Jobs that wait for a worker, of which there are few unless something is broken; those that a process which ended
    // had leased; and all of them, once when a node starts.
    "FROM jobs GROUP BY kind",
    "WHERE lease IS NOT NULL",
    "UPDATE jobs SET run_at = ? WHERE NOT is_dead AND run_at > ?",
    "WHERE waits AND NOT is_dead",
    // There is one owner.
    "AND role = 'owner'",
    // The API tokens of an application, of which there are few.
    "FROM tokens WHERE application = ?",
    "UPDATE tokens SET revoked",
    // The webhooks of an application, and those of all.
    "FROM webhooks WHERE application = ?",
    "SELECT application, id FROM webhooks",
    // The origins that an application lists, of which there are few.
    "DELETE FROM allowed_origins WHERE application",
    // A slice of the data of an application that was deleted.
    "WHERE application = ?1 LIMIT ?2",
    // The volume of an application, for its owner.
    "SELECT count(*) FROM users WHERE application = ?",
    "SELECT count(*) FROM groups WHERE application = ?",
    "CAST(coalesce(sum(bytes), 0) AS INTEGER)",
    // The first account that there is.
    "SELECT 1 FROM accounts WHERE application = ? LIMIT 1",
];

/// The keys that belong to one application by themselves, those of a log, of a row that was found before, and of a
/// token; and an origin, which several applications may list.
const KEYS: [&str; 5] = ["(log=?", "(rowid=?", "(token_hash=?", "(public_id=?", "(origin=?"];

/// Statements about something else than one application: about a log that was found before, or the whole database.
const NO_APPLICATION: [&str; 6] = [
    "WHERE log = ?",
    "INTO mentions",
    "UPDATE logs SET head = ?, at = ?",
    "UPDATE logs SET bytes = max(",
    "meta",
    "sqlite_schema",
];

/// Statements of the relay, the worker and the indexer, which serve all applications, the list of applications, the
/// search for one that lists an origin, and the sweep of API tokens.
const OF_ALL: [&str; 16] = [
    "jobs",
    "relay",
    "INDEXED BY entries_to_plan",
    // The horizon.
    "SELECT 1 FROM entries WHERE position >= ?",
    // The indexer.
    "WHERE entries.position > ? AND entries.position <= ? ORDER BY entries.position LIMIT ?",
    "WHERE trimmed_at > ? AND trimmed_at < ? ORDER BY trimmed_at LIMIT ?",
    // The planner of webhooks.
    "FROM webhooks JOIN applications",
    "SELECT DISTINCT application FROM webhooks",
    "SELECT application, id FROM webhooks",
    "SELECT position, at FROM entries WHERE position >= ?",
    "SELECT coalesce(max(position), 0) FROM entries",
    // The sweep of deliveries.
    "DELETE FROM deliveries WHERE at < ?",
    "FROM applications WHERE application > ?",
    "FROM allowed_origins WHERE origin = ?",
    "DELETE FROM tokens WHERE expires",
    "DELETE FROM tokens WHERE revoked",
];

#[test]
fn no_statement_reads_a_whole_table_that_grows() {
    let db = database();
    let statements = statements_of_both();
    assert!(statements.len() > 60, "only {} statements were found", statements.len());
    for (placeholder, _) in STANDS_FOR {
        let used = statements.iter().any(|statement| statement.contains(placeholder));
        assert!(used, "no statement has {placeholder} any more");
    }
    let mut wrong = Vec::new();
    for statement in statements.iter().filter(|statement| !statement.starts_with(TESTED)) {
        let variants = variants(statement);
        let plans: Vec<_> = variants.iter().filter_map(|sql| Some((sql, plan(&db, sql)?))).collect();
        if plans.is_empty() {
            wrong.push(format!("it cannot be prepared; add what its {{…}} stand for: {statement}"));
        }
        if WHOLE_OF_ONE.iter().any(|part| statement.contains(part)) {
            continue;
        }
        for (sql, steps) in plans {
            let refused = steps.iter().filter(|step| is_refused(sql, step));
            wrong.extend(refused.map(|step| format!("{step}: {sql}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_statement_is_about_one_application() {
    let db = database();
    let statements = statements_of_both();
    let mut wrong = Vec::new();
    for statement in statements.iter().filter(|statement| !statement.starts_with(TESTED)) {
        for sql in variants(statement) {
            let steps = plan(&db, &sql).unwrap_or_default();
            wrong.extend(foreign(&sql, &steps).map(|reason| format!("{reason}: {sql}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for sql in [
        "DELETE FROM blocks WHERE id = ?",
        "UPDATE sessions SET label = ? WHERE token_hash = ?",
        "SELECT max(head) FROM logs WHERE application > ?",
        "SELECT 1 FROM accounts AS mine JOIN users ON users.id = mine.user WHERE mine.application = ?",
    ] {
        let steps = plan(&db, sql).unwrap();
        assert!(foreign(sql, &steps).is_some(), "{sql}: {steps:?}");
    }
}

#[test]
fn a_statement_that_reads_everything_is_refused() {
    let db = database();
    for sql in [
        "SELECT name FROM users WHERE name LIKE '%a%'",
        "SELECT count(*) FROM entries",
        "SELECT data FROM entries WHERE log = ? AND sender = ?",
        "SELECT data FROM entries WHERE log = ? ORDER BY at",
        "SELECT id FROM users ORDER BY name LIMIT 5",
        "SELECT name FROM users WHERE application = ? AND since > ? LIMIT 5",
    ] {
        let steps = plan(&db, sql).unwrap();
        assert!(steps.iter().any(|step| is_refused(sql, step)), "{sql}: {steps:?}");
    }
}

/// Makes a database with the schema, in which plans do not depend on values, as on a server.
fn database() -> Connection {
    let mut db = Connection::open_in_memory().unwrap();
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
    migrate::migrate(&mut db).unwrap();
    db
}

/// Returns true if a step of a plan takes longer the more data there is in all.
fn is_refused(sql: &str, step: &str) -> bool {
    if let Some(scanned) = step.strip_prefix("SCAN ") {
        return !MAY_SCAN.iter().any(|name| scanned.starts_with(name));
    }
    // A bound on what is found is none on what is read, if any row of the application is read.
    let is_bounded = sql.contains("LIMIT") && !step.ends_with(" (application=?)");
    if step.starts_with("USE TEMP B-TREE FOR ORDER BY") {
        return true;
    }
    // A whole log, or everything of the application.
    let of_all = [
        " (log=?)",
        " (application=?)",
        " (application=? AND has_account=?)",
        " (application=? AND listed=?)",
    ];
    let is_pins = step.contains("entries_pinned");
    step.starts_with("SEARCH ") && of_all.iter().any(|terms| step.ends_with(terms)) && !is_bounded && !is_pins
}

/// Returns the reason if a statement could concern rows of other applications.
fn foreign(sql: &str, steps: &[String]) -> Option<String> {
    if OF_ALL.iter().any(|part| sql.contains(part)) {
        return None;
    }
    if !sql.contains("application") && !NO_APPLICATION.iter().any(|part| sql.contains(part)) {
        return Some("it names no application".into());
    }
    let is_foreign = |step: &&String| {
        let of_one = step.contains("(application=?") || KEYS.iter().any(|key| step.contains(key));
        step.starts_with("SEARCH ") && !of_one && !sql.contains("FROM meta")
            || step.starts_with("SCAN ") && is_refused(sql, step)
    };
    steps.iter().find(is_foreign).cloned()
}

/// Returns the steps of a statement's plan; none if it cannot be prepared.
fn plan(db: &Connection, sql: &str) -> Option<Vec<String>> {
    let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).ok()?;
    let steps = explain.raw_query().mapped(|row| row.get::<_, String>(3)).collect::<Result<_, _>>();
    Some(steps.unwrap())
}

/// Returns a statement with all values of its placeholders.
fn variants(statement: &str) -> Vec<String> {
    let mut variants = vec![statement.to_owned()];
    for (placeholder, values) in STANDS_FOR {
        if statement.contains(placeholder) {
            let with =
                |sql: &String| values.iter().map(|value| sql.replace(placeholder, value)).collect::<Vec<_>>();
            variants = variants.iter().flat_map(with).collect();
        }
    }
    variants
}

/// Returns every statement on the store's own file.
fn statements_of_both() -> BTreeSet<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    ["sqlite", "tables"].into_iter().flat_map(|folder| statements(&sources.join(folder))).collect()
}

/// Returns every string in the sources of a folder that is a statement.
fn statements(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name == OTHER_DATABASE {
            continue;
        }
        if path.is_dir() {
            found.extend(statements(&path));
        } else if name.ends_with(".rs") && !WHOLE.contains(&name.as_str()) {
            let texts = texts(&std::fs::read_to_string(&path).unwrap());
            let begins = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
            found.extend(texts.into_iter().filter(|text| begins.iter().any(|word| text.starts_with(word))));
        }
    }
    found
}

/// Returns the string literals of a source.
fn texts(source: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => while chars.next().is_some_and(|c| c != '\n') {},
            // A character literal; a lifetime has no second apostrophe.
            '\'' => {
                let mut ahead = chars.clone();
                let escaped = ahead.next() == Some('\\');
                if escaped {
                    ahead.next();
                }
                if ahead.next() == Some('\'') {
                    chars = ahead;
                }
            }
            '"' => {
                let mut text = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    match c {
                        '\\' => match chars.next() {
                            Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                            Some(c) => text.push(c),
                            None => {}
                        },
                        c => text.push(c),
                    }
                }
                texts.push(text);
            }
            _ => {}
        }
    }
    texts
}
