-- Grows whenever an entry that is there counts differently from now on, or mentions others: what was counted before is
-- counted again.
ALTER TABLE logs ADD COLUMN recounts INTEGER NOT NULL DEFAULT 0;
