-- What was said can be changed, answered and pinned.

-- Counts the changes of an entry.
ALTER TABLE entries ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
-- The place of an earlier entry of the same log that this one answers or changes.
ALTER TABLE entries ADD COLUMN about INTEGER;

CREATE INDEX entries_by_about ON entries (log, about) WHERE about IS NOT NULL;
CREATE INDEX entries_pinned ON entries (log, seq) WHERE pinned;
