-- Who wants a run by SQL says what it follows from, if he wants to: SET LOCAL career.traceparent = '00-...' (W3C Trace Context).
CREATE OR REPLACE FUNCTION worker.enqueue(
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
        INSERT INTO worker.runs (task, args, queue, priority, key, run_at, max_attempts, timeout_ms, trigger, traceparent)
        VALUES (enqueue.task, coalesce(enqueue.args, '{}'), coalesce(enqueue.queue, known.queue), coalesce(enqueue.priority, 0)::smallint,
                enqueue.key, coalesce(enqueue.run_at, now()), known.max_attempts, known.timeout_ms, 'sql',
                left(nullif(current_setting('career.traceparent', true), ''), 100))
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
