-- Incoming webhooks: URLs by which other programs post to a group. A token is unique in the whole installation: it
-- tells the application.
CREATE TABLE hooks (
    application INTEGER NOT NULL,
    "group" TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The author of what it posts: an id that no user has, and the name that others see.
    bot TEXT NOT NULL,
    display_name TEXT NOT NULL,
    -- The hash of the token in its URL.
    token_hash BLOB NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (application, "group", name),
    FOREIGN KEY (application, "group") REFERENCES groups (application, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX hooks_by_token ON hooks (token_hash);
