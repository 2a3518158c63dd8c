-- Work after a commit: `lane` orders the jobs of an application, `key` makes one unique, `arguments` are ids and
-- positions. Numbers are never reused, so that a late result never ends another job.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    application INTEGER NOT NULL,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    key TEXT,
    arguments TEXT NOT NULL,
    run_at INTEGER NOT NULL,
    -- The number of attempts that have begun.
    attempts INTEGER NOT NULL DEFAULT 0,
    -- The worker that has leased it, until a time.
    lease BLOB,
    leased_until INTEGER,
    -- 1 if its last attempt failed.
    is_dead INTEGER NOT NULL DEFAULT 0,
    -- The cause of the last failure.
    error TEXT
) STRICT;
CREATE UNIQUE INDEX jobs_by_key ON jobs (application, kind, key) WHERE key IS NOT NULL AND NOT is_dead;
CREATE INDEX jobs_by_lane ON jobs (application, lane, id) WHERE NOT is_dead;
CREATE INDEX jobs_by_time ON jobs (run_at, id) WHERE NOT is_dead;
CREATE INDEX jobs_by_lease ON jobs (lease) WHERE lease IS NOT NULL;
CREATE INDEX jobs_dead ON jobs (run_at) WHERE is_dead;

-- The position up to which the entries have been planned. One row. What was committed so far causes no jobs.
CREATE TABLE relay (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL
) STRICT;
INSERT INTO relay (id, position) VALUES (
    1, max(coalesce((SELECT position FROM meta), 0), coalesce((SELECT max(position) FROM entries), 0))
);

-- The entries that may cause work, which the relay reads; messages are not among them.
CREATE INDEX entries_to_plan ON entries (position) WHERE NOT is_row AND about IS NULL AND sender <> 'open';

-- The refused targets of a broadcast, an entry of the sender's own log: the code of the refusal and its number.
CREATE TABLE broadcast_refusals (
    application INTEGER NOT NULL,
    user TEXT NOT NULL,
    seq INTEGER NOT NULL,
    target INTEGER NOT NULL,
    code TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (application, user, seq, target),
    FOREIGN KEY (application, user) REFERENCES users (application, id)
) STRICT, WITHOUT ROWID;

-- By these the sweep finds sessions that have expired.
CREATE INDEX sessions_by_seen ON sessions (application, seen);
CREATE INDEX sessions_by_beginning ON sessions (application, since);
