-- What is known of the pages of single postings, for sources whose listings show postings in parts. A page is asked for again when the
-- listing says something else of it, or when it was read long ago.
CREATE TABLE worker.posting_pages (
    source       text NOT NULL,
    source_id    text NOT NULL,
    board        text NOT NULL,
    -- Of what the listing says of the posting, and of the program's version.
    listing_hash text NOT NULL,
    -- Why the page holds no posting; NULL where it does.
    reason       text,
    read_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);
CREATE INDEX posting_pages_read ON worker.posting_pages (read_at);
