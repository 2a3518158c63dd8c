-- Groups that everybody finds in a list, and what people tell of themselves.

-- A group that is listed is open as well.
ALTER TABLE groups ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;

ALTER TABLE users ADD COLUMN bio TEXT NOT NULL DEFAULT '';

-- A JPEG for each user who has one.
CREATE TABLE pictures (
    user TEXT PRIMARY KEY REFERENCES users (id),
    jpeg BLOB NOT NULL
) STRICT;
