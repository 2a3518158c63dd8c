-- What is between two people, whom a message mentions, and what everyone wants to be told of.

-- How each of the two sees a direct in which something was said: one row for each of them.
CREATE TABLE directs (
    user TEXT NOT NULL REFERENCES users (id),
    other TEXT NOT NULL REFERENCES users (id),
    read_mark INTEGER NOT NULL DEFAULT 0,
    notify TEXT NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'nothing')),
    hidden INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    user TEXT NOT NULL REFERENCES users (id),
    blocked TEXT NOT NULL REFERENCES users (id),
    UNIQUE (user, blocked)
) STRICT;

ALTER TABLE members ADD COLUMN notify TEXT NOT NULL DEFAULT 'all' CHECK (notify IN ('all', 'mentions', 'nothing'));
ALTER TABLE members ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;

-- Whom an entry mentions; an empty user is every member.
CREATE TABLE mentions (
    log INTEGER NOT NULL REFERENCES logs (id),
    user TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (log, user, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_by_entry ON mentions (log, seq);
