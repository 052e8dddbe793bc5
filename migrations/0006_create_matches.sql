-- How often a user wants to hear of matches; users without a row have the configured defaults.
CREATE TABLE worker.user_settings (
    user_id    integer PRIMARY KEY REFERENCES public.users (id) ON DELETE CASCADE,
    frequency  text NOT NULL CHECK (frequency IN ('instant', 'hourly', 'daily', 'off')),
    daily_cap  integer CHECK (daily_cap >= 0),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- One user and one posting that fit. The primary key is what makes a pair known once, ever; postings and users may go, the pair stays.
CREATE TABLE worker.matches (
    job_id        integer NOT NULL,
    user_id       integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    score         real NOT NULL,
    profile_score real,
    search_ids    integer[] NOT NULL DEFAULT '{}',
    skills        text[] NOT NULL DEFAULT '{}',
    reasons       jsonb NOT NULL DEFAULT '[]',
    matched_at    timestamptz NOT NULL DEFAULT now(),
    notified_at   timestamptz,
    -- Another source's posting of the same vacancy was announced instead.
    suppressed    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (job_id, user_id)
);
CREATE INDEX matches_user ON worker.matches (user_id);
CREATE INDEX matches_waiting ON worker.matches (user_id, score DESC) WHERE notified_at IS NULL;

-- What users were told: the primary key makes one posting known to one user at most once, ever. It outlives postings and matches.
CREATE TABLE worker.announcements (
    user_id         integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    job_id          integer NOT NULL,
    notification_id integer NOT NULL,
    announced_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, job_id)
);
CREATE INDEX announcements_day ON worker.announcements (user_id, announced_at);

-- Postings that could not be matched, set aside with the error so that the batch around them goes on.
CREATE TABLE worker.outbox_dead (
    id        bigint PRIMARY KEY,
    job_id    integer NOT NULL,
    error     text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);

-- Who changed a search or a profile, whoever it was: the matcher reads what is newer than the oldest transaction it may have missed.
CREATE TABLE worker.search_changes (
    kind text NOT NULL CHECK (kind IN ('search', 'profile', 'user')),
    id   integer NOT NULL,
    xid  xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (kind, id)
);
CREATE INDEX search_changes_xid ON worker.search_changes (xid);

CREATE FUNCTION worker.note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    changed integer;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NULL;
    END IF;
    IF TG_ARGV[0] = 'profile' THEN
        -- A profile is known by its user; a row that changes hands is a change for both.
        IF TG_OP = 'UPDATE' AND OLD.user_id IS DISTINCT FROM NEW.user_id AND OLD.user_id IS NOT NULL THEN
            INSERT INTO worker.search_changes (kind, id) VALUES ('profile', OLD.user_id)
            ON CONFLICT (kind, id) DO UPDATE SET xid = pg_current_xact_id();
        END IF;
        changed := CASE WHEN TG_OP = 'DELETE' THEN OLD.user_id ELSE NEW.user_id END;
    ELSE
        changed := CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END;
    END IF;
    IF changed IS NOT NULL THEN
        INSERT INTO worker.search_changes (kind, id) VALUES (TG_ARGV[0], changed)
        ON CONFLICT (kind, id) DO UPDATE SET xid = pg_current_xact_id();
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER worker_note_change AFTER INSERT OR UPDATE OR DELETE ON public.saved_searches
    FOR EACH ROW EXECUTE FUNCTION worker.note_change('search');
CREATE TRIGGER worker_note_change AFTER INSERT OR UPDATE OR DELETE ON public.user_profiles
    FOR EACH ROW EXECUTE FUNCTION worker.note_change('profile');
CREATE TRIGGER worker_note_change AFTER UPDATE OF is_active OR DELETE ON public.users
    FOR EACH ROW EXECUTE FUNCTION worker.note_change('user');
