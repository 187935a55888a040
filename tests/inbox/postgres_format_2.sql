-- The tables of version 2, as that version has created them, and events in each state. `@` stands
-- for the schema.
CREATE TABLE @format(version bigint NOT NULL);
INSERT INTO @format VALUES (2);

CREATE TABLE @event(
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key bytea NOT NULL,
    content bytea,
    id_event bytea NOT NULL,
    type bytea NOT NULL,
    received bigint NOT NULL,
    data bytea
);
CREATE UNIQUE INDEX event_key ON @event(key);
CREATE UNIQUE INDEX event_content ON @event(content) WHERE content IS NOT NULL;

CREATE TABLE @due(
    seq bigint PRIMARY KEY,
    due bigint NOT NULL,
    attempts integer NOT NULL,
    fence bigint
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX due_by_time ON @due(due, seq);

CREATE TABLE @dead(
    seq bigint PRIMARY KEY,
    at bigint NOT NULL,
    attempts integer NOT NULL,
    is_parked boolean NOT NULL,
    reason bytea NOT NULL
);

CREATE TABLE @done(
    seq bigint PRIMARY KEY,
    at bigint NOT NULL,
    attempts integer NOT NULL,
    is_pruned boolean NOT NULL
);
CREATE INDEX done_by_time ON @done(is_pruned, at);

CREATE TABLE @probe(written bigint NOT NULL);
INSERT INTO @probe VALUES (0);

CREATE INDEX dead_by_kind ON @dead(is_parked, (seq + 0));
CREATE INDEX due_leased ON @due(due, seq) WHERE fence IS NOT NULL;
CREATE INDEX event_by_type ON @event(substr(type, 1, 64), (seq + 0));

-- 1 is leased, 2 is done, 3 is parked, and the others are dead.
INSERT INTO @event(key, content, id_event, type, received, data)
    SELECT sha256(n::text::bytea) || decode(md5(n::text), 'hex'), sha256(n::text::bytea), n::text::bytea,
        CASE WHEN n % 3 = 0 THEN 'crm.deal.created' ELSE 'crm.contact.created' END::bytea,
        1000000::bigint * n, '{}'::bytea
    FROM generate_series(1, 2503) AS n;
INSERT INTO @due VALUES (1, 0, 2, 7);
INSERT INTO @done VALUES (2, 0, 1, false);
INSERT INTO @dead VALUES (3, 0, 0, true, 'unhandled');
INSERT INTO @dead
    SELECT seq, 0, 16, false, ('customer ' || seq || ' is missing')::bytea FROM @event WHERE seq > 3;
