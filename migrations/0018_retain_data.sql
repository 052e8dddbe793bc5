-- Why nobody is shown a posting any more, or NULL while it is shown: its deadline passed `past_days` ago; every board that showed it was
-- read again, and had not shown it for `unseen_days`; it gave no sign of life for `silent_days`, whoever looked; it is older than
-- `old_days` (NULL: may be as old as it likes). A row of a user is nobody else's matter.
CREATE FUNCTION worker.why_over(job public.jobs, today date, past_days int, unseen_days int, silent_days int, old_days int)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN job.user_id IS NOT NULL OR NOT coalesce(job.is_active, true) THEN NULL
        WHEN job.application_deadline < today - past_days THEN 'deadline'
        WHEN shown.missed THEN 'unseen'
        WHEN greatest(shown.last_seen, job.scraped_at AT TIME ZONE 'UTC', job.created_at AT TIME ZONE 'UTC')
             < now() - make_interval(days => silent_days) THEN 'silent'
        WHEN coalesce(job.posted_date, job.created_at::date) < today - old_days THEN 'old'
    END
    FROM (
        SELECT max(s.last_seen) AS last_seen,
               bool_and(coalesce(h.last_success_at - s.last_seen >= make_interval(days => unseen_days), false)) AS missed
        FROM worker.sightings s LEFT JOIN worker.source_health h ON h.source = s.source AND h.board = s.board
        WHERE s.job_id = job.id AND s.gone_at IS NULL
    ) AS shown
$$;

-- Whether a posting may leave the database as far as the worker knows: inactive for `days` and shown by no board in that time. Who else
-- refers to it is asked of every table with a foreign key to jobs.
CREATE FUNCTION worker.is_over(job public.jobs, days int)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT job.user_id IS NULL AND job.is_active IS FALSE
       AND greatest(job.updated_at, job.scraped_at, job.created_at) < (now() AT TIME ZONE 'UTC') - make_interval(days => days)
       AND NOT EXISTS (SELECT FROM worker.sightings s
                       WHERE s.job_id = job.id AND s.gone_at IS NULL AND s.last_seen >= now() - make_interval(days => days))
$$;

-- Objects with postings that left, or are about to. `writing`: nothing was deleted yet, and the object may be half there or not at all.
-- `written`: it was read back whole, and its postings go. `done`: those that were still as they are in it are gone.
CREATE TABLE worker.archives (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object      text NOT NULL UNIQUE,
    run_id      bigint NOT NULL,
    state       text NOT NULL DEFAULT 'writing' CHECK (state IN ('writing', 'written', 'done')),
    postings    integer NOT NULL,
    first_id    integer NOT NULL,
    last_id     integer NOT NULL,
    bytes       bigint,
    plain_bytes bigint,
    sha256      text,
    -- What is left to delete, with the version of each row that is in the object; emptied when it is done.
    job_ids     integer[] NOT NULL,
    versions    bigint[] NOT NULL,
    deleted     integer NOT NULL DEFAULT 0,
    begun_at    timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
);
CREATE INDEX archives_open ON worker.archives (id) WHERE state <> 'done';
