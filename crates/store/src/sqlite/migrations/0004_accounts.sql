-- Users who sign in by a password, on as many devices as they like.

CREATE TABLE accounts (
    user TEXT PRIMARY KEY REFERENCES users (id),
    application INTEGER NOT NULL,
    -- The name without case.
    login TEXT NOT NULL,
    -- How it was hashed, the salt and the hash.
    password TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'guest')),
    UNIQUE (application, login)
) STRICT, WITHOUT ROWID;

-- What the browser said it was.
ALTER TABLE sessions ADD COLUMN label TEXT NOT NULL DEFAULT '';
-- Counts the sessions of a user: which one began last.
ALTER TABLE sessions ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sessions_by_user ON sessions (user, number);
