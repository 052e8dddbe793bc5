-- Everything of the worker's own lives in the schema "worker"; "public" belongs to the web application's contract.
CREATE SCHEMA IF NOT EXISTS worker;

CREATE TABLE worker.runs (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task          text NOT NULL,
    args          jsonb NOT NULL DEFAULT '{}',
    queue         text NOT NULL,
    priority      smallint NOT NULL DEFAULT 0,
    key           text CHECK (length(key) BETWEEN 1 AND 500),
    state         text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'dead', 'cancelled')),
    run_at        timestamptz NOT NULL DEFAULT now(),
    attempt       smallint NOT NULL DEFAULT 0,
    max_attempts  smallint NOT NULL DEFAULT 5 CHECK (max_attempts >= 1),
    timeout_ms    bigint NOT NULL DEFAULT 300000 CHECK (timeout_ms > 0),
    trigger       text NOT NULL,
    schedule      text,
    scheduled_for timestamptz,
    owner         text,
    -- Counts every claim and never goes back (a snoozed attempt does): with the owner it fences out a holder that lost its lease.
    claim         integer NOT NULL DEFAULT 0,
    lease_until   timestamptz,
    cancel_wanted boolean NOT NULL DEFAULT false,
    progress_done  bigint NOT NULL DEFAULT 0,
    progress_total bigint NOT NULL DEFAULT 0,
    report        jsonb,
    error         text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    finished_at   timestamptz,
    CHECK ((state = 'running') = (owner IS NOT NULL)),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL))
);
CREATE UNIQUE INDEX runs_key ON worker.runs (key) WHERE key IS NOT NULL;
CREATE INDEX runs_due ON worker.runs (queue, priority DESC, run_at, id) WHERE state IN ('queued', 'failed');
CREATE INDEX runs_open_task ON worker.runs (task) WHERE state IN ('queued', 'failed', 'running');
CREATE INDEX runs_leases ON worker.runs (lease_until) WHERE state = 'running';
CREATE INDEX runs_schedule ON worker.runs (schedule, id) WHERE schedule IS NOT NULL;
CREATE INDEX runs_finished ON worker.runs (finished_at) WHERE state IN ('done', 'dead', 'cancelled');
-- Every run is updated twice or more: vacuum by rows, not by a share of a table that only grows.
ALTER TABLE worker.runs SET (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2000
);

-- A tick is inserted in one statement with its run: the primary key makes it happen once across replicas.
CREATE TABLE worker.ticks (
    schedule      text NOT NULL,
    scheduled_for timestamptz NOT NULL,
    outcome       text NOT NULL DEFAULT 'fired' CHECK (outcome IN ('fired', 'skipped')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (schedule, scheduled_for)
);

-- What a person paused: a queue, a schedule or a source.
CREATE TABLE worker.pauses (
    kind      text NOT NULL CHECK (kind IN ('queue', 'schedule', 'source')),
    name      text NOT NULL,
    paused_at timestamptz NOT NULL DEFAULT now(),
    paused_by text,
    PRIMARY KEY (kind, name)
);

-- The tasks that the program knows, with their defaults. The program writes it when a worker starts; worker.enqueue() reads it.
CREATE TABLE worker.tasks (
    name         text PRIMARY KEY,
    queue        text NOT NULL,
    max_attempts smallint NOT NULL CHECK (max_attempts >= 1),
    timeout_ms   bigint NOT NULL CHECK (timeout_ms > 0),
    seen_at      timestamptz NOT NULL DEFAULT now()
);

-- Messages from Redis that could not become a run, with the reason.
CREATE TABLE worker.rejected_messages (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue       text NOT NULL,
    message_id  text NOT NULL,
    payload     bytea NOT NULL,
    reason      text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (queue, message_id)
);

-- Wants a run of a task, inside the caller's own transaction: the run exists if and only if that transaction commits. A key that was
-- used before returns the first run. Queue and limits are the task's own unless given.
--   SELECT worker.enqueue('scrape', '{"source": "greenhouse", "board": "example"}', key => 'signup-42');
-- The role of a caller needs only: GRANT USAGE ON SCHEMA worker, GRANT EXECUTE ON FUNCTION worker.enqueue.
CREATE FUNCTION worker.enqueue(
    task text, args jsonb DEFAULT '{}', key text DEFAULT NULL, queue text DEFAULT NULL, priority integer DEFAULT 0,
    run_at timestamptz DEFAULT now()
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    known worker.tasks;
    id bigint;
BEGIN
    SELECT * INTO known FROM worker.tasks t WHERE t.name = enqueue.task;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'unknown task "%", expected one of %', enqueue.task,
            coalesce((SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM worker.tasks t), 'none: no worker has started yet')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF enqueue.queue IS NOT NULL AND enqueue.queue NOT IN ('scrape', 'match', 'notify', 'maintenance') THEN
        RAISE EXCEPTION 'unknown queue "%", expected scrape, match, notify or maintenance', enqueue.queue
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF jsonb_typeof(coalesce(enqueue.args, '{}')) <> 'object' THEN
        RAISE EXCEPTION 'arguments of task "%": expected a JSON object, got %', enqueue.task, jsonb_typeof(enqueue.args)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    LOOP
        INSERT INTO worker.runs (task, args, queue, priority, key, run_at, max_attempts, timeout_ms, trigger)
        VALUES (enqueue.task, coalesce(enqueue.args, '{}'), coalesce(enqueue.queue, known.queue), coalesce(enqueue.priority, 0)::smallint,
                enqueue.key, coalesce(enqueue.run_at, now()), known.max_attempts, known.timeout_ms, 'sql')
        ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING
        RETURNING runs.id INTO id;
        EXIT WHEN FOUND;
        -- Not found here means that the first run was deleted in between: insert again.
        SELECT r.id INTO id FROM worker.runs r WHERE r.key = enqueue.key;
        EXIT WHEN FOUND;
    END LOOP;
    RETURN id;
END
$$;
REVOKE ALL ON FUNCTION worker.enqueue FROM PUBLIC;
