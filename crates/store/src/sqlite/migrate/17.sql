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
UPDATE logs SET bytes = kept.bytes, newest_position = kept.newest
    FROM (SELECT log, sum(octet_length(data)) AS bytes, max(position) AS newest FROM entries GROUP BY log) AS kept
    WHERE kept.log = logs.id;
CREATE INDEX logs_trimmed ON logs (trimmed_at) WHERE trimmed_at IS NOT NULL;
-- The head of the log when the member joined. That of earlier members is not known: they begin with the log.
ALTER TABLE members ADD COLUMN joined_seq INTEGER NOT NULL DEFAULT 0;
