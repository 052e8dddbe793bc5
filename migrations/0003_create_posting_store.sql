-- One row for each version of a posting that has to be matched; append only, drained with its matches in one transaction.
CREATE TABLE worker.outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id     integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Which sources show which posting. The content of the jobs row comes from the sighting with is_owner and from no other.
-- A listed posting has missing_since NULL; one that a second complete listing also lacks has gone_at. Whoever makes a jobs row
-- inactive because it was long unseen sets both, so that the posting comes back when it is listed again.
-- last_seen is in no index, so that touching it stays in the page; wide text goes out of the row (toast_tuple_target).
CREATE TABLE worker.sightings (
    source           text NOT NULL,
    source_id        text NOT NULL,
    board            text NOT NULL,
    job_id           integer NOT NULL REFERENCES public.jobs (id) ON DELETE CASCADE,
    is_owner         boolean NOT NULL DEFAULT true,
    url              text NOT NULL,
    -- The row of this owner could not have the url, because another row has it.
    url_taken        boolean NOT NULL DEFAULT false,
    -- To be looked at again with the next listing, though its content is the same.
    stale            boolean NOT NULL DEFAULT false,
    content_hash     text NOT NULL,
    match_hash       text NOT NULL,
    pay_min          numeric,
    pay_max          numeric,
    pay_currency     text,
    pay_period       text,
    facts            jsonb NOT NULL DEFAULT '{}',
    description_html text,
    company_key      text,
    title_key        text,
    place_keys       text[],
    simhash          bigint,
    first_seen       timestamptz NOT NULL DEFAULT now(),
    last_seen        timestamptz NOT NULL DEFAULT now(),
    missing_since    timestamptz,
    gone_at          timestamptz,
    PRIMARY KEY (source, source_id),
    CHECK (gone_at IS NULL OR missing_since IS NOT NULL)
) WITH (fillfactor = 85, toast_tuple_target = 256);
CREATE INDEX sightings_job ON worker.sightings (job_id);
CREATE UNIQUE INDEX sightings_owner ON worker.sightings (job_id) WHERE is_owner;
-- Led by the board: an index led by the source looks as good as the primary key for one posting while the table is not analyzed, and
-- then all postings of the source are read for each.
CREATE INDEX sightings_board ON worker.sightings (board, source);
CREATE INDEX sightings_url_taken ON worker.sightings (url) WHERE url_taken;
CREATE INDEX sightings_fingerprint ON worker.sightings (company_key, title_key) WHERE is_owner AND company_key IS NOT NULL;

-- Postings of different sources that are very likely the same vacancy. A group never holds two postings of one source.
-- group_id is the id of one of its postings.
CREATE TABLE worker.duplicates (
    job_id   integer PRIMARY KEY REFERENCES public.jobs (id) ON DELETE CASCADE,
    group_id integer NOT NULL
);
CREATE INDEX duplicates_group ON worker.duplicates (group_id);

-- How each board does. seen to not_modified tell of the last finished listing.
CREATE TABLE worker.source_health (
    source               text NOT NULL,
    board                text NOT NULL,
    last_attempt_at      timestamptz,
    last_success_at      timestamptz,
    last_complete_at     timestamptz,
    -- When a batch last brought something new or changed, and how many postings this board has brought in all.
    last_stored_at       timestamptz,
    stored               bigint NOT NULL DEFAULT 0,
    expected             bigint,
    seen                 bigint NOT NULL DEFAULT 0,
    new                  bigint NOT NULL DEFAULT 0,
    changed              bigint NOT NULL DEFAULT 0,
    unchanged            bigint NOT NULL DEFAULT 0,
    returned             bigint NOT NULL DEFAULT 0,
    missing              bigint NOT NULL DEFAULT 0,
    gone                 bigint NOT NULL DEFAULT 0,
    rejected             bigint NOT NULL DEFAULT 0,
    not_modified         boolean NOT NULL DEFAULT false,
    -- Moving average of the size of complete listings.
    usual                double precision,
    -- Requests that the last complete listing took.
    pages                integer,
    consecutive_failures integer NOT NULL DEFAULT 0,
    error_kind           text,
    error                text,
    healthy              boolean NOT NULL DEFAULT true,
    PRIMARY KEY (source, board)
);

-- Why a record of a listing is not stored: the latest reason for each; '' is the last record whose id could not be read.
CREATE TABLE worker.rejected_postings (
    source     text NOT NULL,
    board      text NOT NULL,
    source_id  text NOT NULL,
    reason     text NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, board, source_id)
);

-- Validators of responses that are stored whole. Those of another version of the program are not used: it may read more.
CREATE TABLE worker.http_cache (
    -- SHA-256 of the address, in hex: an address may be long, and may hold a key.
    url_hash      text PRIMARY KEY,
    etag          text,
    last_modified text,
    program       text NOT NULL,
    checked_at    timestamptz NOT NULL DEFAULT now()
);
