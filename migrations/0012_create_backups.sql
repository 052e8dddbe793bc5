-- Backups as this database knows them. The truth is in the place where they are kept: a backup is one when its manifest is there.
CREATE TABLE worker.backups (
    id             text PRIMARY KEY,
    engine         text NOT NULL CHECK (engine IN ('logical', 'pitr')),
    -- running; unverified, verified, failed: a backup that no restore test has seen, has passed, has not passed; broken: it never became a
    -- backup; expired: deleted by policy.
    state          text NOT NULL CHECK (state IN ('running', 'unverified', 'verified', 'failed', 'broken', 'expired')),
    place          text NOT NULL,
    started_at     timestamptz NOT NULL DEFAULT now(),
    finished_at    timestamptz,
    bytes          bigint,
    plain_bytes    bigint,
    seconds        double precision,
    -- An upload that a killed process left can be given up by it.
    upload_id      text,
    error          text,
    verified_at    timestamptz,
    -- How long the restore test took: what a restore would take.
    verify_seconds double precision,
    expired_at     timestamptz
);
CREATE INDEX backups_started ON worker.backups (started_at DESC);

-- What this installation is at. Quarantined after a restore: missed ticks are not caught up and nobody is told anything, until a person has
-- looked (career-worker backup acknowledge).
CREATE TABLE worker.daemon_state (
    one             boolean PRIMARY KEY DEFAULT true CHECK (one),
    mode            text NOT NULL DEFAULT 'normal' CHECK (mode IN ('normal', 'quarantined')),
    reason          text,
    since           timestamptz NOT NULL DEFAULT now(),
    -- Where this database was at the last start: cluster and database. Elsewhere it is a copy.
    home            text,
    acknowledged_by text,
    acknowledged_at timestamptz
);
INSERT INTO worker.daemon_state DEFAULT VALUES;
