-- What is kept in open topics, for the bounds on it. One row.
CREATE TABLE open_topics (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    topics INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
INSERT INTO open_topics (id, topics, bytes)
    SELECT 1, count(DISTINCT log), coalesce(sum(octet_length(data)), 0) FROM entries
    WHERE application = 1 AND sender = 'open';

-- By these the sweep finds what nobody can use any more.
CREATE INDEX resets_by_time ON resets (until);
CREATE INDEX invites_by_time ON invites (until) WHERE until IS NOT NULL;
CREATE INDEX invites_used_up ON invites (uses) WHERE uses = 0;
