-- The first schema that is supported: number 10. Every later change is a step of its own in `migrate.rs`.
-- The application is always 1 until there are others.

-- "Hubb": other programs and `file` see from it that the database is ours.
PRAGMA application_id = 0x48756262;

-- One row: which database this is.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch BLOB NOT NULL,
    -- The identity that the file hubbub.life has, too, and a count by which it notices an older state.
    life TEXT NOT NULL,
    mark INTEGER NOT NULL,
    -- The version that made it and the time, if it is a backup.
    backup_version TEXT,
    backup_at INTEGER
) STRICT;

-- The head of a log is a counter in a row, changed in the transaction that appends: numbers from a sequence
-- of the database could commit out of order.
CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL,
    topic TEXT NOT NULL,
    head INTEGER NOT NULL,
    -- The time of the newest entry.
    at INTEGER NOT NULL,
    UNIQUE (application, topic)
) STRICT;

-- In the order of insertion, with narrow indexes: clustering by log would spread every batch over the file.
-- The data is the last column: it may be long, and SQLite reads a row from its beginning.
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL REFERENCES logs (id),
    seq INTEGER NOT NULL,
    application INTEGER NOT NULL,
    sender TEXT NOT NULL,
    send_id TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    at INTEGER NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0,
    -- The place of an earlier entry of the same log that this one answers or changes.
    about INTEGER,
    -- 1 if others have it as unread until they read it.
    counts INTEGER NOT NULL DEFAULT 0,
    -- 1 if the page of a conversation shows it as a row of its own: messages and notices, but no changes of messages.
    is_row INTEGER NOT NULL DEFAULT 0,
    data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX entries_by_seq ON entries (log, seq);
CREATE UNIQUE INDEX entries_by_send_id ON entries (application, sender, send_id);
CREATE INDEX entries_by_about ON entries (log, about, seq) WHERE about IS NOT NULL;
CREATE INDEX entries_pinned ON entries (log, seq) WHERE pinned;
-- The page of a conversation reads it, and so does the count of what is unread, without the entries themselves.
CREATE INDEX entries_rows ON entries (log, seq, counts, sender) WHERE is_row;

-- The users that an entry mentions; an empty user is every member.
CREATE TABLE mentions (
    log INTEGER NOT NULL REFERENCES logs (id),
    user TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (log, user, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_by_entry ON mentions (log, seq);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    application INTEGER NOT NULL,
    name TEXT NOT NULL,
    since INTEGER NOT NULL,
    bio TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- Every end of a user's name, without case, so that people are found by any part of it.
CREATE TABLE user_names (
    application INTEGER NOT NULL,
    has_account INTEGER NOT NULL,
    part TEXT NOT NULL,
    user TEXT NOT NULL,
    PRIMARY KEY (application, has_account, part, user)
) STRICT, WITHOUT ROWID;

-- A JPEG for each user who has a picture.
CREATE TABLE pictures (
    user TEXT PRIMARY KEY REFERENCES users (id),
    jpeg BLOB NOT NULL
) STRICT;

-- Users who sign in by a password, on as many devices as they like.
CREATE TABLE accounts (
    user TEXT PRIMARY KEY REFERENCES users (id),
    application INTEGER NOT NULL,
    -- The user's name as lists are sorted by it.
    sort TEXT NOT NULL,
    -- A PHC string: the parameters of the hash, the salt and the hash.
    password TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'guest'))
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_by_name ON accounts (application, sort, user);

-- The names that accounts sign in with: skeletons (UTS 39) without case, which look-alikes have in common.
CREATE TABLE logins (
    application INTEGER NOT NULL,
    key TEXT NOT NULL,
    user TEXT NOT NULL REFERENCES accounts (user),
    PRIMARY KEY (application, key)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX accounts_owner ON accounts (application) WHERE role = 'owner';

-- Devices that have signed in to an account: guesses elsewhere do not lock them out.
CREATE TABLE devices (
    user TEXT NOT NULL REFERENCES accounts (user),
    token_hash BLOB NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (user, token_hash)
) STRICT, WITHOUT ROWID;

-- Attempts to sign in, and others that are limited within a window. The key is a hash of what is counted.
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_by_key ON attempts (key, at);
CREATE INDEX attempts_by_time ON attempts (at);

-- Users who may never do anything: the sweep looks at them once they were not here for some days.
CREATE TABLE newcomers (
    user TEXT PRIMARY KEY REFERENCES users (id),
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX newcomers_by_time ON newcomers (since);

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (id),
    -- The browser, as it names itself.
    label TEXT NOT NULL DEFAULT '',
    since INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    -- Counts the sessions of a user: the newest has the highest number.
    number INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user, number);

-- Links by which a user sets a new password.
CREATE TABLE resets (
    token_hash BLOB PRIMARY KEY,
    user TEXT NOT NULL REFERENCES accounts (user),
    -- The admin who made the link; null for the operator.
    offered_by TEXT,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX resets_by_user ON resets (user);
CREATE INDEX resets_by_admin ON resets (offered_by);

CREATE TABLE groups (
    id TEXT PRIMARY KEY,
    application INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- The name as lists are sorted by it.
    sort TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    member_limit INTEGER NOT NULL,
    door TEXT NOT NULL DEFAULT 'open' CHECK (door IN ('open', 'invite')),
    -- A group that is listed is open as well.
    listed INTEGER NOT NULL DEFAULT 0,
    announcing INTEGER NOT NULL DEFAULT 0,
    slow_s INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    -- How many members it has.
    members INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX groups_by_name ON groups (application, sort, id);
CREATE INDEX groups_listed ON groups (application, sort, id) WHERE listed AND NOT archived;

-- Every end of a group's name, as in user_names; `listed` is 1 if anybody finds the group.
CREATE TABLE group_names (
    application INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    part TEXT NOT NULL,
    "group" TEXT NOT NULL,
    PRIMARY KEY (application, listed, part, "group")
) STRICT, WITHOUT ROWID;

-- `id` grows with every join: it is the order of members in a group, and of groups for a user.
CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    "group" TEXT NOT NULL REFERENCES groups (id),
    user TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    since INTEGER NOT NULL,
    -- The user who added the member; null if they joined.
    given_by TEXT,
    muted_until INTEGER,
    -- The time of a member's last message, where slow mode watches.
    spoke_at INTEGER,
    -- Unread begins after this place; it may be set back.
    read_mark INTEGER NOT NULL DEFAULT 0,
    -- Seen by others; these two only move on.
    delivered_mark INTEGER NOT NULL DEFAULT 0,
    seen_mark INTEGER NOT NULL DEFAULT 0,
    notify TEXT NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'nothing')),
    hidden INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX members_by_group ON members ("group", user);
CREATE INDEX members_by_user ON members (user);
-- In the order in which they joined, which is that of `id`.
CREATE INDEX members_in_order ON members ("group");

CREATE TABLE bans (
    id INTEGER PRIMARY KEY,
    "group" TEXT NOT NULL REFERENCES groups (id),
    user TEXT NOT NULL REFERENCES users (id),
    UNIQUE ("group", user)
) STRICT;
CREATE INDEX bans_by_user ON bans (user);

CREATE TABLE invites (
    id INTEGER PRIMARY KEY,
    "group" TEXT NOT NULL REFERENCES groups (id),
    secret TEXT NOT NULL,
    by TEXT NOT NULL REFERENCES users (id),
    until INTEGER,
    -- The number of people who may still use it; null for any number.
    uses INTEGER,
    UNIQUE ("group", secret)
) STRICT;
CREATE INDEX invites_by_maker ON invites (by);

-- A direct in which something was said: one row for each of its two people.
CREATE TABLE directs (
    user TEXT NOT NULL REFERENCES users (id),
    other TEXT NOT NULL REFERENCES users (id),
    read_mark INTEGER NOT NULL DEFAULT 0,
    delivered_mark INTEGER NOT NULL DEFAULT 0,
    seen_mark INTEGER NOT NULL DEFAULT 0,
    notify TEXT NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'nothing')),
    hidden INTEGER NOT NULL DEFAULT 0,
    -- The time of the newest entry.
    at INTEGER NOT NULL,
    PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;
CREATE INDEX directs_by_other ON directs (other);
CREATE INDEX directs_by_time ON directs (user, at, other);

CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (id),
    blocked TEXT NOT NULL REFERENCES users (id),
    UNIQUE (user, blocked)
) STRICT;
CREATE INDEX blocks_by_blocked ON blocks (blocked);
