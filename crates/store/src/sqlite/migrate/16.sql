-- The users whose right to read the log ends with the entry, apart by spaces; '*' for everyone, null for nobody. Other
-- nodes look for these entries alone if they are far behind.
ALTER TABLE entries ADD COLUMN ends TEXT;
CREATE INDEX entries_by_ends ON entries (log, seq) WHERE ends IS NOT NULL;

-- The oldest entry that the log has, or is going to have. Only the log of revocations loses its oldest entries.
ALTER TABLE logs ADD COLUMN begins INTEGER NOT NULL DEFAULT 1;

-- What the server itself has appended causes no jobs.
DROP INDEX entries_to_plan;
CREATE INDEX entries_to_plan ON entries (position)
    WHERE NOT is_row AND about IS NULL AND sender NOT IN ('open', 'server');
