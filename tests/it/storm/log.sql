-- What the database itself saw of runs and postings during a storm; nothing of the program reads or writes it.
CREATE SCHEMA storm;

CREATE TABLE storm.runs (
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    id          bigint NOT NULL,
    state       text NOT NULL,
    claim       integer NOT NULL,
    owner       text,
    lease_until timestamptz,
    lost        boolean NOT NULL
);
CREATE FUNCTION storm.note_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO storm.runs (id, state, claim, owner, lease_until, lost)
    VALUES (NEW.id, NEW.state, NEW.claim, NEW.owner, NEW.lease_until, NEW.state <> 'running' AND coalesce(NEW.error LIKE 'worker lost%', false));
    RETURN NULL;
END
$$;
CREATE TRIGGER storm_note AFTER INSERT OR UPDATE ON worker.runs FOR EACH ROW EXECUTE FUNCTION storm.note_run();

-- Postings whose text became older than it was.
CREATE TABLE storm.setbacks (
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    source_id text,
    was       integer,
    became    integer
);
CREATE FUNCTION storm.revision(description text) RETURNS integer LANGUAGE sql IMMUTABLE AS
    $$ SELECT substring(description FROM 'revision ([0-9]+)')::integer $$;
CREATE FUNCTION storm.note_setback() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO storm.setbacks (source_id, was, became)
    SELECT NEW.source_id, storm.revision(OLD.description), storm.revision(NEW.description)
    WHERE storm.revision(NEW.description) < storm.revision(OLD.description);
    RETURN NULL;
END
$$;
CREATE TRIGGER storm_setback AFTER UPDATE ON public.jobs FOR EACH ROW EXECUTE FUNCTION storm.note_setback();
