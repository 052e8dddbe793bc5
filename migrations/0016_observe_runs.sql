-- Where a run comes from: the W3C traceparent of what wanted it, handed on to the postings and matches that come of it.
ALTER TABLE worker.runs ADD COLUMN traceparent text CHECK (length(traceparent) = 55);
ALTER TABLE worker.outbox ADD COLUMN traceparent text CHECK (length(traceparent) = 55);
ALTER TABLE worker.fresh_matches ADD COLUMN traceparent text CHECK (length(traceparent) = 55);

-- What is counted when metrics are read must not need a look at every run: the oldest open run of a task, the last
-- good one of a schedule, and the dead ones.
DROP INDEX worker.runs_open_task;
CREATE INDEX runs_open_task ON worker.runs (task, run_at) WHERE state IN ('queued', 'failed', 'running');
CREATE INDEX runs_succeeded ON worker.runs (schedule, finished_at) WHERE state = 'done' AND schedule IS NOT NULL;
CREATE INDEX runs_dead ON worker.runs (task) WHERE state = 'dead';
