-- Files: the facts about what was uploaded. Their contents are blobs, outside of the database.
CREATE TABLE files (
    application INTEGER NOT NULL,
    id TEXT NOT NULL,
    -- The uploader: a user, or the author of what the application itself does.
    owner TEXT NOT NULL,
    -- The owner's own name for the upload, by which a retry finds it.
    upload_key TEXT,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    width INTEGER,
    height INTEGER,
    -- The names of the blobs: the content, and the small picture of a picture.
    blob TEXT NOT NULL,
    thumbnail TEXT,
    thumbnail_type TEXT,
    thumbnail_sha256 BLOB,
    -- The message that has it, or had it.
    topic TEXT,
    seq INTEGER,
    state TEXT NOT NULL CHECK (state IN ('uploaded', 'attached', 'detached', 'removing')),
    at INTEGER NOT NULL,
    -- The time at which the sweep found that its message is gone.
    detached_at INTEGER,
    PRIMARY KEY (application, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX files_by_key ON files (application, owner, upload_key) WHERE upload_key IS NOT NULL;
CREATE INDEX files_by_place ON files (application, topic, seq) WHERE topic IS NOT NULL;
CREATE INDEX files_by_state ON files (application, state, at) WHERE state <> 'attached';
CREATE INDEX files_by_detached ON files (application, state, detached_at) WHERE state = 'detached';
CREATE INDEX files_by_blob ON files (application, blob);
CREATE INDEX files_by_thumbnail ON files (application, thumbnail) WHERE thumbnail IS NOT NULL;

-- The number and size of the files of each owner; those of an empty owner are all of the application.
CREATE TABLE file_usage (
    application INTEGER NOT NULL,
    owner TEXT NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (application, owner)
) STRICT, WITHOUT ROWID;
