//! Damage to the file of a store, as from a bad sector or a curious operator.

use std::path::Path;

use rusqlite::Connection;

/// Damage to the entry at Seq 4 of every log.
pub const LOG_DAMAGE: [&str; 12] = [
    "UPDATE entries SET data = 'no JSON' WHERE seq = 4",
    "UPDATE entries SET data = '5' WHERE seq = 4",
    "UPDATE entries SET data = '{\"type\":\"dance\"}' WHERE seq = 4",
    "UPDATE entries SET data = '{\"type\":\"message\"}' WHERE seq = 4",
    "UPDATE entries SET data = CAST(x'22ff22' AS TEXT) WHERE seq = 4",
    "UPDATE entries SET data = x'22ff22' WHERE seq = 4",
    "UPDATE entries SET data = NULL WHERE seq = 4",
    "UPDATE entries SET send_id = 'not an id' WHERE seq = 4",
    "UPDATE entries SET at = 'tea time' WHERE seq = 4",
    "UPDATE entries SET sender = 7, body_hash = 'short' WHERE seq = 4",
    "UPDATE entries SET seq = 'four' WHERE seq = 4",
    "DELETE FROM entries WHERE seq = 4",
];

/// Damage to Zoë, and to the group in which she is with Ann and 李雷.
pub const PEOPLE_DAMAGE: [&str; 16] = [
    "UPDATE users SET name = '' WHERE name = 'Zoë'",
    "UPDATE users SET name = NULL WHERE name = 'Zoë'",
    "UPDATE users SET name = CAST(x'5aff' AS TEXT) WHERE name = 'Zoë'",
    "UPDATE users SET bio = x'ff' WHERE name = 'Zoë'",
    "UPDATE users SET id = 'nobody' WHERE name = 'Zoë'",
    "DELETE FROM users WHERE name = 'Zoë'",
    "UPDATE members SET role = 'king' WHERE user = (SELECT id FROM users WHERE name = 'Zoë')",
    "UPDATE members SET since = NULL, delivered_mark = 'far' WHERE user = (SELECT id FROM users WHERE name = 'Zoë')",
    "UPDATE members SET user = 'nobody' WHERE user = (SELECT id FROM users WHERE name = 'Zoë')",
    "UPDATE accounts SET role = NULL WHERE user = (SELECT id FROM users WHERE name = 'Zoë')",
    "UPDATE accounts SET role = 'king', password = x'00' WHERE user = (SELECT id FROM users WHERE name = 'Zoë')",
    "UPDATE mentions SET user = 'nobody'",
    "UPDATE user_names SET user = x'00' WHERE user = (SELECT id FROM users WHERE name = 'Zoë')",
    "UPDATE groups SET description = char(1), name = ''",
    "UPDATE groups SET description = NULL, name = NULL, slow_s = 'slow'",
    "INSERT INTO sessions (token_hash, application, user, label, since, seen)
     SELECT x'00', 1, id, x'ff', 'yesterday', NULL FROM users WHERE name = 'Ann';
     INSERT INTO newcomers (application, user, since) VALUES (1, 'nobody', 0)",
];

/// Executes a statement on the file of a closed store, without the checks of the schema.
pub fn damage(folder: &Path, sql: &str) {
    let db = Connection::open(folder.join("hubbub.db")).unwrap();
    db.execute_batch(
        "PRAGMA foreign_keys = OFF;
         PRAGMA ignore_check_constraints = ON;
         PRAGMA writable_schema = ON;
         CREATE TEMP TABLE whole AS SELECT name, sql FROM main.sqlite_schema;
         UPDATE main.sqlite_schema SET sql = replace(replace(replace(sql, 'STRICT, WITHOUT', 'WITHOUT'),
             'STRICT', ''), ' NOT NULL', '') WHERE type = 'table';
         PRAGMA writable_schema = RESET;",
    )
    .unwrap();
    db.execute_batch(sql).unwrap();
    db.execute_batch(
        "PRAGMA writable_schema = ON;
         UPDATE main.sqlite_schema SET sql = (SELECT sql FROM whole WHERE whole.name = sqlite_schema.name);
         PRAGMA writable_schema = RESET;",
    )
    .unwrap();
    db.close().unwrap();
}
