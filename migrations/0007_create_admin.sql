-- Bearer tokens of the admin endpoint. The secret is shown once and kept only as its SHA-256 (it has 256 random bits).
CREATE TABLE worker.api_tokens (
    id           text PRIMARY KEY,
    name         text NOT NULL,
    secret_hash  bytea NOT NULL,
    role         text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    tasks        text[],
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

-- Who did what, written in the transaction of the deed; rows are only ever added.
CREATE TABLE worker.audit (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text NOT NULL,
    address    text,
    action     text NOT NULL,
    subject    text NOT NULL,
    detail     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_at ON worker.audit (at);

-- Answers to requests with an Idempotency-Key, kept a day.
CREATE TABLE worker.idempotency (
    token_id   text NOT NULL,
    key        text NOT NULL,
    body_hash  text NOT NULL,
    run_id     bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (token_id, key)
);
CREATE INDEX idempotency_created ON worker.idempotency (created_at);
