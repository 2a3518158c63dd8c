-- Which admin made a link for a new password; none for the operator. Of those that are open nobody knows, and they are
-- over within a day.
ALTER TABLE resets ADD COLUMN offered_by TEXT;
