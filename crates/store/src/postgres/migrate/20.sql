-- Outgoing webhooks: URLs to which the events of an application are posted. Their secrets are derived from the master
-- secret.
CREATE TABLE webhooks (
    application bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    -- Another one of the same name has another id.
    id text COLLATE "C" NOT NULL,
    url text COLLATE "C" NOT NULL,
    -- JSON lists of types of events, and of pairs of a name and a topic; empty for all.
    events text COLLATE "C" NOT NULL,
    conversations text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    key_version bigint NOT NULL,
    previous_key_until bigint,
    -- The position up to which its deliveries are planned.
    position bigint NOT NULL,
    failing_since bigint,
    created bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (application, name)
);
CREATE UNIQUE INDEX webhooks_by_id ON webhooks (application, id);
CREATE INDEX webhooks_by_state ON webhooks (state);

-- The last attempt of each delivery. The number of its job is its id.
CREATE TABLE deliveries (
    application bigint NOT NULL,
    webhook text COLLATE "C" NOT NULL,
    job bigint NOT NULL,
    -- The arguments of the job: ids and positions.
    arguments text COLLATE "C" NOT NULL,
    attempt bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    status bigint,
    millis bigint NOT NULL,
    -- The beginning of the answer; without one the code of the failure.
    answer text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (application, webhook, job)
);
CREATE INDEX deliveries_by_time ON deliveries (at);

-- True while another job of its lane is before it. Those are not looked at when a worker asks for work.
ALTER TABLE jobs ADD COLUMN waits boolean NOT NULL DEFAULT false;
UPDATE jobs SET waits = true
WHERE NOT is_dead AND id > (
    SELECT min(first.id) FROM jobs AS first
    WHERE first.application = jobs.application AND first.lane = jobs.lane AND NOT first.is_dead
);
DROP INDEX jobs_by_time;
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE NOT is_dead AND NOT waits AND kind <> 'deliver_webhook';
CREATE INDEX deliveries_due ON jobs (run_at, id) WHERE NOT is_dead AND NOT waits AND kind = 'deliver_webhook';
