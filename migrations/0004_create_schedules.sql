-- How far the ticks of each schedule have been seen to. A changed expression starts at the time of the change.
CREATE TABLE worker.schedules (
    name       text PRIMARY KEY,
    spec       text NOT NULL,
    watermark  timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ticks_created ON worker.ticks (created_at);
