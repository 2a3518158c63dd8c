-- How far everyone has read, and what counts as unread.

ALTER TABLE members ADD COLUMN read_mark INTEGER NOT NULL DEFAULT 0;
-- Whoever was there before this had no marks: nothing is unread for them.
UPDATE members SET read_mark = coalesce((SELECT head FROM logs WHERE topic = 'group/' || members."group"), 0);

ALTER TABLE entries ADD COLUMN counts INTEGER NOT NULL DEFAULT 0;
CREATE INDEX entries_counted ON entries (log, seq, sender) WHERE counts;
