-- Where a user hears of matches beside the web application. There is no row, and nothing is sent, until somebody wants it. What the web
-- application may write: everything but unsubscribe_key, collected_to, last_digest_at, failures.
CREATE TABLE worker.user_channels (
    user_id         integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    channel         text NOT NULL CHECK (channel IN ('email', 'webhook')),
    enabled         boolean NOT NULL DEFAULT true,
    -- E-mail: NULL is the address in users. Webhook: where to post.
    address         text CHECK (channel = 'email' OR address IS NOT NULL),
    -- Webhook: one or two secrets of Standard Webhooks (whsec_...), with a space between them while one follows the other.
    secret          text CHECK (channel = 'email' OR secret IS NOT NULL),
    -- NULL is what the settings say.
    frequency       text CHECK (frequency IN ('instant', 'hourly', 'daily')),
    hour            smallint CHECK (hour BETWEEN 0 AND 23),
    daily_cap       integer CHECK (daily_cap >= 0),
    -- Somebody vouches that the address is the user's and wants this; nothing is sent before.
    confirmed_at    timestamptz,
    disabled_reason text,
    -- Signs the links of this channel to unsubscribe.
    unsubscribe_key bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
    -- What was announced before is not sent.
    since           timestamptz NOT NULL DEFAULT now(),
    collected_to    timestamptz NOT NULL DEFAULT now(),
    last_digest_at  timestamptz,
    -- Digests that failed in a row.
    failures        integer NOT NULL DEFAULT 0,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, channel)
);

-- One message to one user: notices announced since the last one. The id is the key by which a receiver knows it again.
CREATE TABLE worker.digests (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id       integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    channel       text NOT NULL CHECK (channel IN ('email', 'webhook')),
    -- sending: it may be on its way. held: nobody knows whether it arrived, a person decides. skipped: it was not wanted any more.
    state         text NOT NULL DEFAULT 'pending'
                  CHECK (state IN ('pending', 'sending', 'sent', 'held', 'failed', 'skipped')),
    -- What it says, written once, so that a second try says the same.
    postings      jsonb NOT NULL,
    more          integer NOT NULL DEFAULT 0,
    attempts      integer NOT NULL DEFAULT 0,
    -- Grows with each claim, and when a person decides: who holds an older one changes nothing any more.
    claim         integer NOT NULL DEFAULT 0,
    run_id        bigint,
    lease_until   timestamptz,
    next_try      timestamptz NOT NULL DEFAULT now(),
    error         text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    first_sent_at timestamptz,
    finished_at   timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX digests_due ON worker.digests (channel, next_try) WHERE state = 'pending';
CREATE INDEX digests_sending ON worker.digests (lease_until) WHERE state = 'sending';
CREATE INDEX digests_held ON worker.digests (created_at) WHERE state IN ('held', 'failed');
CREATE INDEX digests_user ON worker.digests (user_id, channel, created_at);
CREATE INDEX digests_listed ON worker.digests (created_at, id);
CREATE INDEX digests_finished ON worker.digests (finished_at) WHERE finished_at IS NOT NULL;

-- The primary key lets one posting go to one user by one channel once, ever. It outlives digests and postings.
CREATE TABLE worker.digest_items (
    user_id   integer NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    channel   text NOT NULL,
    job_id    integer NOT NULL,
    digest_id uuid NOT NULL,
    PRIMARY KEY (user_id, channel, job_id)
);
