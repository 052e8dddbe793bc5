-- Who is signed in to the pages of the admin endpoint. The browser holds a secret, this table only its SHA-256; a session never
-- outlives its token, whose role and tasks are asked anew with each request.
CREATE TABLE worker.admin_sessions (
    id_hash    bytea PRIMARY KEY,
    token_id   text NOT NULL REFERENCES worker.api_tokens (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX admin_sessions_token ON worker.admin_sessions (token_id);
