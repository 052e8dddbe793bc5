CREATE FUNCTION worker.is_time_zone(zone text) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM now() AT TIME ZONE zone;
    RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END
$$;

-- Where hour and daily_cap have their day (IANA name); NULL is what the settings say. Checked here, since the digests of everybody are due by
-- one statement, which a zone that nobody knows would end.
ALTER TABLE worker.user_channels ADD COLUMN time_zone text CHECK (worker.is_time_zone(time_zone));
