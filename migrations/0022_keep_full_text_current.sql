-- New rows wait in a list of the full-text index until somebody sorts them in. While autovacuum does so at its usual pace, nobody else may
-- and the list grows; whoever finds it then has it all to do, within one INSERT. So autovacuum does not pause at jobs, and writers have the
-- list sorted in as they go.
ALTER TABLE jobs SET (autovacuum_vacuum_cost_delay = 0);
-- kB: more than writers leave in the list, so that an INSERT has none of it to do.
ALTER INDEX jobs_full_text_idx SET (gin_pending_list_limit = 16384);

-- The owner of the index has to ask, which a worker need not be. NULL where the index is not there.
CREATE FUNCTION worker.sort_in_full_text() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT gin_clean_pending_list(to_regclass('public.jobs_full_text_idx'))
$$;
