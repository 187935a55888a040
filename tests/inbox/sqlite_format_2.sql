    -- Events as they arrived. `key` begins with the 32 bytes of its content. `data` is NULL once it
    -- is pruned.
    CREATE TABLE event(
        seq INTEGER PRIMARY KEY,
        key BLOB NOT NULL,
        id_event TEXT NOT NULL,
        type TEXT NOT NULL,
        received INTEGER NOT NULL,
        data TEXT
    ) STRICT;
    CREATE UNIQUE INDEX event_key ON event(key);

    -- Events that are to run, and when. An event with a fence is leased until then. Times are in
    -- microseconds since 1970.
    CREATE TABLE due(
        seq INTEGER PRIMARY KEY,
        due INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        fence INTEGER
    ) STRICT;
    CREATE INDEX due_by_time ON due(due);

    -- Events that do not run, and why.
    CREATE TABLE dead(
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        is_parked INTEGER NOT NULL,
        reason TEXT NOT NULL
    ) STRICT;

    -- Events that are done.
    CREATE TABLE done(
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        is_pruned INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX done_by_time ON done(is_pruned, at);

    -- Written to find out whether the file is writable.
    CREATE TABLE probe(written INTEGER NOT NULL) STRICT;
    INSERT INTO probe VALUES (0);

    -- Lists and counts by state and type that read no more than they return. Each index ends with
    -- `seq`. Types come from outside and may be megabytes long, so an index holds only the
    -- beginning of a type. `prefix` is the beginning of the event's type.
    CREATE INDEX event_by_type ON event(substr(type, 1, 64));
    ALTER TABLE dead ADD COLUMN prefix TEXT;
    UPDATE dead SET prefix = (SELECT substr(type, 1, 64) FROM event WHERE event.seq = dead.seq);
    CREATE TRIGGER dead_prefix AFTER INSERT ON dead WHEN new.prefix IS NULL BEGIN
        UPDATE dead SET prefix = (SELECT substr(type, 1, 64) FROM event WHERE event.seq = new.seq)
        WHERE seq = new.seq;
    END;
    CREATE INDEX dead_by_state ON dead(is_parked);
    CREATE INDEX dead_by_type ON dead(is_parked, prefix);
    CREATE INDEX due_leased ON due(due) WHERE fence IS NOT NULL;

    -- 1 if `data` is NULL because another event of the same content holds it.
    ALTER TABLE event ADD COLUMN shares INTEGER;
    CREATE INDEX event_sharing ON event(key) WHERE shares = 1;

    -- The largest number of a forgotten event. No number is given twice.
    CREATE TABLE forgotten(seq INTEGER NOT NULL) STRICT;
    INSERT INTO forgotten VALUES (0);
