-- Matches are written in bulk and read once: a row holds what decides who is told, and nothing that can be worked out when it is told.
ALTER TABLE worker.matches
    DROP COLUMN skills,
    DROP COLUMN reasons,
    DROP CONSTRAINT matches_user_id_fkey;
DROP INDEX worker.matches_user;
DROP INDEX worker.matches_waiting;
-- Users come in no order, so an index led by them costs more than the row and its key together. The matcher writes pairs without an
-- entry (sorted false) and one row a batch in fresh_matches; the notifier sorts them in, which is no part of the way of a posting.
ALTER TABLE worker.matches ADD COLUMN sorted boolean NOT NULL DEFAULT true;
-- Equal keys share one entry in each page; the score is compared among one user's pairs only.
CREATE INDEX matches_waiting ON worker.matches (user_id) WHERE sorted AND notified_at IS NULL;
CREATE TABLE worker.fresh_matches (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_ids integer[] NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX matches_suppressed ON worker.matches (user_id) WHERE suppressed;

-- Instead of a foreign key, which costs a look at users for each pair: what a user has waits, was announced, or was suppressed, and each
-- is found without an index on all pairs. A pair that is not sorted in while its user is deleted goes when it would be.
CREATE FUNCTION worker.forget_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM worker.matches WHERE user_id = OLD.id AND sorted AND notified_at IS NULL;
    DELETE FROM worker.matches WHERE user_id = OLD.id AND suppressed;
    DELETE FROM worker.matches m USING worker.announcements a
    WHERE a.user_id = OLD.id AND m.job_id = a.job_id AND m.user_id = a.user_id;
    RETURN OLD;
END
$$;
CREATE TRIGGER worker_forget_user BEFORE DELETE ON public.users FOR EACH ROW EXECUTE FUNCTION worker.forget_user();

-- Pairs beyond what their users could ever be told: one row a posting, counted into match_more by the notifier.
CREATE TABLE worker.match_overflow (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id     integer NOT NULL,
    user_ids   integer[] NOT NULL,
    matched_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- How many matches of a day (UTC) a user was not and will not be told of one by one.
CREATE TABLE worker.match_more (
    user_id  integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    day      date NOT NULL,
    postings integer NOT NULL,
    PRIMARY KEY (user_id, day)
);

-- An outbox row is for the users whose id leaves the rest `shard` when divided by `shards`: 0 of 1 is everybody.
ALTER TABLE worker.outbox
    ADD COLUMN shard  integer NOT NULL DEFAULT 0,
    ADD COLUMN shards integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT outbox_shard_check CHECK (shard >= 0 AND shard < shards);
CREATE INDEX outbox_shard ON worker.outbox (shards, shard, id) WHERE shards > 1;

-- The batches that are being matched. One whose outbox rows nobody holds was cut off: it is tried again in halves, until the posting
-- that breaks the process is alone.
CREATE TABLE worker.match_attempts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outbox_ids bigint[] NOT NULL,
    tries      integer NOT NULL DEFAULT 1,
    started_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
