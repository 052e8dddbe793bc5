-- Which replica may ask a domain at the moment, and until when nobody may.
CREATE TABLE worker.domains (
    domain        text PRIMARY KEY,
    owner         text,
    lease_until   timestamptz,
    blocked_until timestamptz,
    CHECK ((owner IS NULL) = (lease_until IS NULL))
);
