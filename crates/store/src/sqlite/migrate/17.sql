-- The master secret of the server that made a backup. It is null in every database that is no backup.
ALTER TABLE meta ADD COLUMN backup_secret BLOB;

-- Retention and the inbox: the size of each log (bytes of data of its entries), the position of its newest entry, and
-- that of the newest entry that was trimmed.
ALTER TABLE logs ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE logs ADD COLUMN newest_position INTEGER NOT NULL DEFAULT 0;
ALTER TABLE logs ADD COLUMN trimmed_position INTEGER NOT NULL DEFAULT 0;
-- The position of the last trim itself, by which the search index learns of it; null if there was none.
ALTER TABLE logs ADD COLUMN trimmed_at INTEGER;
-- A JSON object with the retention of this log, if it has one of its own.
ALTER TABLE logs ADD COLUMN retention TEXT;
-- A table that is strict takes no change of a row in which another column is damaged, so all of them are set.
UPDATE logs SET bytes = kept.bytes, newest_position = kept.newest,
        head = iif(typeof(head) = 'integer', head, kept.last), at = iif(typeof(at) = 'integer', at, 0),
        recounts = iif(typeof(recounts) = 'integer', recounts, 0),
        begins = iif(typeof(begins) = 'integer', begins, kept.first)
    FROM (SELECT log, coalesce(sum(octet_length(data)), 0) AS bytes, max(position) AS newest,
                 coalesce(min(seq) FILTER (WHERE typeof(seq) = 'integer'), 1) AS first,
                 coalesce(max(seq) FILTER (WHERE typeof(seq) = 'integer'), 0) AS last
          FROM entries GROUP BY log) AS kept
    WHERE kept.log = logs.id;
CREATE INDEX logs_trimmed ON logs (trimmed_at) WHERE trimmed_at IS NOT NULL;
-- The head of the log when the member joined. That of earlier members is not known: they begin with the log.
ALTER TABLE members ADD COLUMN joined_seq INTEGER NOT NULL DEFAULT 0;

-- The kind of a user: a person, the system user of an application, which signs what the application itself does, or a
-- deleted user, who stays as the author of messages.
ALTER TABLE users ADD COLUMN kind TEXT NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'system', 'deleted'));
-- A user token counts if it was issued then or later: none of a deleted user does.
ALTER TABLE users ADD COLUMN tokens_valid_from INTEGER NOT NULL DEFAULT 0;
-- Until now a deleted user was known by their name.
UPDATE users SET kind = 'deleted', tokens_valid_from = 9223372036854775807
    WHERE name = 'Deleted user'
    AND NOT EXISTS (SELECT 1 FROM user_keys
                    WHERE user_keys.application = users.application AND user_keys.user = users.id)
    AND NOT EXISTS (SELECT 1 FROM accounts
                    WHERE accounts.application = users.application AND accounts.user = users.id)
    AND NOT EXISTS (SELECT 1 FROM sessions
                    WHERE sessions.application = users.application AND sessions.user = users.id);
INSERT INTO users (application, id, name, since, kind)
    SELECT application, public_id, coalesce(trim(substr(CAST(title AS TEXT), 1, 40)), 'Application'),
           coalesce(CAST(since AS INTEGER), 0), 'system'
    FROM applications
    WHERE deleted IS NULL;

-- The greatest number that is, or was, a key of one of an application's groups: the next group without a key gets the
-- one after it.
CREATE TABLE group_numbers (
    application INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;
INSERT INTO group_numbers (application, last)
    SELECT application, max(CAST(key AS INTEGER)) FROM group_keys
    WHERE length(key) < 19 AND key NOT GLOB '*[^0-9]*' GROUP BY application;

-- Members of a group in parts, the first one first, even after the one with whom a part ended has left.
CREATE INDEX members_by_time ON members (application, "group", since, user);

-- User tokens. The signing keys are derived from the master secret; only the version of the newest is stored, and the time
-- until which the one before it still counts. A token counts if it was issued at `tokens_valid_from` of the
-- application or later.
ALTER TABLE applications ADD COLUMN key_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE applications ADD COLUMN previous_key_until INTEGER;
ALTER TABLE applications ADD COLUMN tokens_valid_from INTEGER NOT NULL DEFAULT 0;
-- Sessions that began by a link of an application have the rights of a user token, and end as one does.
ALTER TABLE sessions ADD COLUMN is_linked INTEGER NOT NULL DEFAULT 0;
-- Links of an application that sign a user in, once.
CREATE TABLE sign_in_links (
    application INTEGER NOT NULL,
    token_hash BLOB NOT NULL,
    user TEXT NOT NULL,
    created INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (application, user, token_hash),
    FOREIGN KEY (application, user) REFERENCES users (application, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sign_in_links_by_token ON sign_in_links (application, token_hash);
CREATE INDEX sign_in_links_by_time ON sign_in_links (application, until);
-- The keys of users who were deleted, as long as a token issued before may count: the next user of such a key does not
-- inherit it.
CREATE TABLE ended_user_keys (
    application INTEGER NOT NULL,
    key TEXT NOT NULL,
    tokens_valid_from INTEGER NOT NULL,
    PRIMARY KEY (application, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_user_keys_by_time ON ended_user_keys (application, tokens_valid_from);

-- The origins whose pages may use an application, as its settings list them, so that they are found without reading all
-- settings.
CREATE TABLE allowed_origins (
    application INTEGER NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (application, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX allowed_origins_by_origin ON allowed_origins (origin);
INSERT OR IGNORE INTO allowed_origins (application, origin)
    SELECT applications.application, listed.value
    FROM applications, json_each(iif(json_valid(applications.config), applications.config, '{}'), '$.allowed_origins') AS listed
    WHERE applications.deleted IS NULL AND listed.type = 'text';

-- Messages for some members of a group, and changes of them: the content, apart from the log, which has a placeholder
-- at the same place.
CREATE TABLE restricted (
    application INTEGER NOT NULL,
    log INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    sender TEXT NOT NULL,
    send_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- The place of an earlier entry of the same log that this one answers or changes.
    about INTEGER,
    data TEXT NOT NULL,
    PRIMARY KEY (application, log, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX restricted_by_about ON restricted (application, log, about, seq) WHERE about IS NOT NULL;

-- Their readers, the author among them, and the place of the copy in each reader's own log.
CREATE TABLE recipients (
    application INTEGER NOT NULL,
    log INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    user TEXT NOT NULL,
    copy_seq INTEGER NOT NULL,
    is_author INTEGER NOT NULL,
    is_row INTEGER NOT NULL,
    -- 1 if the reader has it as unread until they read it, and 1 if it mentions them.
    counts INTEGER NOT NULL,
    mentions INTEGER NOT NULL,
    PRIMARY KEY (application, log, seq, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipients_by_copy ON recipients (application, user, copy_seq);
CREATE INDEX recipients_rows ON recipients (application, log, user, seq) WHERE is_row;
CREATE INDEX recipients_unread ON recipients (application, log, user, seq) WHERE counts;
CREATE INDEX recipients_mentions ON recipients (application, log, user, seq) WHERE mentions;

-- The last entry of their own log that a device of the user has.
ALTER TABLE users ADD COLUMN delivered_mark INTEGER NOT NULL DEFAULT 0;
