    -- What arrived. `key` begins with the 32 bytes of its content. `data` is NULL once it is pruned.
    CREATE TABLE event(
        seq INTEGER PRIMARY KEY,
        key BLOB NOT NULL,
        id_event TEXT NOT NULL,
        type TEXT NOT NULL,
        received INTEGER NOT NULL,
        data TEXT
    ) STRICT;
    CREATE UNIQUE INDEX event_key ON event(key);

    -- What is to run, and when: times are in microseconds since 1970. With a fence it is leased until then.
    CREATE TABLE due(
        seq INTEGER PRIMARY KEY,
        due INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        fence INTEGER
    ) STRICT;
    CREATE INDEX due_by_time ON due(due);

    -- What does not run, and why.
    CREATE TABLE dead(
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        is_parked INTEGER NOT NULL,
        reason TEXT NOT NULL
    ) STRICT;

    -- What has run.
    CREATE TABLE done(
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        is_pruned INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX done_by_time ON done(is_pruned, at);

    -- Written to find out whether the file can be.
    CREATE TABLE probe(written INTEGER NOT NULL) STRICT;
    INSERT INTO probe VALUES (0);
