-- Searches and profiles matched against postings that are already there, and what is wrong with a saved search.

-- A pair that was found among older postings and is not to be announced; its notified_at is when it was found.
ALTER TABLE worker.matches ADD COLUMN silent boolean NOT NULL DEFAULT false;

-- Whoever is deleted is forgotten in these, too.
CREATE INDEX matches_silent ON worker.matches (user_id) WHERE silent;
CREATE OR REPLACE FUNCTION worker.forget_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM worker.matches WHERE user_id = OLD.id AND sorted AND notified_at IS NULL;
    DELETE FROM worker.matches WHERE user_id = OLD.id AND suppressed;
    DELETE FROM worker.matches WHERE user_id = OLD.id AND silent;
    DELETE FROM worker.matches m USING worker.announcements a
    WHERE a.user_id = OLD.id AND m.job_id = a.job_id AND m.user_id = a.user_id;
    RETURN OLD;
END
$$;

-- How far each run of the task rematch is. It goes from newer to older postings: those below next_id, down to first_id, are left. A page's
-- pairs and its step are one transaction.
CREATE TABLE worker.rematches (
    run_id    bigint PRIMARY KEY REFERENCES worker.runs (id) ON DELETE CASCADE,
    -- Only postings first stored at this time (UTC) or later.
    since     timestamp NOT NULL,
    first_id  bigint NOT NULL,
    next_id   bigint NOT NULL,
    total     bigint NOT NULL,
    postings  bigint NOT NULL DEFAULT 0,
    -- Those that what SQL can say did not rule out.
    compared  bigint NOT NULL DEFAULT 0,
    -- Those that broke the matcher.
    set_aside bigint NOT NULL DEFAULT 0,
    -- Pairs that were not known before.
    matches   bigint NOT NULL DEFAULT 0
);

-- Parts of active saved searches that restrict nothing because they cannot be used: an unknown key, a value that cannot be read. For the
-- web application to show to the owner; kept by the matcher, a row goes when its search is mended, switched off or deleted.
CREATE TABLE worker.search_problems (
    search_id integer NOT NULL REFERENCES public.saved_searches (id) ON DELETE CASCADE,
    position  smallint NOT NULL,
    -- With its parents: query, filters.min_salary, filters.rules[0].field.
    key       text NOT NULL,
    message   text NOT NULL,
    noted_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (search_id, position)
);

-- When a change was made, and which change was last given to a rematch (rematch.on_change).
ALTER TABLE worker.search_changes
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN rematched xid8;
UPDATE worker.search_changes SET rematched = xid;
CREATE INDEX search_changes_waiting ON worker.search_changes (changed_at) WHERE rematched IS DISTINCT FROM xid;

CREATE FUNCTION worker.stamp_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    NEW.changed_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER stamp_change BEFORE UPDATE OF xid ON worker.search_changes
    FOR EACH ROW EXECUTE FUNCTION worker.stamp_change();
