-- Outgoing webhooks: URLs to which the events of an application are posted. Their secrets are derived from the master
-- secret.
CREATE TABLE webhooks (
    application INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- Another one of the same name has another id.
    id TEXT NOT NULL,
    url TEXT NOT NULL,
    -- JSON lists of types of events, and of pairs of a name and a topic; empty for all.
    events TEXT NOT NULL,
    conversations TEXT NOT NULL,
    state TEXT NOT NULL,
    key_version INTEGER NOT NULL,
    previous_key_until INTEGER,
    -- The position up to which its deliveries are planned.
    position INTEGER NOT NULL,
    failing_since INTEGER,
    created INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (application, name)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX webhooks_by_id ON webhooks (application, id);
CREATE INDEX webhooks_by_state ON webhooks (state);

-- The last attempt of each delivery. The number of its job is its id.
CREATE TABLE deliveries (
    application INTEGER NOT NULL,
    webhook TEXT NOT NULL,
    job INTEGER NOT NULL,
    -- The arguments of the job: ids and positions.
    arguments TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    status INTEGER,
    millis INTEGER NOT NULL,
    -- The beginning of the answer; without one the code of the failure.
    answer TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (application, webhook, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_by_time ON deliveries (at);

-- True while another job of its lane is before it. Those are not looked at when a worker asks for work.
ALTER TABLE jobs ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET waits = true
WHERE NOT is_dead AND id > (
    SELECT min(first.id) FROM jobs AS first
    WHERE first.application = jobs.application AND first.lane = jobs.lane AND NOT first.is_dead
);
DROP INDEX jobs_by_time;
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE NOT is_dead AND NOT waits AND kind <> 'deliver_webhook';
CREATE INDEX deliveries_due ON jobs (run_at, id) WHERE NOT is_dead AND NOT waits AND kind = 'deliver_webhook';
