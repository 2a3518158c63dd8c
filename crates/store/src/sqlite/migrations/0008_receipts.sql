-- How far a log has come to everyone, for all to see: to a device of theirs, and read. These marks only move on, for as
-- long as the seat is there.

ALTER TABLE members ADD COLUMN delivered_mark INTEGER NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN seen_mark INTEGER NOT NULL DEFAULT 0;
ALTER TABLE directs ADD COLUMN delivered_mark INTEGER NOT NULL DEFAULT 0;
ALTER TABLE directs ADD COLUMN seen_mark INTEGER NOT NULL DEFAULT 0;
-- What somebody had read before this was read, and so delivered.
UPDATE members SET delivered_mark = read_mark, seen_mark = read_mark;
UPDATE directs SET delivered_mark = read_mark, seen_mark = read_mark;
