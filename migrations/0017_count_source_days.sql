-- What each source brought on each day (UTC): the history behind worker.source_health, which knows the last listing only.
CREATE TABLE worker.source_days (
    source   text NOT NULL,
    day      date NOT NULL,
    listings bigint NOT NULL DEFAULT 0,
    failures bigint NOT NULL DEFAULT 0,
    seen     bigint NOT NULL DEFAULT 0,
    new      bigint NOT NULL DEFAULT 0,
    changed  bigint NOT NULL DEFAULT 0,
    gone     bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (source, day)
) WITH (fillfactor = 70);
