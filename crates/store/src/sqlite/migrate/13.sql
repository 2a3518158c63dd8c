-- Every row belongs to an application, and every key and index begins with it; all rows so far are those of
-- application 1. `entries` and `logs` have had it from the beginning, and `mentions` hangs on a log.
-- All tables that refer to each other are made anew here. Foreign keys are off during a step.

ALTER TABLE users RENAME TO old_users;
ALTER TABLE pictures RENAME TO old_pictures;
ALTER TABLE accounts RENAME TO old_accounts;
ALTER TABLE logins RENAME TO old_logins;
ALTER TABLE devices RENAME TO old_devices;
ALTER TABLE attempts RENAME TO old_attempts;
ALTER TABLE newcomers RENAME TO old_newcomers;
ALTER TABLE sessions RENAME TO old_sessions;
ALTER TABLE resets RENAME TO old_resets;
ALTER TABLE groups RENAME TO old_groups;
ALTER TABLE members RENAME TO old_members;
ALTER TABLE bans RENAME TO old_bans;
ALTER TABLE invites RENAME TO old_invites;
ALTER TABLE directs RENAME TO old_directs;
ALTER TABLE blocks RENAME TO old_blocks;
ALTER TABLE open_topics RENAME TO old_open_topics;

CREATE TABLE users (
    application INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    since INTEGER NOT NULL,
    bio TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (application, id)
) STRICT, WITHOUT ROWID;
INSERT INTO users (application, id, name, since, bio)
    SELECT 1, id, name, since, bio FROM old_users;

-- A JPEG for each user who has a picture.
CREATE TABLE pictures (
    application INTEGER NOT NULL,
    user TEXT NOT NULL,
    jpeg BLOB NOT NULL,
    PRIMARY KEY (application, user),
    FOREIGN KEY (application, user) REFERENCES users (application, id)
) STRICT;
INSERT INTO pictures (application, user, jpeg)
    SELECT 1, user, jpeg FROM old_pictures;

-- Users who sign in by a password, on as many devices as they like.
CREATE TABLE accounts (
    application INTEGER NOT NULL,
    user TEXT NOT NULL,
    -- The user's name as lists are sorted by it.
    sort TEXT NOT NULL,
    -- A PHC string: the parameters of the hash, the salt and the hash.
    password TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'guest')),
    PRIMARY KEY (application, user),
    FOREIGN KEY (application, user) REFERENCES users (application, id)
) STRICT, WITHOUT ROWID;
INSERT INTO accounts (application, user, sort, password, role)
    SELECT 1, user, sort, password, role FROM old_accounts;

-- The names that accounts sign in with: skeletons (UTS 39) without case, which look-alikes have in common.
CREATE TABLE logins (
    application INTEGER NOT NULL,
    key TEXT NOT NULL,
    user TEXT NOT NULL,
    PRIMARY KEY (application, key),
    FOREIGN KEY (application, user) REFERENCES accounts (application, user)
) STRICT, WITHOUT ROWID;
INSERT INTO logins (application, key, user)
    SELECT 1, key, user FROM old_logins;

-- Devices that have signed in to an account: guesses elsewhere do not lock them out.
CREATE TABLE devices (
    application INTEGER NOT NULL,
    user TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (application, user, token_hash),
    FOREIGN KEY (application, user) REFERENCES accounts (application, user)
) STRICT, WITHOUT ROWID;
INSERT INTO devices (application, user, token_hash, seen)
    SELECT 1, user, token_hash, seen FROM old_devices;

-- Attempts to sign in, and others that are limited within a window. The key is a hash of what is counted.
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL,
    key BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;
INSERT INTO attempts (id, application, key, at)
    SELECT id, 1, key, at FROM old_attempts;

-- Users who may never do anything: the sweep looks at them once they were not here for some days.
CREATE TABLE newcomers (
    application INTEGER NOT NULL,
    user TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (application, user),
    FOREIGN KEY (application, user) REFERENCES users (application, id)
) STRICT, WITHOUT ROWID;
INSERT INTO newcomers (application, user, since)
    SELECT 1, user, since FROM old_newcomers;

-- A token is unique in the whole installation: it tells the application.
CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    application INTEGER NOT NULL,
    user TEXT NOT NULL,
    -- The browser, as it names itself.
    label TEXT NOT NULL DEFAULT '',
    since INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    -- Counts the sessions of a user: the newest has the highest number.
    number INTEGER NOT NULL DEFAULT 0,
    FOREIGN KEY (application, user) REFERENCES users (application, id)
) STRICT, WITHOUT ROWID;
INSERT INTO sessions (token_hash, application, user, label, since, seen, number)
    SELECT token_hash, 1, user, label, since, seen, number FROM old_sessions;

-- Links by which a user sets a new password.
CREATE TABLE resets (
    token_hash BLOB PRIMARY KEY,
    application INTEGER NOT NULL,
    user TEXT NOT NULL,
    -- The admin who made the link; null for the operator.
    offered_by TEXT,
    until INTEGER NOT NULL,
    FOREIGN KEY (application, user) REFERENCES accounts (application, user)
) STRICT, WITHOUT ROWID;
INSERT INTO resets (token_hash, application, user, offered_by, until)
    SELECT token_hash, 1, user, offered_by, until FROM old_resets;

CREATE TABLE groups (
    application INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The name as lists are sorted by it.
    sort TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    member_limit INTEGER NOT NULL,
    join_policy TEXT NOT NULL DEFAULT 'open' CHECK (join_policy IN ('open', 'invite')),
    -- A group that is listed is open as well.
    listed INTEGER NOT NULL DEFAULT 0,
    announcing INTEGER NOT NULL DEFAULT 0,
    slow_s INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    -- The number of its members.
    members INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (application, id)
) STRICT, WITHOUT ROWID;
INSERT INTO groups (application, id, name, sort, description, member_limit, join_policy, listed, announcing, slow_s,
                    archived, members, version, since)
    SELECT 1, id, name, sort, description, member_limit, door, listed, announcing, slow_s,
           archived, members, version, since
    FROM old_groups;

-- `id` grows with every join: it is the order of members in a group, and of groups for a user.
CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL,
    "group" TEXT NOT NULL,
    user TEXT NOT NULL,
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
    hidden INTEGER NOT NULL DEFAULT 0,
    FOREIGN KEY (application, "group") REFERENCES groups (application, id),
    FOREIGN KEY (application, user) REFERENCES users (application, id)
) STRICT;
INSERT INTO members (id, application, "group", user, role, since, given_by, muted_until, spoke_at, read_mark,
                     delivered_mark, seen_mark, notify, hidden)
    SELECT id, 1, "group", user, role, since, given_by, muted_until, spoke_at, read_mark,
           delivered_mark, seen_mark, notify, hidden
    FROM old_members;

CREATE TABLE bans (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL,
    "group" TEXT NOT NULL,
    user TEXT NOT NULL,
    UNIQUE (application, "group", user),
    FOREIGN KEY (application, "group") REFERENCES groups (application, id),
    FOREIGN KEY (application, user) REFERENCES users (application, id)
) STRICT;
INSERT INTO bans (id, application, "group", user)
    SELECT id, 1, "group", user FROM old_bans;

CREATE TABLE invites (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL,
    "group" TEXT NOT NULL,
    secret TEXT NOT NULL,
    by TEXT NOT NULL,
    until INTEGER,
    -- The number of people who may still use it; null for any number.
    uses INTEGER,
    UNIQUE (application, "group", secret),
    FOREIGN KEY (application, "group") REFERENCES groups (application, id),
    FOREIGN KEY (application, by) REFERENCES users (application, id)
) STRICT;
INSERT INTO invites (id, application, "group", secret, by, until, uses)
    SELECT id, 1, "group", secret, by, until, uses FROM old_invites;

-- A direct in which something was said: one row for each of its two people, so that each of them is a `user`.
CREATE TABLE directs (
    application INTEGER NOT NULL,
    user TEXT NOT NULL,
    other TEXT NOT NULL,
    read_mark INTEGER NOT NULL DEFAULT 0,
    delivered_mark INTEGER NOT NULL DEFAULT 0,
    seen_mark INTEGER NOT NULL DEFAULT 0,
    notify TEXT NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'nothing')),
    hidden INTEGER NOT NULL DEFAULT 0,
    -- The time of the newest entry.
    at INTEGER NOT NULL,
    PRIMARY KEY (application, user, other),
    FOREIGN KEY (application, user) REFERENCES users (application, id)
) STRICT, WITHOUT ROWID;
INSERT INTO directs (application, user, other, read_mark, delivered_mark, seen_mark, notify, hidden, at)
    SELECT 1, user, other, read_mark, delivered_mark, seen_mark, notify, hidden, at FROM old_directs;

CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL,
    user TEXT NOT NULL,
    blocked TEXT NOT NULL,
    UNIQUE (application, user, blocked),
    FOREIGN KEY (application, user) REFERENCES users (application, id),
    FOREIGN KEY (application, blocked) REFERENCES users (application, id)
) STRICT;
INSERT INTO blocks (id, application, user, blocked)
    SELECT id, 1, user, blocked FROM old_blocks;

-- The number and size of the entries in the open topics of an application, for the bounds on them.
CREATE TABLE open_topics (
    application INTEGER PRIMARY KEY,
    topics INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
INSERT INTO open_topics (application, topics, bytes)
    SELECT 1, topics, bytes FROM old_open_topics;

-- Their indexes go with them.
DROP TABLE old_open_topics;
DROP TABLE old_blocks;
DROP TABLE old_directs;
DROP TABLE old_invites;
DROP TABLE old_bans;
DROP TABLE old_members;
DROP TABLE old_groups;
DROP TABLE old_resets;
DROP TABLE old_sessions;
DROP TABLE old_newcomers;
DROP TABLE old_attempts;
DROP TABLE old_devices;
DROP TABLE old_logins;
DROP TABLE old_accounts;
DROP TABLE old_pictures;
DROP TABLE old_users;

CREATE INDEX accounts_by_name ON accounts (application, sort, user);
CREATE UNIQUE INDEX accounts_owner ON accounts (application) WHERE role = 'owner';
CREATE INDEX attempts_by_key ON attempts (application, key, at);
CREATE INDEX attempts_by_time ON attempts (application, at);
CREATE INDEX newcomers_by_time ON newcomers (application, since);
CREATE INDEX sessions_by_user ON sessions (application, user, number);
CREATE INDEX resets_by_user ON resets (application, user);
CREATE INDEX resets_by_admin ON resets (application, offered_by);
CREATE INDEX groups_by_name ON groups (application, sort, id);
CREATE INDEX groups_listed ON groups (application, sort, id) WHERE listed AND NOT archived;
CREATE UNIQUE INDEX members_by_group ON members (application, "group", user);
CREATE INDEX members_by_user ON members (application, user);
-- In the order in which they joined, which is that of `id`.
CREATE INDEX members_in_order ON members (application, "group");
CREATE INDEX bans_by_user ON bans (application, user);
CREATE INDEX invites_by_maker ON invites (application, by);
CREATE INDEX directs_by_time ON directs (application, user, at, other);
CREATE INDEX blocks_by_blocked ON blocks (application, blocked);
-- By these the sweep finds what nobody can use any more.
CREATE INDEX resets_by_time ON resets (application, until);
CREATE INDEX invites_by_time ON invites (application, until) WHERE until IS NOT NULL;
CREATE INDEX invites_used_up ON invites (application, uses) WHERE uses = 0;

-- The position of an entry in the whole store. It is never used again, even if the newest entries are deleted:
-- `meta` has the greatest one at the last time that entries were deleted.
ALTER TABLE entries RENAME COLUMN id TO position;
ALTER TABLE meta ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
