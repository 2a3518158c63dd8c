-- The applications (tenants). Numbers are never reused, so that nothing of a deleted one meets a new one.
CREATE TABLE applications (
    application INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The name outside: 16 characters.
    public_id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    -- A JSON object with the settings.
    config TEXT NOT NULL DEFAULT '{}',
    version INTEGER NOT NULL DEFAULT 1,
    since INTEGER NOT NULL,
    -- The time of the deletion; its data goes after it, in slices.
    deleted INTEGER
) STRICT;
-- That of the built-in UI. The public id is no secret.
INSERT INTO applications (application, public_id, title, since)
    WITH RECURSIVE digits (number, digit) AS (
        SELECT 1, substr('0123456789abcdefghjkmnpqrstvwxyz', (random() & 31) + 1, 1)
        UNION ALL
        SELECT number + 1, substr('0123456789abcdefghjkmnpqrstvwxyz', (random() & 31) + 1, 1)
        FROM digits WHERE number < 16
    )
    SELECT 1, group_concat(digit, ''), 'Hubbub', 0 FROM digits;

-- API tokens: the hashes of secrets by which programs are authenticated. Those of the operator belong to application 0.
CREATE TABLE tokens (
    token_hash BLOB PRIMARY KEY,
    application INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('application', 'operator')),
    label TEXT NOT NULL DEFAULT '',
    created INTEGER NOT NULL,
    -- The first use on the day on which it was used last.
    used INTEGER,
    expires INTEGER,
    revoked INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_application ON tokens (application, created);
CREATE INDEX tokens_by_expiry ON tokens (expires) WHERE expires IS NOT NULL;
CREATE INDEX tokens_by_revocation ON tokens (revoked) WHERE revoked IS NOT NULL;

-- An application's own names for its users and groups. The version grows with every change by the application.
CREATE TABLE user_keys (
    application INTEGER NOT NULL,
    key TEXT NOT NULL,
    user TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (application, key),
    FOREIGN KEY (application, user) REFERENCES users (application, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX user_keys_by_user ON user_keys (application, user);
CREATE TABLE group_keys (
    application INTEGER NOT NULL,
    key TEXT NOT NULL,
    "group" TEXT NOT NULL,
    PRIMARY KEY (application, key),
    FOREIGN KEY (application, "group") REFERENCES groups (application, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX group_keys_by_group ON group_keys (application, "group");
