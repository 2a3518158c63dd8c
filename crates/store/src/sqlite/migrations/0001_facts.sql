-- Every fact, from the first version on. The application is always 1 until there are others.

CREATE TABLE meta (
    epoch BLOB NOT NULL
) STRICT;

-- The head of a log is a counter in a row, changed in the transaction that appends: numbers from a sequence
-- of the database could commit out of order.
CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL,
    topic TEXT NOT NULL,
    head INTEGER NOT NULL,
    UNIQUE (application, topic)
) STRICT;

-- In the order of insertion, with narrow indexes: clustering by log would spread every batch over the file.
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL REFERENCES logs (id),
    seq INTEGER NOT NULL,
    application INTEGER NOT NULL,
    sender TEXT NOT NULL,
    send_id TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX entries_by_seq ON entries (log, seq);
CREATE UNIQUE INDEX entries_by_send_id ON entries (application, sender, send_id);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    application INTEGER NOT NULL,
    name TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (id),
    since INTEGER NOT NULL,
    seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE groups (
    id TEXT PRIMARY KEY,
    application INTEGER NOT NULL,
    name TEXT NOT NULL,
    member_limit INTEGER NOT NULL,
    version INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `id` grows with every join: it is the order of seats in a group, and of groups for a user.
CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    "group" TEXT NOT NULL REFERENCES groups (id),
    user TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX members_by_group ON members ("group", user);
CREATE INDEX members_by_user ON members (user);
