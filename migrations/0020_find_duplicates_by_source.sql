-- Only postings of other sources can be duplicates, and a source may show thousands with one company and title: with the source in the
-- index those are not even read.
CREATE INDEX sightings_fingerprint_source ON worker.sightings (company_key, title_key, source) WHERE is_owner AND company_key IS NOT NULL;
DROP INDEX worker.sightings_fingerprint;
