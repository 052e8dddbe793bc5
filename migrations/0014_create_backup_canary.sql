-- A row a minute while WAL is archived: after a restore to a moment, the newest row is the last one before it, or the restore is wrong.
CREATE TABLE worker.backup_canary (
    minute     timestamptz PRIMARY KEY,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
