-- What admins set of a group, and whom they let in.

ALTER TABLE groups ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE groups ADD COLUMN door TEXT NOT NULL DEFAULT 'open' CHECK (door IN ('open', 'invite'));
ALTER TABLE groups ADD COLUMN announcing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN slow_s INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;

ALTER TABLE members ADD COLUMN muted_until INTEGER;
-- When a member spoke last, where slow mode watches.
ALTER TABLE members ADD COLUMN spoke_at INTEGER;

CREATE TABLE bans (
    id INTEGER PRIMARY KEY,
    "group" TEXT NOT NULL REFERENCES groups (id),
    user TEXT NOT NULL REFERENCES users (id),
    UNIQUE ("group", user)
) STRICT;

CREATE TABLE invites (
    id INTEGER PRIMARY KEY,
    "group" TEXT NOT NULL REFERENCES groups (id),
    secret TEXT NOT NULL,
    by TEXT NOT NULL REFERENCES users (id),
    until INTEGER,
    -- How many more people may use it; null for any number.
    uses INTEGER,
    UNIQUE ("group", secret)
) STRICT;
