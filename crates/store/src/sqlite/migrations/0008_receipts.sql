-- How far a log has come to everyone, for all to see: to a device of theirs, and read. These marks only move on.

ALTER TABLE members ADD COLUMN delivered_mark INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN seen_mark INTEGER NOT NULL DEFAULT 0;
ALTER TABLE directs ADD COLUMN delivered_mark INTEGER NOT NULL DEFAULT 0;
ALTER TABLE directs ADD COLUMN seen_mark INTEGER NOT NULL DEFAULT 0;
