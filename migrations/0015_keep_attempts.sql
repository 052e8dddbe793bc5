-- Attempts that did not end their run well, and the log lines of attempts: what a person asks of a run that went wrong. A run that is done
-- with its first attempt, as nearly all are, costs nothing here unless it logged something; neither does one that is put off. Rows go
-- with their run.
CREATE TABLE worker.attempts (
    run_id     bigint NOT NULL,
    claim      integer NOT NULL,
    attempt    smallint NOT NULL,
    owner      text,
    started_at timestamptz,
    ended_at   timestamptz NOT NULL DEFAULT now(),
    outcome    text NOT NULL CHECK (outcome IN ('done', 'failed', 'dead', 'cancelled', 'lost')),
    error      text,
    PRIMARY KEY (run_id, claim)
);
CREATE TABLE worker.run_lines (
    run_id  bigint NOT NULL,
    claim   integer NOT NULL,
    place   integer NOT NULL,
    at      timestamptz NOT NULL,
    level   text NOT NULL,
    message text NOT NULL,
    fields  jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (run_id, claim, place)
);
