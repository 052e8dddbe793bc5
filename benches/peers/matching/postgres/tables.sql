-- Searches and postings as typed columns, what they look for and consist of as PostgreSQL's own text search types.
-- The configuration `simple` has neither stems nor stop words.

-- Queries without words need no notice.
SET client_min_messages = warning;

CREATE UNLOGGED TABLE searches (
    id integer PRIMARY KEY,
    user_id integer NOT NULL,
    query text NOT NULL,
    place_kind smallint NOT NULL,       -- 0 anywhere, 1 a city, 2 a country
    place integer NOT NULL,
    remote integer NOT NULL,            -- a bit for each place of work, 0 for any
    job_types integer NOT NULL,         -- a bit for each type, 0 for any
    pay integer NOT NULL,
    technologies integer[] NOT NULL,
    companies integer[] NOT NULL,
    excluded integer[] NOT NULL,
    words tsquery GENERATED ALWAYS AS (websearch_to_tsquery('simple', query)) STORED
);

CREATE UNLOGGED TABLE postings (
    id integer PRIMARY KEY,
    text text NOT NULL,
    city integer NOT NULL,
    country integer NOT NULL,
    remote integer NOT NULL,
    job_type integer NOT NULL,
    pay integer NOT NULL,               -- 0 where it is not stated
    company integer NOT NULL,
    technologies integer[] NOT NULL,
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED
);

-- Everything but the place; the planner puts it in place of the call.
CREATE FUNCTION fits(posting postings, search searches) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (search.remote = 0 OR search.remote >> posting.remote & 1 = 1)
       AND (search.job_types = 0 OR search.job_types >> posting.job_type & 1 = 1)
       AND search.pay <= posting.pay
       AND (search.technologies = '{}' OR search.technologies && posting.technologies)
       AND (search.companies = '{}' OR posting.company = ANY (search.companies))
       AND NOT posting.company = ANY (search.excluded)
       AND (search.query = '' OR posting.words @@ search.words)
$$;
